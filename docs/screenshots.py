"""Take the README's pictures of the real product: make screenshots."""

import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from docs.pictures import GROUND, save, side_by_side
from tests.browser.conftest import find_browser
from tests.runner.running import Running

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
    size = {"width": 540, "height": 640}
    page = browser.new_page(viewport=size, color_scheme=scheme, device_scale_factor=2)  # type: ignore[arg-type]
    page.goto(address)
    page.get_by_label("Your email address").fill("ada@example.org")
    page.get_by_label("Your name (optional)").fill("Ada")
    page.get_by_label("Your message").fill("The door is too heavy for my grandmother.")
    save(f"form-{scheme}.png", page.screenshot())
    page.get_by_role("button", name="Send").click()
    save(
        f"states-{scheme}.png",
        side_by_side(browser, [state(page, name) for name in STATES], 1080, len(STATES), GROUND[scheme]),
    )
    page.close()


def state(page: Page, name: str) -> bytes:
    page.locator(f"#feedback-status[data-status={name}]").wait_for()
    return page.locator("main").screenshot(animations="disabled")


if __name__ == "__main__":
    main()
