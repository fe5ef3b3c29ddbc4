from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from feedback import tasks
from feedback.models import Alarm, Delivery, Pause, Tally, Worker
from feedback.models.pause import COPY
from operations.overview import Overview
from operations.words import ANY_FIX, age, fix, took

Become = Callable[..., Delivery]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def a_worker() -> None:
    Worker.objects.beat()


def said() -> tuple[str, str, str]:
    verdict = Overview().verdict
    return verdict.mark, verdict.word, verdict.sentence


def tile(name: str) -> str:
    overview = Overview()
    return next(tile.value for tile in [*overview.tiles, *overview.facts] if tile.name == name)


def test_mail_that_flows_is_said_to_flow() -> None:
    assert said() == ("good", "Flowing", "Emails go out as they come in.")


def test_without_a_worker_it_says_so_and_what_to_do(owed: Delivery) -> None:
    Worker.objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    assert said() == (
        "bad",
        "Stopped",
        "No worker has been seen for 5 min. 2 emails wait and nothing is lost.",
    )
    assert "start one" in Overview().verdict.help


def test_a_pause_names_who_paused_and_since_when(owed: Delivery) -> None:
    Pause.objects.begin("grace")
    assert said() == (
        "warn",
        "Paused",
        "grace paused all sending 0 s ago. 2 emails wait and nothing is lost.",
    )


def test_a_restored_copy_says_what_it_is_and_what_resuming_will_do(owed: Delivery) -> None:
    Pause.objects.create(pk=1, by=COPY, since=datetime(2026, 11, 22, 9, 5, tzinfo=UTC))
    assert said() == (
        "bad",
        "Stopped",
        "Nothing is sent: this database is a copy of 2026-11-22 09:05 UTC that was restored. "
        "Emails that wait: 2.",
    )
    assert "becomes unconfirmed" in Overview().verdict.help


def test_an_alarm_comes_with_its_fix() -> None:
    Alarm.objects.raise_for("535 bad password")
    assert said()[2].startswith("The mail server has refused us for 0 s: 535 bad password.")
    assert "user and the password in EMAIL_URL" in Overview().verdict.help


def test_an_email_that_waits_long_makes_it_slow(owed: Delivery) -> None:
    Delivery.objects.update(due_at=timezone.now() - timedelta(minutes=3))
    assert said() == ("warn", "Slow", "The oldest email has waited 3 min.")


def in_vain(delivery: Delivery, why: str) -> None:
    """Try it once, half an hour after it was written."""
    Delivery.objects.filter(pk=delivery.pk).update(created_at=timezone.now() - timedelta(minutes=30))
    claimed = Delivery.objects.claim(delivery.pk)
    assert claimed
    assert claimed.retry(why, timedelta(minutes=5))


def test_a_mail_server_that_cannot_be_reached_is_no_mail_that_flows(owed: Delivery) -> None:
    in_vain(owed, "ConnectionRefusedError: [Errno 111] Connection refused")
    assert said()[:2] == ("bad", "Retrying")
    assert "Connection refused. 2 emails wait and nothing is lost." in said()[2]
    assert "Check that the mail server runs" in Overview().verdict.help
    assert tile("Oldest owed") == "30 min"


def test_it_says_so_during_the_next_attempt_too(owed: Delivery) -> None:
    in_vain(owed, "TimeoutError: timed out")
    Delivery.objects.filter(pk=owed.pk).update(due_at=timezone.now())
    assert Delivery.objects.claim(owed.pk)
    assert said()[:2] == ("bad", "Retrying")
    assert "made again: TimeoutError: timed out." in said()[2]


def test_a_server_that_puts_one_email_off_and_takes_others_lets_mail_flow(become: Become) -> None:
    in_vain(become("queued"), "451 greylisted")
    assert said()[:2] == ("warn", "Retrying")
    become("sent")
    assert said()[1] == "Flowing"


def test_without_redis_it_still_flows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "queue_length", lambda: None)
    assert said()[:2] == ("warn", "Flowing")
    assert tile("Redis") == "does not answer"


def test_the_numbers_are_those_of_the_rows(become: Become) -> None:
    for state in ("sent", "sent", "failed", "unconfirmed", "held", "sending"):
        become(state)
    assert tile("Waiting") == "6"  # the notifications
    assert tile("Sent per minute") == "2"
    names = ("Sending", "Failed", "Unconfirmed", "Held")
    assert [tile(name) for name in names] == ["1", "1", "1", "1"]
    assert tile("Redis") == "0 queued, 7 owed in the database"


def test_the_clock_is_seen_by_its_last_tally() -> None:
    assert tile("Clock") == "not yet"
    Tally.objects.create(at=timezone.now() - timedelta(minutes=10))
    assert tile("Clock") == "10 min ago"


@pytest.mark.parametrize(
    ("why", "help_"),
    [
        ("535 5.7.8 no", "password in EMAIL_URL"),
        ("SSLCertVerificationError: certificate verify failed", "names the server as its certificate does"),
        ("SSLError: [SSL: WRONG_VERSION_NUMBER]", "scheme and port"),
        ("SMTPNotSupportedError: STARTTLS extension not supported by server.", "does not offer"),
        ("550 sender rejected", "DEFAULT_FROM_EMAIL is an address"),
        ("gaierror: [Errno -2] Name or service not known", "names its host and port"),
        ("451 greylisted", "puts us off"),
        ("554 go away", ANY_FIX),
    ],
)
def test_every_alarm_has_a_fix(why: str, help_: str) -> None:
    assert help_ in fix(why)


def test_spans_of_time_are_said_in_their_largest_unit() -> None:
    assert [age(seconds) for seconds in (0, 59, 61, 7200, 300000)] == [
        "0 s",
        "59 s",
        "1 min",
        "2 h",
        "3 days",
    ]
    assert [took(seconds) for seconds in (0.042, 2.25, 75)] == ["42 ms", "2.2 s", "1 min"]
