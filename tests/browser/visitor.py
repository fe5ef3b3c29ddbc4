"""What a visitor does, step by step, for the tests that go through a real browser."""

from playwright.sync_api import Page, expect

MESSAGE = "The door is too heavy."
FINAL = 15_000  # milliseconds; the work itself takes 1.2 s


def fill_in(page: Page, email: str = "ada@example.org") -> None:
    page.get_by_label("Your email address").fill(email)
    page.get_by_label("Your name (optional)").fill("Ada")
    page.get_by_label("Your message").fill(MESSAGE)


def send(page: Page) -> None:
    page.get_by_role("button", name="Send").click()


def send_feedback(page: Page, address: str = "/") -> None:
    page.goto(address)
    fill_in(page)
    send(page)


def card(page: Page, status: str) -> None:
    expect(page.locator(f"#feedback-status[data-status={status}]")).to_be_visible(timeout=FINAL)


def reference(page: Page) -> str:
    return page.locator("code").inner_text()


def hide(page: Page, hidden: bool) -> None:
    """Have the page believe that its tab is in the background, or in front again."""
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )
