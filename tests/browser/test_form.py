"""The form as people trust it: what they typed is kept, counted and, at most, asked about."""

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.visitor import MESSAGE, card, fill_in, send


def test_the_draft_survives_a_reload_and_is_forgotten_once_sent(page: Page) -> None:
    page.goto("/")
    fill_in(page)
    page.reload()
    expect(page.get_by_label("Your email address")).to_have_value("ada@example.org")
    expect(page.get_by_label("Your message")).to_have_value(MESSAGE)
    send(page)
    card(page, "queued")
    page.wait_for_function("sessionStorage.getItem('draft') === null")
    page.get_by_role("link", name="Write another message").click()
    expect(page.get_by_label("Your message")).to_be_empty()


def test_the_characters_left_are_counted_as_the_server_counts_them(page: Page) -> None:
    page.goto("/")
    count = page.locator(".count")
    expect(count).to_be_hidden()
    page.get_by_label("Your message").fill("one\ntwo 🙂 ")
    expect(count).to_have_text("Characters left: 4,991")  # three, a line break, five
    page.get_by_label("Your message").fill("a" * 5002)
    expect(count).to_have_text("Characters left: -2")
    fill_in(page)
    page.get_by_label("Your message").fill("a" * 5001)
    send(page)
    expect(page.get_by_role("link", name="at most 5000 characters (it has 5001)")).to_be_visible()
    expect(page.get_by_label("Your message")).to_have_value("a" * 5001)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_text_of_many_lines_that_just_fits_is_taken(browser: Browser, base_url: str, scripts: bool) -> None:
    context = browser.new_context(java_script_enabled=scripts, base_url=base_url)
    page = context.new_page()
    page.goto("/")
    fill_in(page)
    page.get_by_label("Your message").fill("a\n" * 2499 + "bc")
    if scripts:
        expect(page.locator(".count")).to_have_text("Characters left: 0")
    send(page)
    card(page, "sent")
    context.close()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ada@gmial.com", "ada@gmail.com"),
        ("ada@hotmial.com", "ada@hotmail.com"),
        ("ada@wbe.de", "ada@web.de"),
    ],
)
def test_a_mistyped_mail_domain_is_asked_about(page: Page, typed: str, meant: str) -> None:
    page.goto("/")
    fill_in(page, email=typed)
    question = page.get_by_role("button", name=f"Did you mean {meant}?")
    expect(page.get_by_role("status")).to_have_text(f"Did you mean {meant}?")
    question.click()
    expect(page.get_by_label("Your email address")).to_have_value(meant)
    expect(page.get_by_label("Your email address")).to_be_focused()
    expect(question).to_be_hidden()


@pytest.mark.parametrize("address", ["ada@gmail.com", "ada@mail.com", "ada@example.org", "ada@gmx.at"])
def test_a_good_mail_domain_is_not_asked_about(page: Page, address: str) -> None:
    page.goto("/")
    fill_in(page, email=address)
    expect(page.locator(".suggestion")).to_be_hidden()


def test_a_question_about_the_address_stops_nobody(page: Page) -> None:
    page.goto("/")
    fill_in(page, email="ada@gmial.com")
    send(page)
    card(page, "sent")


def test_send_says_sending_and_cannot_be_pressed_twice(page: Page) -> None:
    posts: list[str] = []

    def hold(route: Route) -> None:
        posts.append(route.request.method)
        page.wait_for_timeout(600)
        route.continue_()

    page.goto("/")
    fill_in(page)
    page.route("/", hold)
    page.evaluate("document.querySelector('button[type=submit]').click()")
    sending = page.get_by_role("button", name="Sending…")
    expect(sending).to_be_disabled()
    page.evaluate("document.querySelector('button[type=submit]').click()")
    page.get_by_label("Your email address").press("Enter")
    card(page, "sent")
    assert posts == ["POST"]


def test_the_fields_tell_a_telephone_what_they_are_for(page: Page) -> None:
    page.goto("/")
    email = page.get_by_label("Your email address")
    expect(email).to_have_attribute("autocomplete", "email")
    expect(email).to_have_attribute("inputmode", "email")
    expect(page.get_by_label("Your name (optional)")).to_have_attribute("autocomplete", "name")
