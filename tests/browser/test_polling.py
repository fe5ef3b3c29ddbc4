"""How the card follows its email through hidden tabs, lost lines and deploys."""

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.visitor import card, hide, send_feedback

STATUS = "**/status/**"
UNKNOWN = "9b2f7c1e-5a0d-4c55-8f5b-0d7c2f1a6e11"
OUT_OF_TOUCH = ".out-of-touch"


@pytest.fixture
def asked(page: Page) -> list[str]:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/status/" in request.url else None)
    return asked


def test_a_hidden_tab_asks_nothing(page: Page, asked: list[str]) -> None:
    send_feedback(page)
    card(page, "queued")
    hide(page, True)
    asked.clear()
    page.wait_for_timeout(2500)
    assert not asked
    hide(page, False)
    card(page, "sent")


def test_a_tab_that_is_shown_again_asks_at_once(page: Page) -> None:
    def rarely(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("every 1s", "every 600s"))

    page.route("/", rarely)
    send_feedback(page)
    card(page, "queued")
    hide(page, True)
    with page.expect_response(STATUS, timeout=5000):
        hide(page, False)


@pytest.mark.parametrize("code", [200, 404, 500, 503])
def test_a_deploy_or_a_stranger_s_answer_ends_no_polling(page: Page, code: int) -> None:
    page.route(STATUS, lambda route: route.fulfill(status=code, body="away for a moment"))
    send_feedback(page)
    expect(page.locator(OUT_OF_TOUCH)).to_be_visible(timeout=5000)
    page.unroute(STATUS)
    card(page, "sent")
    expect(page.locator(OUT_OF_TOUCH)).to_be_hidden()


def test_a_feedback_that_was_erased_is_asked_for_no_more(page: Page, asked: list[str]) -> None:
    send_feedback(page)
    card(page, "queued")
    gone = page.request.get(f"/feedback/{UNKNOWN}/status/")
    page.route(
        "**/feedback/**", lambda route: route.fulfill(status=404, body=gone.text(), content_type="text/html")
    )
    expect(page.get_by_text("There is nothing at this address.")).to_be_visible(timeout=5000)
    asked.clear()
    page.wait_for_timeout(1500)
    assert not asked


def test_a_lost_line_ends_no_polling(page: Page, context: BrowserContext) -> None:
    send_feedback(page)
    card(page, "queued")
    context.set_offline(True)
    expect(page.locator(OUT_OF_TOUCH)).to_be_visible(timeout=5000)
    context.set_offline(False)
    card(page, "sent")


def test_what_has_not_changed_is_neither_sent_nor_announced_again(page: Page) -> None:
    page.route(STATUS, lambda route: route.fulfill(status=204))
    send_feedback(page)
    expect(page.locator("#announcer")).to_contain_text("next in line")
    page.evaluate("document.getElementById('announcer').textContent = ''")
    with page.expect_response(STATUS):
        pass
    expect(page.locator("#announcer")).to_be_empty()


def test_a_page_that_is_opened_announces_only_what_changes(page: Page) -> None:
    send_feedback(page)
    card(page, "queued")
    earlier = page.request.get(page.url).text()
    card(page, "sent")
    page.route(page.url, lambda route: route.fulfill(body=earlier, content_type="text/html"))
    page.reload()
    expect(page.get_by_role("status")).to_be_empty()
    card(page, "sent")
    expect(page.get_by_role("status")).to_contain_text("Our mail server has accepted")


def test_the_focus_survives_a_change_of_the_card(page: Page) -> None:
    send_feedback(page)
    card(page, "queued")
    page.get_by_role("link", name="Write another message").focus()
    card(page, "sent")
    expect(page.get_by_role("link", name="Write another message")).to_be_focused()


def test_the_link_can_be_copied(page: Page, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    send_feedback(page)
    card(page, "sent")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Link copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    assert "/feedback/" in page.url


def test_without_javascript_no_button_is_shown_that_does_nothing(page: Page) -> None:
    def without_scripts(route: Route) -> None:
        route.abort()

    page.route("**/*.js", without_scripts)
    send_feedback(page)
    expect(page.get_by_role("link", name="Bookmark this page")).to_be_visible()
    expect(page.get_by_role("button", name="Copy link")).to_be_hidden()
