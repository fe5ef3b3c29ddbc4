"""What a visitor does and sees, from the form to the email."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.visitor import MESSAGE, card, fill_in, reference, send


@pytest.fixture
def scriptless(browser: Browser, base_url: str) -> Iterator[Page]:
    """A page of a browser without JavaScript."""
    context = browser.new_context(java_script_enabled=False, base_url=base_url)
    yield context.new_page()
    context.close()


def test_the_form_becomes_the_card_and_the_card_follows_the_email(page: Page, complaints: list[str]) -> None:
    loads: list[str] = []
    page.goto("/")
    page.on("domcontentloaded", lambda _: loads.append(page.url))
    fill_in(page)
    send(page)
    expect(page.get_by_role("heading", name="Thank you. Your message is saved.")).to_be_focused()
    assert "/feedback/" in page.url
    for status in ("sending", "sent"):
        card(page, status)
    expect(page.get_by_role("listitem")).to_have_count(3)
    expect(page.locator("#announcer")).to_contain_text("Our mail server has accepted")
    assert not loads
    assert not complaints


def test_the_post_answers_while_the_work_takes_its_time(page: Page) -> None:
    page.goto("/")
    fill_in(page)
    began = time.monotonic()
    with page.expect_response(lambda response: response.request.method == "POST"):
        send(page)
    assert time.monotonic() - began < 1.0
    card(page, "queued")


def test_the_card_asks_no_more_once_the_email_is_sent(page: Page) -> None:
    page.goto("/")
    fill_in(page)
    send(page)
    card(page, "sent")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1500)
    assert not asked


def test_a_reload_a_second_tab_and_the_bookmark_agree(page: Page, context: BrowserContext) -> None:
    page.goto("/")
    fill_in(page)
    send(page)
    card(page, "sending")
    other = context.new_page()
    other.goto(page.url)
    page.reload()
    card(page, "sent")
    card(other, "sent")
    assert reference(page) == reference(other)


def test_the_email_is_in_the_mailbox(page: Page) -> None:
    page.goto("/")
    fill_in(page, email="grace@example.org")
    send(page)
    card(page, "sent")
    subject = f"Thank you for your feedback ({reference(page)})"
    page.goto("/mailbox/")
    page.get_by_role("link", name=subject).click()
    expect(page.get_by_text("grace@example.org").first).to_be_visible()


def test_a_mistake_is_said_by_the_field_and_the_text_stays(page: Page, complaints: list[str]) -> None:
    page.goto("/")
    fill_in(page, email="not an address")
    send(page)
    expect(page.locator("#id_email_error")).to_contain_text("This does not look like an email address.")
    expect(page.get_by_label("Your message")).to_have_value(MESSAGE)
    expect(page.get_by_label("Your email address")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Your email address").fill("ada@example.org")
    send(page)
    card(page, "sent")
    assert not complaints


def test_the_back_button_makes_no_second_feedback(page: Page) -> None:
    page.goto("/")
    fill_in(page)
    send(page)
    card(page, "sent")
    first = reference(page)
    page.go_back()
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    page.go_forward()
    card(page, "sent")
    assert reference(page) == first


def test_without_javascript_the_page_follows_the_email_by_itself(scriptless: Page) -> None:
    scriptless.goto("/")
    fill_in(scriptless)
    send(scriptless)
    scriptless.wait_for_url("**/feedback/*/")
    card(scriptless, "sent")
    expect(scriptless.get_by_text("Our mail server has accepted your confirmation email.")).to_be_visible()


def test_without_javascript_a_mistake_is_said_too(scriptless: Page) -> None:
    scriptless.goto("/")
    fill_in(scriptless, email="not an address")
    send(scriptless)
    expect(scriptless.locator("#id_email_error")).to_contain_text("This does not look like an email address.")
    expect(scriptless.get_by_label("Your message")).to_have_value(MESSAGE)


def test_without_javascript_back_and_send_again_makes_no_second_feedback(scriptless: Page) -> None:
    scriptless.goto("/")
    fill_in(scriptless)
    send(scriptless)
    scriptless.wait_for_url("**/feedback/*/")
    first = scriptless.url
    scriptless.go_back()
    expect(scriptless.get_by_label("Your message")).to_have_value(MESSAGE)
    send(scriptless)
    scriptless.wait_for_url("**/feedback/*/")
    assert scriptless.url == first
