"""The form in a frame on a page of another site."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, Route, expect

from tests.browser.visitor import FINAL
from tests.runner.running import Running, free_port


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def foreign() -> int:
    return free_port()


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, foreign: int) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("embedding")
    running = Running(folder / "var", EMBED_ORIGINS=f"http://localhost:{foreign}").until_ready()
    yield running
    running.end()


@pytest.fixture(scope="module")
def page_around(product: Running, foreign: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A static page of another site (localhost is not 127.0.0.1) with our lines, as it would serve them."""
    folder = tmp_path_factory.mktemp("foreign")
    address = f"http://127.0.0.1:{product.port}"
    lines = (
        f'<iframe src="{address}/embed/" title="Feedback" width="100%" height="640"></iframe>'
        f'<script src="{address}/static/embed.js" async></script>'
    )
    (folder / "index.html").write_text(f"<!doctype html><title>Shop</title><h1>Shop</h1>{lines}")
    server = ThreadingHTTPServer(("127.0.0.1", foreign), partial(Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{foreign}/"
    server.shutdown()
    server.server_close()


def frame(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def fill_in_frame(page: Page) -> None:
    fields = frame(page)
    fields.get_by_label("Your email address").fill("ada@example.org")
    fields.get_by_label("Your message").fill("The shop is too dark.")


def sent(page: Page) -> None:
    expect(frame(page).locator("#feedback-status[data-status=sent]")).to_be_visible(timeout=FINAL)


def test_a_foreign_site_shows_the_form_and_its_visitor_sends_it_without_cookies(
    page: Page, page_around: str, complaints: list[str]
) -> None:
    page.goto(page_around)
    fill_in_frame(page)
    frame(page).get_by_role("button", name="Send").click()
    expect(frame(page).get_by_role("heading", level=1)).to_be_focused()
    sent(page)
    assert not page.context.cookies()
    assert not [said for said in complaints if "Policy" in said]


def test_the_frame_is_as_high_as_what_is_in_it(page: Page, page_around: str) -> None:
    page.goto(page_around)
    around = page.locator("iframe")
    content = "document.documentElement.getBoundingClientRect().height"
    expect(frame(page).get_by_role("button", name="Send")).to_be_visible()
    page.wait_for_function("document.querySelector('iframe').style.height !== ''")
    inner = page.frames[1].evaluate(content)
    assert abs(around.evaluate("frame => frame.clientHeight") - inner) <= 1
    frame(page).get_by_role("button", name="Send").click()
    expect(frame(page).get_by_text("Nothing was sent yet.")).to_be_visible()
    page.wait_for_function("inner => document.querySelector('iframe').clientHeight > inner", arg=inner)


def test_a_script_that_comes_after_the_frame_still_learns_its_height(page: Page, page_around: str) -> None:
    waiting: list[Route] = []
    page.route("**/embed*.js", lambda route: waiting.append(route))
    page.goto(page_around, wait_until="commit")
    expect(frame(page).get_by_role("button", name="Send")).to_be_visible()
    page.frames[1].evaluate("new Promise(requestAnimationFrame)")
    waiting[0].continue_()
    page.wait_for_function("document.querySelector('iframe').style.height !== ''")


def test_in_the_frame_another_message_stays_in_the_frame(page: Page, page_around: str) -> None:
    page.goto(page_around)
    fill_in_frame(page)
    frame(page).get_by_role("button", name="Send").click()
    sent(page)
    frame(page).get_by_role("link", name="Write another message").click()
    expect(frame(page).get_by_role("button", name="Send")).to_be_visible()
    assert page.url == page_around


def test_in_the_frame_another_language_shows_the_same_card(page: Page, page_around: str) -> None:
    page.goto(page_around)
    fill_in_frame(page)
    frame(page).get_by_role("button", name="Send").click()
    sent(page)
    frame(page).get_by_role("link", name="Deutsch").click()
    expect(frame(page).get_by_role("heading", level=1)).to_have_text(
        "Vielen Dank. Ihre Nachricht ist gespeichert."
    )


def test_without_javascript_the_frame_works_too(browser: Browser, page_around: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_around)
    fill_in_frame(page)
    frame(page).get_by_role("button", name="Send").click()
    sent(page)
    context.close()


def test_a_site_that_is_not_ours_cannot_show_the_frame(page: Page, page_around: str) -> None:
    other = page_around.replace("localhost", "127.0.0.1")
    page.goto(other)
    page.wait_for_timeout(500)
    expect(frame(page).get_by_role("button", name="Send")).to_have_count(0)


def test_a_script_of_our_site_may_use_the_api(page: Page, page_around: str, product: Running) -> None:
    page.goto(page_around)
    answer = page.evaluate(
        """async address => {
            const response = await fetch(address, {
                method: "POST",
                headers: {"Content-Type": "application/json"},
                body: JSON.stringify({email: "ada@example.org", message: "Sent by a script."}),
            });
            return [response.status, response.headers.get("Location")];
        }""",
        f"http://127.0.0.1:{product.port}/api/feedback",
    )
    assert answer[0] == 201
    assert "/api/feedback/" in answer[1]


def test_the_demo_page_shows_the_form_at_work(page: Page, product: Running, complaints: list[str]) -> None:
    page.goto(f"http://127.0.0.1:{product.port}/embed/demo/")
    fill_in_frame(page)
    frame(page).get_by_role("button", name="Send").click()
    sent(page)
    assert not complaints
