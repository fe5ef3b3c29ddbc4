import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from feedback.models import Alarm, Pause, Tally, Worker
from operations import dns, trial
from operations.doctor import mail, stores
from operations.doctor.finding import Check, Finding, Mark, ok, unknown, wrong
from operations.management.commands import doctor
from project.broker import Broker
from tests.mail_server import MailServer
from tests.redis_server import RedisServer

pytestmark = pytest.mark.django_db


def found(check: Check) -> list[tuple[str, str]]:
    return [(finding.mark.value, finding.what) for finding in check()]


class Redis:
    def __init__(self, policy: str | None = "noeviction", ahead: float = 0, aof: int = 1) -> None:
        self.answers: dict[str, dict[str, Any]] = {
            "memory": {"maxmemory_policy": policy} if policy else {},
            "persistence": {"aof_enabled": aof},
        }
        self.ahead = ahead

    def info(self, section: str) -> dict[str, Any]:
        return self.answers[section]

    def time(self) -> tuple[int, int]:
        return int(timezone.now().timestamp() + self.ahead), 0


@pytest.fixture
def has_redis(monkeypatch: pytest.MonkeyPatch) -> Callable[[Redis], None]:
    def has(client: Redis) -> None:
        monkeypatch.setattr(stores, "get_broker", lambda: type("Broker", (), {"client": client}))

    return has


def test_good_settings_are_ok() -> None:
    assert found(stores.check_settings)[-1][0] == "ok"


def test_an_open_line_to_staff_is_wrong(settings: Any) -> None:
    settings.SITE_URL = "http://feedback.example.org"
    settings.FEEDBACK_OWNERS = []
    words = " ".join(what for mark, what in found(stores.check_settings) if mark == "wrong")
    assert "SITE_URL is http://" in words
    assert "nobody is told of new feedback" in words


def test_the_database_and_its_migrations_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    marks = dict(found(stores.check_database))
    assert "ok" in marks
    monkeypatch.setattr(stores, "_pending", lambda: ["one", "two"])
    assert ("wrong", "2 migrations are pending") in found(stores.check_database)


def test_locks_that_a_lost_host_would_hold_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "_idle_transactions_are_endless", lambda: True)
    assert ("wrong", "a host that is cut off can hold its locks for hours") in found(stores.check_database)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="its locks end with their process")
def test_a_new_connection_to_postgresql_ends_idle_transactions() -> None:
    with psycopg.connect(**connection.get_connection_params()) as new:
        assert new.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("30s",)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    assert stores._idle_transactions_are_endless()


def test_a_redis_that_keeps_everything_is_ok(has_redis: Callable[[Redis], None]) -> None:
    has_redis(Redis())
    assert {mark for mark, _ in found(stores.check_redis)} == {"ok"}


def test_a_redis_that_evicts_or_whose_clock_is_wrong_is_said(has_redis: Callable[[Redis], None]) -> None:
    has_redis(Redis("allkeys-lru", ahead=60, aof=0))
    said = found(stores.check_redis)
    assert ("wrong", "may drop what is queued (maxmemory-policy allkeys-lru)") in said
    assert any("ahead of ours" in what for mark, what in said if mark == "wrong")


def test_a_redis_that_does_not_tell_whether_it_evicts_is_not_called_ok(
    has_redis: Callable[[Redis], None],
) -> None:
    has_redis(Redis(policy=None))
    assert found(stores.check_redis)[0] == (
        "?",
        "could not be checked: it does not tell its maxmemory-policy",
    )


def test_a_redis_that_does_not_answer_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise redis.ConnectionError("refused")

    monkeypatch.setattr(stores, "get_broker", refuse)
    assert found(stores.check_redis) == [("wrong", "does not answer: refused")]


@pytest.mark.parametrize("setting", ["CONFIG SET requirepass secret", "ACL SETUSER default -info"])
def test_a_redis_that_refuses_us_is_not_taken_for_one_that_is_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, setting: str
) -> None:
    server = RedisServer(tmp_path / "redis")
    try:
        server.client.execute_command(*setting.split())  # type: ignore[no-untyped-call]
        monkeypatch.setattr(stores, "get_broker", lambda: Broker(url=server.url))
        (finding,) = stores.check_redis()
        assert finding.what.startswith("refuses us: ")
        assert "the password in REDIS_URL" in finding.do
    finally:
        server.stop()


def test_a_mail_server_that_answers_is_ok(mail_server: MailServer) -> None:
    assert found(mail.check_mail_server)[0][0] == "ok"
    assert not mail_server.accepted


def test_a_login_that_is_refused_comes_with_its_fix(mail_server: MailServer, settings: Any) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "feedback", "wrong"
    mail_server.misbehave = lambda step, text: (
        "250-here\r\n250 AUTH PLAIN" if step == "EHLO" else "535 bad password" if step == "AUTH" else None
    )
    finding = next(iter(mail.check_mail_server()))
    assert (finding.mark, "535 bad password" in finding.what) == (Mark.WRONG, True)
    assert "password in EMAIL_URL" in finding.do


def test_a_backend_that_sends_nothing_is_wrong() -> None:
    assert found(mail.check_mail_server)[0][0] == "wrong"


def test_a_sender_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {dns.MX: [b"x"], dns.TXT: [b"\x0bv=spf1 -all"]}
    monkeypatch.setattr(dns, "ask", lambda domain, kind: texts[kind])
    assert [mark for mark, _ in found(mail.check_sender)] == ["ok", "ok"]
    texts[dns.MX] = [b"\0\0\0"]  # it says that it takes no email
    assert [mark for mark, _ in found(mail.check_sender)] == ["wrong", "ok"]
    monkeypatch.setattr(dns, "ask", lambda domain, kind: [])
    assert [mark for mark, _ in found(mail.check_sender)] == ["wrong", "wrong"]


def test_without_dns_it_is_said_that_nothing_is_known(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    def silent(domain: str, kind: int) -> list[bytes]:
        raise dns.Unknown("timed out")

    monkeypatch.setattr(dns, "ask", silent)
    assert found(mail.check_sender)[0][0] == "?"
    settings.DEFAULT_FROM_EMAIL = "Feedback <feedback@localhost>"
    assert found(mail.check_sender)[0][0] == "?"


def test_workers_pause_and_alarm_are_told() -> None:
    assert found(stores.check_worker) == [("wrong", "no worker was seen in the last 15 seconds")]
    Worker.objects.beat()
    assert [mark for mark, _ in found(stores.check_worker)] == ["ok"]
    Pause.objects.begin("grace")
    Alarm.objects.raise_for("535 bad password")
    Tally.objects.create(at=timezone.now() - timedelta(minutes=10))
    words = [what for mark, what in found(stores.check_worker) if mark == "wrong"]
    assert [word in what for word, what in zip(("stood still", "paused by", "535"), words, strict=True)] == [
        True
    ] * 3


@pytest.mark.parametrize(
    ("finding", "code", "line"),
    [
        (ok("all is well"), 0, "ok     part: all is well."),
        (unknown("no DNS"), 0, "?      part: could not be checked: no DNS."),
        (wrong("it is broken", "Mend it."), 1, "wrong  part: it is broken. → Mend it."),
    ],
)
def test_each_line_says_what_and_what_to_do_and_the_code_is_for_scripts(
    monkeypatch: pytest.MonkeyPatch, finding: Finding, code: int, line: str
) -> None:
    monkeypatch.setattr(doctor, "CHECKS", {"part": lambda: iter([finding])})
    assert run() == (code, line + "\n")


def test_a_check_that_breaks_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Iterator[Finding]:
        raise RuntimeError("oh")

    monkeypatch.setattr(doctor, "CHECKS", {"first": broken, "second": lambda: iter([ok("fine")])})
    assert run() == (0, "?      first: could not be checked: RuntimeError: oh.\nok     second: fine.\n")


def test_a_test_email_that_nobody_takes_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "CHECKS", {})
    monkeypatch.setattr(trial, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(doctor, "send_trial", lambda to: trial.send_trial(to, patience=0.05))
    code, said = run("--send-test", "ada@example.org")
    assert code == 1
    assert "saved in the database" in said
    assert "it stays queued" in said


def test_a_test_email_needs_an_address() -> None:
    with pytest.raises(CommandError, match="nothing was sent"):
        run("--send-test", "ada")


def run(*arguments: str) -> tuple[int, str]:
    said = io.StringIO()
    try:
        call_command("doctor", *arguments, stdout=said, no_color=True)
    except SystemExit as end:
        return int(end.code or 0), said.getvalue()
    return 0, said.getvalue()
