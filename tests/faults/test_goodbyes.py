"""A worker's line to the mail server: kept for the next email, and closed with a goodbye."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.system import Prepared, System
from tests.mail_server import SILENCE
from tests.runner.running import wait_until


@pytest.fixture
def system(tmp_path: Path, prepared: Prepared) -> Iterator[System]:
    system = System(tmp_path / "var", prepared)
    yield system
    system.stop()


def test_emails_share_lines_which_are_closed_after_some_seconds(system: System) -> None:
    steps = system.mail.steps
    system.start_master()
    for emails in range(1, 6):
        send(system, emails)
    assert steps.count("CONNECT") < 5
    wait_until(lambda: steps.count("QUIT") == steps.count("CONNECT"), 15)


def test_a_worker_that_ends_says_goodbye_and_waits_for_no_answer(system: System) -> None:
    system.mail.misbehave = lambda step, _: SILENCE if step == "QUIT" else None
    system.environment["EMAIL_URL"] = system.environment["EMAIL_URL"].replace("timeout=3", "timeout=60")
    master = system.start_master()
    master.restarts = False
    send(system, emails=1)
    master.process.send_signal(signal.SIGTERM)
    wait_until(lambda: "QUIT" in system.mail.steps, 10)
    master.process.wait(30)


def send(system: System, emails: int) -> None:
    system.submit()
    wait_until(lambda: len(system.mail.accepted) == emails)
    wait_until(
        lambda: (
            system.database.query("SELECT count(*) FROM feedback_delivery WHERE state = 'sent'")
            == [(emails,)]
        )
    )
