"""Every state of the card and the form, on one picture for each kind of screen: make screenshots.

The rows are moved by hand, so there is no worker: a server in this process shows them as they are.
"""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connections
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, Page, sync_playwright

from docs import staff
from docs.pictures import GROUND, save, side_by_side
from feedback.models import Alarm, Feedback, Worker
from tests.browser.conftest import find_browser
from tests.browser.states import STATES

COLUMNS = 3
SCREENS: dict[str, dict[str, Any]] = {
    "light": {"width": 600, "color_scheme": "light"},
    "dark": {"width": 600, "color_scheme": "dark"},
    "phone": {"width": 320, "color_scheme": "light"},
    "right-to-left": {"width": 600, "color_scheme": "light", "locale": "ar"},
}


def main() -> None:
    connections["default"].creation.create_test_db(verbosity=0)
    connections["default"].inc_thread_sharing()
    server = LiveServerThread(
        "127.0.0.1", StaticFilesHandler, connections_override={"default": connections["default"]}
    )
    server.daemon = True
    server.start()
    server.is_ready.wait()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        for name, screen in SCREENS.items():
            page = open_page(browser, **screen)
            shots = list(pictures(page, f"http://127.0.0.1:{server.port}/", screen.get("locale", "en")))
            save(
                f"all-{name}.png",
                side_by_side(browser, shots, screen["width"], COLUMNS, GROUND[screen["color_scheme"]]),
            )
            page.close()
        staff.fill()
        for scheme in ("light", "dark"):
            staff.picture(browser, f"http://127.0.0.1:{server.port}/", scheme)
        browser.close()
    server.terminate()


def open_page(browser: Browser, width: int, **options: Any) -> Page:
    return browser.new_page(viewport={"width": width, "height": 400}, reduced_motion="reduce", **options)


def pictures(page: Page, home: str, language: str) -> Iterator[bytes]:
    page.goto(home)
    yield page.screenshot(full_page=True)
    page.locator("[name=email]").fill("ada@gmial.com")
    page.locator("[name=message]").fill("The door is too heavy for my grandmother.")
    yield page.screenshot(full_page=True)
    page.locator("[name=email]").fill("ada@example")
    page.locator("[name=message]").fill("")
    page.locator("button[type=submit]").click()
    page.locator(".summary").wait_for()
    yield page.screenshot(full_page=True)
    for move in STATES.values():
        Worker.objects.beat()
        Alarm.objects.clear()
        _, deliveries = Feedback.objects.submit(email="ada@example.org", message="Hi", language=language)
        move(deliveries[0])
        page.goto(f"{home.rstrip('/')}{deliveries[0].feedback.get_absolute_url()}")
        yield page.screenshot(full_page=True)
        Feedback.objects.all().delete()


if __name__ == "__main__":
    main()
