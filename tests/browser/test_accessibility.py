"""Every page in every state, for people who cannot see it, see it badly or use no mouse."""

import uuid
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from feedback.models import Delivery, Worker
from tests.browser.states import STATES, claim
from tests.browser.visitor import fill_in, send

pytestmark = pytest.mark.django_db(transaction=True)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture
def home(live_server: LiveServer, page: Page) -> str:
    Worker.objects.beat()
    return f"{live_server.url}/"


def assert_clean(page: Page) -> None:
    results = Axe().run(page, options=RULES)
    assert not results.violations_count, results.generate_report()
    width = page.evaluate("window.innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


# 320 by 256 pixels are what is left of a screen of 1280 by 1024 at 400 % zoom (WCAG 1.4.10).
@pytest.fixture(params=[("light", 1280, 1024), ("dark", 1280, 1024), ("light", 320, 256), ("dark", 320, 256)])
def screen(page: Page, request: pytest.FixtureRequest) -> None:
    scheme: Literal["light", "dark"]
    scheme, width, height = request.param
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": height})


@pytest.mark.parametrize("state", STATES)
def test_the_card_is_clean(page: Page, home: str, screen: None, owed: Delivery, state: str) -> None:
    STATES[state](owed)
    page.goto(f"{home.rstrip('/')}{owed.feedback.get_absolute_url()}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you. Your message is saved.")
    assert_clean(page)


def test_the_form_is_clean_empty_wrong_and_refused(page: Page, home: str, screen: None) -> None:
    page.goto(home)
    expect(page.get_by_role("textbox")).to_have_count(3)  # and not the one for machines
    assert page.locator(".nobody").evaluate("box => box.offsetWidth * box.offsetHeight") <= 1
    assert_clean(page)
    fill_in(page, email="ada@gmial")
    send(page)
    expect(page.get_by_text("Nothing was sent yet.")).to_be_visible()
    assert_clean(page)
    page.get_by_label("Your email address").fill("ada@gmial.com")
    page.get_by_label("Your message").focus()
    expect(page.get_by_role("button", name="Did you mean ada@gmail.com?")).to_be_visible()
    page.route("**/*", lambda route: route.abort())
    send(page)
    expect(page.get_by_role("alert")).to_be_visible()
    assert_clean(page)


def test_a_page_that_is_not_there_is_clean(page: Page, home: str, screen: None) -> None:
    page.goto(f"{home}feedback/{uuid.uuid4()}/")
    assert_clean(page)


def test_the_frame_and_its_demonstration_are_clean(
    page: Page, home: str, screen: None, owed: Delivery
) -> None:
    for address in ("embed/", f"embed/{owed.feedback_id}/", "embed/demo/"):
        page.goto(f"{home}{address}")
        assert_clean(page)
    expect(page.frame_locator("iframe").get_by_role("button", name="Send")).to_be_visible()


def test_send_looks_like_a_button_also_in_forced_colours(page: Page, home: str) -> None:
    page.emulate_media(forced_colors="active")
    page.goto(home)
    border = "getComputedStyle(document.querySelector('button[type=submit]')).borderTopColor"
    ground = "getComputedStyle(document.querySelector('.panel')).backgroundColor"
    assert contrast(page.evaluate(border), page.evaluate(ground)) >= 3


def test_a_mistake_takes_the_focus_to_its_summary_and_from_there_to_the_field(page: Page, home: str) -> None:
    page.goto(home)
    fill_in(page, email="not an address")
    send(page)
    summary = page.get_by_role("group", name="Nothing was sent yet.")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="This does not look like an email address.").press("Enter")
    email = page.get_by_role("textbox", name="Your email address")
    expect(email).to_be_focused()
    expect(email).to_have_accessible_description(
        "This does not look like an email address. It should read like name@example.org."
    )


def test_a_hint_belongs_to_its_field(page: Page, home: str) -> None:
    page.goto(home)
    message = page.get_by_role("textbox", name="Your message")
    expect(message).to_have_accessible_description("At most 5000 characters.")


def test_the_form_can_be_sent_with_the_keyboard_alone(page: Page, home: str) -> None:
    page.goto(home)
    page.keyboard.press("Tab")
    for words in ("ada@example.org", "Ada", "The door is too heavy."):
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you. Your message is saved.")).to_be_focused()


def test_one_live_region_stays_and_tells_the_change(page: Page, home: str) -> None:
    page.goto(home)
    fill_in(page)
    region = page.get_by_role("status").element_handle()
    send(page)
    expect(page.get_by_role("status")).to_contain_text("Your confirmation email is next in line")
    claim(Delivery.objects.get(kind="acknowledgement")).mark_sent("250 ok")
    expect(page.get_by_role("status")).to_contain_text("Our mail server has accepted")
    assert page.locator("[aria-live]").count() == 1
    assert region.evaluate("(region) => region.isConnected")


def test_nothing_moves_for_who_wants_no_motion(page: Page, home: str, owed: Delivery) -> None:
    for motion, count in (("no-preference", 1), ("reduce", 0)):
        page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]
        page.goto(f"{home.rstrip('/')}{owed.feedback.get_absolute_url()}")
        assert page.evaluate("document.getAnimations().length") == count


def test_what_moves_comes_to_rest_within_five_seconds(page: Page, home: str, owed: Delivery) -> None:
    page.goto(f"{home.rstrip('/')}{owed.feedback.get_absolute_url()}")
    ends = page.evaluate("document.getAnimations().map(moving => moving.effect.getComputedTiming().endTime)")
    assert ends
    assert max(ends) <= 5000  # WCAG 2.2.2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_border_of_a_field_stands_out(page: Page, home: str, scheme: Literal["light", "dark"]) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(home)
    style = "getComputedStyle(document.querySelector('textarea'))"
    border, ground = (page.evaluate(f"{style}.{part}") for part in ("borderTopColor", "backgroundColor"))
    assert contrast(border, ground) >= 3  # WCAG 1.4.11


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    """Return the relative luminance, as WCAG defines it, of a color such as rgb(1, 2, 3)."""
    parts = [int(part) / 255 for part in color.removeprefix("rgb(").rstrip(")").split(",")]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_page_from_right_to_left_is_clean_and_mirrored(page: Page, home: str, screen: None) -> None:
    page.goto(f"{home}?lang=ar")
    assert_clean(page)
    button = page.get_by_role("button", name="إرسال").bounding_box()
    assert button
    assert button["x"] + button["width"] / 2 > page.evaluate("window.innerWidth / 2")
    page.get_by_label("عنوان بريدك الإلكتروني").fill("ada@example.org")
    page.get_by_label("رسالتك").fill("الباب ثقيل جدًا.")
    page.get_by_role("button", name="إرسال").click()
    expect(page.get_by_role("heading", name="شكرًا لك. تم حفظ رسالتك.")).to_be_focused()
    assert_clean(page)


def test_choosing_a_language_keeps_what_was_typed(page: Page, home: str) -> None:
    page.goto(home)
    fill_in(page)
    page.get_by_role("navigation", name="Language").get_by_role("link", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Senden Sie uns Ihr Feedback")).to_be_visible()
    expect(page.get_by_label("Ihre Nachricht")).to_have_value("The door is too heavy.")
    page.get_by_role("button", name="Senden").click()
    expect(page.get_by_role("heading", name="Vielen Dank. Ihre Nachricht ist gespeichert.")).to_be_focused()
    claim(Delivery.objects.get(kind="acknowledgement")).mark_sent("250 ok")
    expect(page.get_by_role("status")).to_contain_text("Unser Mailserver hat")
