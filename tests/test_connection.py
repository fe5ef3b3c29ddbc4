"""Several emails over one connection to a real mail server."""

from collections.abc import Callable

import pytest

from feedback import connection
from feedback.delivery import deliver
from feedback.models import Delivery
from tests.mail_server import DROP, MailServer, Reply
from tests.runner.running import wait_until


@pytest.fixture
def several(submit: Callable[..., Delivery]) -> int:
    """Return the first of four emails that are due."""
    submit()
    return submit().pk


def statuses() -> list[str]:
    return [delivery.status for delivery in Delivery.objects.order_by("pk")]


def second(mail_server: MailServer, step: str, reply: Reply) -> None:
    """Have the server misbehave at this step of the second email."""
    seen: list[str] = []

    def misbehave(at: str, text: str) -> Reply:
        seen.append(at)
        return reply if at == step and seen.count(step) == 2 else None

    mail_server.misbehave = misbehave


def test_what_is_due_is_sent_along_over_one_connection(several: int, mail_server: MailServer) -> None:
    deliver(several, more=99)
    assert statuses() == ["sent"] * 4
    wait_until(lambda: mail_server.steps[-1] == "QUIT")
    assert (mail_server.steps.count("CONNECT"), mail_server.steps.count("QUIT")) == (1, 1)
    assert len(set(mail_server.accepted_ids())) == 4


@pytest.mark.parametrize(
    ("step", "reply"),
    [
        ("MAIL", "421 idle for too long"),
        ("RCPT", "421 closing"),
        ("DATA", "421 closing"),
        ("MAIL", DROP),
        ("RCPT", DROP),
    ],
)
def test_a_kept_connection_that_the_server_closed_costs_the_email_nothing(
    several: int, mail_server: MailServer, step: str, reply: str
) -> None:
    second(mail_server, step, reply)
    deliver(several, more=99)
    assert statuses() == ["sent"] * 4
    assert Delivery.objects.filter(retries__gt=0).count() == 0
    assert mail_server.steps.count("CONNECT") == 2


def test_a_line_that_breaks_after_the_mark_is_not_tried_over_another(
    several: int, mail_server: MailServer
) -> None:
    second(mail_server, "DOT", DROP)
    deliver(several, more=99)
    assert sorted(statuses()) == ["queued", "queued", "sent", "unconfirmed"]
    assert mail_server.steps.count("CONNECT") == 1


def test_a_refusal_over_a_kept_connection_is_not_asked_twice(several: int, mail_server: MailServer) -> None:
    second(mail_server, "RCPT", "550 no such user")
    deliver(several, more=99)
    assert sorted(statuses()) == ["failed", "queued", "queued", "sent"]


def test_a_connection_that_was_idle_for_long_is_not_used_again(
    several: int, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LONGEST_IDLE_SECONDS", -1)
    deliver(several, more=99)
    assert statuses() == ["sent"] * 4
    assert mail_server.steps.count("CONNECT") == 4


def test_a_new_connection_has_its_hundred_emails_again(
    several: int, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST_EMAILS", 2)
    deliver(several, more=99)
    assert statuses() == ["sent"] * 4
    assert mail_server.steps.count("CONNECT") == 2
