"""The backend and `deliver` over a real SMTP conversation."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.mail import get_connection

from feedback import smtp
from feedback.delivery import deliver
from feedback.models import Delivery, State
from feedback.models.queue import DeliveryManager
from tests.mail_server import DROP, SILENCE, MailServer, serving


@pytest.fixture(params=[True, False], ids=["pipelining", "one-by-one"])
def server(settings: Any, request: pytest.FixtureRequest) -> Iterator[MailServer]:
    with serving(settings, pipelining=request.param) as server:
        yield server


def fate(delivery: Delivery) -> tuple[str, str]:
    deliver(delivery.pk)
    fresh = Delivery.objects.get(pk=delivery.pk)
    return fresh.status, fresh.moves[-1].why


def test_an_email_is_accepted_with_the_servers_reply(owed: Delivery, server: MailServer) -> None:
    assert fate(owed) == ("sent", "250 2.0.0 queued")
    assert server.accepted_ids() == [owed.message_id]


def test_the_mark_is_made_between_the_text_and_its_final_dot(
    owed: Delivery, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_the_mark = []
    begin_transmission = DeliveryManager.begin_transmission

    def mark(self: DeliveryManager, claims: list[Delivery]) -> None:
        at_the_mark.append((server.steps[-1], len(server.accepted)))
        begin_transmission(self, claims)

    monkeypatch.setattr(DeliveryManager, "begin_transmission", mark)
    deliver(owed.pk)
    assert at_the_mark == [("DATA", 0)]
    assert len(server.accepted) == 1


def test_lines_that_begin_with_a_dot_arrive_whole(server: MailServer) -> None:
    connection = get_connection()
    assert isinstance(connection, smtp.EmailBackend)
    connection.open()
    line = connection.connection
    assert isinstance(line, smtp.SMTP)
    line.ask("a@example.org", "b@example.org", b"Subject: dots\r\n\r\n.one\r\n..two\r\n\r\n.")
    for _ in smtp.GOOD:
        line.go_on()
    line.end()
    assert line.hear(1) == "250 2.0.0 queued"
    connection.close()
    assert str(server.accepted[0].get_payload()).replace("\r\n", "\n").rstrip("\n") == ".one\n..two\n\n."


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_line_that_drops_before_the_final_dot_is_tried_again(
    owed: Delivery, server: MailServer, step: str
) -> None:
    server.misbehave = lambda at, _: DROP if at in (step, "HELO") else None
    assert fate(owed)[0] == "retrying"
    assert not server.accepted


@pytest.mark.parametrize("reply", [DROP, SILENCE])
def test_no_answer_after_the_final_dot_is_unconfirmed(
    owed: Delivery, server: MailServer, reply: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "FINAL_REPLY_SECONDS", 0.3)
    server.misbehave_at("DOT", reply)
    assert fate(owed)[0] == "unconfirmed"
    assert server.accepted_ids() == [owed.message_id]


@pytest.mark.parametrize(
    ("step", "reply", "status"),
    [
        ("CONNECT", "421 too busy", "retrying"),
        ("MAIL", "451 try later", "retrying"),
        ("RCPT", "451 greylisted", "retrying"),
        ("RCPT", "421 closing", "retrying"),
        ("RCPT", "550 no such user", "failed"),
        ("DATA", "451 try later", "retrying"),
        ("DOT", "421 closing", "retrying"),
        ("DOT", "451 try later", "retrying"),
        ("DOT", "552 too big", "failed"),
        ("DOT", "554 spam", "failed"),
        ("QUIT", "421 closing", "sent"),
        ("QUIT", DROP, "sent"),
        ("QUIT", SILENCE, "sent"),
    ],
)
def test_what_the_server_says_decides(
    owed: Delivery, server: MailServer, step: str, reply: str, status: str
) -> None:
    server.misbehave_at(step, reply)
    assert fate(owed)[0] == status


def test_no_starttls_where_it_was_asked_for_sends_nothing(
    owed: Delivery, server: MailServer, settings: Any
) -> None:
    settings.EMAIL_USE_TLS = True
    status, why = fate(owed)
    assert (status, server.accepted) == ("retrying", [])
    assert "STARTTLS" in why


def test_who_was_overtaken_breaks_off_before_the_final_dot(
    owed: Delivery, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DeliveryManager, "begin_transmission", lambda *_: None)
    began = time.monotonic()
    deliver(owed.pk)
    assert time.monotonic() - began < 0.5, "it waited for an answer to QUIT"
    assert Delivery.objects.get(pk=owed.pk).state == State.SENDING
    assert not server.accepted
