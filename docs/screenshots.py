"""Take the README's pictures of the real product: make screenshots."""

import base64
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import find_browser
from tests.runner.running import Running

FOLDER = Path(__file__).parent / "screenshots"
STATES = ("queued", "sending", "sent")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        running = Running(Path(folder) / "var", SIMULATED_WORK_SECONDS="4").until_ready()
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        try:
            picture(browser, f"http://127.0.0.1:{running.port}/", "light")
            picture(browser, f"http://127.0.0.1:{running.port}/", "dark")
        finally:
            browser.close()
            running.end()


def picture(browser: Browser, address: str, scheme: Literal["light", "dark"]) -> None:
    """Save the form, and the card's states side by side."""
    size = {"width": 440, "height": 640}
    page = browser.new_page(viewport=size, color_scheme=scheme, device_scale_factor=2)  # type: ignore[arg-type]
    page.goto(address)
    page.get_by_label("Your email address").fill("ada@example.org")
    page.get_by_label("Your name (optional)").fill("Ada")
    page.get_by_label("Your message").fill("The door is too heavy for my grandmother.")
    save(f"form-{scheme}.png", page.screenshot())
    page.get_by_role("button", name="Send").click()
    save(f"states-{scheme}.png", side_by_side(page, [state(page, name) for name in STATES]))
    page.close()


def state(page: Page, name: str) -> bytes:
    page.locator(f"#feedback-status[data-status={name}]").wait_for()
    return page.locator("main").screenshot(animations="disabled")


def side_by_side(page: Page, pictures: list[bytes]) -> bytes:
    sources = [f"data:image/png;base64,{base64.b64encode(picture).decode()}" for picture in pictures]
    blank = page.context.browser.new_page(device_scale_factor=1)  # type: ignore[union-attr]
    images = "".join(f'<img src="{source}">' for source in sources)
    blank.set_viewport_size({"width": 880 * len(pictures), "height": 400})
    row = "display: flex; align-items: start; width: max-content"
    blank.set_content(f'<body style="margin: 0"><div style="{row}">{images}</div>')
    result = blank.locator("div").screenshot()
    blank.close()
    return result


def save(name: str, content: bytes) -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / name).write_bytes(content)
    print(f"docs/screenshots/{name}")


if __name__ == "__main__":
    main()
