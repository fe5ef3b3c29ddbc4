"""The form as people trust it: what they typed is kept, counted and, at most, asked about."""

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.visitor import MESSAGE, card, fill_in, send, send_feedback


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
    page.get_by_label("Your message").fill("a\n" * 100 + "b" * 4800)
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


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_is_wider_than_the_screen(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    fill_in(page)
    send(page)
    card(page, "sent")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def press(page: Page, name: str) -> None:
    """Press a button as a hand does: where it is now, and no faster than a finger."""
    box = page.get_by_role("button", name=name).bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + 6)
    page.mouse.down()
    page.wait_for_timeout(80)
    page.mouse.up()


@pytest.mark.parametrize(
    ("typed", "seen"), [("ada@gmial.com", "Your message is saved."), ("ada@", "Nothing was sent yet.")]
)
def test_no_hint_moves_send_away_under_the_finger(page: Page, typed: str, seen: str) -> None:
    page.goto("/")
    page.get_by_label("Your message").fill(MESSAGE)
    page.get_by_label("Your email address").press_sequentially(typed)
    press(page, "Send")
    expect(page.get_by_text(seen)).to_be_visible()


def test_a_field_says_what_is_wrong_before_anything_is_sent(page: Page) -> None:
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    page.goto("/")
    fault = "This does not look like an email address. It should read like name@example.org."
    email = page.get_by_label("Your email address")
    fill_in(page, email="ada@example")
    expect(page.locator("#id_email_error")).to_have_text(fault)
    expect(page.get_by_role("status")).to_have_text(fault)
    expect(email).to_have_accessible_description(fault)
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(email).to_have_value("ada@example")
    fill_in(page, email="ada@example.org")
    expect(page.locator("#id_email_error")).to_be_hidden()
    expect(email).to_have_accessible_description("")
    expect(email).not_to_have_attribute("aria-invalid", "true")
    assert not posts


def test_a_field_that_was_emptied_says_so_and_one_never_touched_does_not(page: Page) -> None:
    page.goto("/")
    message = page.get_by_label("Your message")
    for key in ("Tab", "Tab", "Tab", "Shift+Tab"):
        page.keyboard.press(key)
    expect(page.locator(".error").filter(visible=True)).to_have_count(0)  # nobody has written anything yet
    fill_in(page)
    message.blur()
    message.fill("")
    message.blur()
    expect(message).to_have_accessible_description("At most 5000 characters. Please write your message.")
    message.fill("Yes.")
    message.blur()
    expect(message).to_have_accessible_description("At most 5000 characters.")


def test_a_mistake_that_the_server_found_is_taken_back_once_it_is_mended(page: Page) -> None:
    page.goto("/")
    fill_in(page)
    page.get_by_label("Your name (optional)").fill("Ada\u202e")
    send(page)
    error = page.locator("#id_name_error")
    expect(error).to_contain_text("control characters")
    page.get_by_label("Your name (optional)").fill("Ada")
    page.get_by_label("Your name (optional)").blur()
    expect(error).to_be_hidden()


def test_a_draft_outlives_a_look_at_another_card(page: Page) -> None:
    send_feedback(page)
    card(page, "sent")
    page.get_by_role("link", name="Write another message").click()
    fill_in(page)
    page.go_back()
    card(page, "sent")
    page.goto("/")
    expect(page.get_by_label("Your message")).to_have_value(MESSAGE)
