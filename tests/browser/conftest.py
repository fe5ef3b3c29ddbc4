"""A real Chromium against the whole product, as `make run` starts it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserType, ConsoleMessage, Error, Page

from tests.runner.running import Running

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_browser() -> str | None:
    """Return the browser on PATH; None leaves it to Playwright to find its own."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    return {**browser_type_launch_args, "executable_path": find_browser(), "args": quiet}


@pytest.fixture(scope="session", autouse=True)
def a_browser_is_here(browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> None:
    try:
        browser_type.launch(**browser_type_launch_args).close()
    except Error as error:
        reason = f"no browser could be started; install chromium ({error.message.splitlines()[0]})"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, a_browser_is_here: None) -> Iterator[Running]:
    """The product running, with work that takes long enough to be watched."""
    folder: Path = tmp_path_factory.mktemp("site")
    running = Running(folder / "var", SIMULATED_WORK_SECONDS="1.2").until_ready()
    yield running
    running.end()


@pytest.fixture(scope="session")
def base_url(site: Running) -> str:
    return f"http://127.0.0.1:{site.port}"


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser complained about: blocked by the policy, failed scripts, missing files."""
    heard: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        expected = "status of 422" in message.text or "status of 403" in message.text
        if message.type in ("error", "warning") and not expected:
            heard.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard
