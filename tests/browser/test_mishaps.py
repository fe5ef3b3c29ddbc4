"""What a visitor sees when something between the browser and us goes wrong."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.visitor import MESSAGE, card, fill_in, send


def test_cookies_that_went_missing_cost_one_more_click(page: Page, context: BrowserContext) -> None:
    page.goto("/")
    fill_in(page)
    context.clear_cookies()
    send(page)
    expect(page.get_by_text("Please press Send again; if you read this once more")).to_be_visible()
    expect(page.get_by_label("Your message")).to_have_value(MESSAGE)
    send(page)
    card(page, "sent")


def test_a_lost_line_is_said_and_the_text_stays(page: Page, context: BrowserContext) -> None:
    page.goto("/")
    fill_in(page)
    context.set_offline(True)
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("Nothing was lost")
    context.set_offline(False)
    send(page)
    card(page, "sent")


@pytest.mark.parametrize("code", [200, 403, 500, 503])
def test_an_answer_that_is_not_ours_never_replaces_the_form(page: Page, code: int) -> None:
    page.goto("/")
    fill_in(page)
    page.route("/", lambda route: route.fulfill(status=code, body="<h1>Proxy</h1>"))
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("Nothing was lost")
    expect(page.get_by_role("button", name="Send")).to_be_focused()
    page.unroute("/")
    send(page)
    card(page, "sent")
