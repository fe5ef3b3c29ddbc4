import smtplib
import threading
from collections.abc import Callable
from datetime import timedelta
from email.utils import parsedate_to_datetime
from unittest.mock import patch

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import DatabaseError
from django.utils import timezone

from feedback import delivery, letter, outcome
from feedback.delivery import deliver
from feedback.models import Alarm, Delivery, State
from feedback.models.queue import DeliveryManager
from feedback.outcome import recover_lost


def reload(delivery: Delivery) -> Delivery:
    return Delivery.objects.get(pk=delivery.pk)


def again(delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(due_at=timezone.now())
    deliver(delivery.pk)


class Failing:
    """Makes Django's in-memory backend fail at one step."""

    def __init__(self, step: str, error: Exception) -> None:
        self.patch = patch.object(EmailBackend, step, side_effect=error)

    def __enter__(self) -> None:
        self.patch.start()

    def __exit__(self, *_: object) -> None:
        self.patch.stop()


def test_an_owed_email_is_sent_once(owed: Delivery, outbox: list[EmailMessage]) -> None:
    deliver(owed.pk)
    deliver(owed.pk)
    assert [message.to for message in outbox] == [["ada@example.org"]]
    assert reload(owed).state == State.SENT


def test_an_unknown_delivery_is_no_error(db: None, outbox: list[EmailMessage]) -> None:
    deliver(4711)
    assert not outbox


def test_the_transmission_is_marked_before_a_backend_may_send(owed: Delivery) -> None:
    marked = []
    with patch.object(EmailBackend, "send_messages", lambda *_: marked.append(reload(owed).transmitting)):
        deliver(owed.pk)
    assert marked == [True]


def test_an_email_is_sent_before_the_goodbye(owed: Delivery) -> None:
    seen = []
    with patch.object(EmailBackend, "close", lambda _: seen.append(reload(owed).state)):
        deliver(owed.pk)
    assert seen == [State.SENT]


def test_a_goodbye_that_fails_changes_nothing(owed: Delivery) -> None:
    with Failing("close", smtplib.SMTPServerDisconnected("gone")):
        deliver(owed.pk)
    assert reload(owed).state == State.SENT


def test_a_connection_that_fails_is_tried_again_with_the_same_message_id(
    owed: Delivery, outbox: list[EmailMessage]
) -> None:
    with Failing("open", ConnectionRefusedError("refused")):
        deliver(owed.pk)
    assert reload(owed).status == "retrying"
    again(owed)
    assert reload(owed).state == State.SENT
    assert outbox[0].extra_headers["Message-ID"] == owed.message_id
    assert parsedate_to_datetime(outbox[0].extra_headers["Date"]) == owed.created_at.replace(microsecond=0)


def test_a_refused_address_fails_at_once_with_the_servers_words(owed: Delivery) -> None:
    refusal = smtplib.SMTPRecipientsRefused({"ada@example.org": (550, b"5.1.1 no such user")})
    with Failing("send_messages", refusal):
        deliver(owed.pk)
    assert reload(owed).state == State.FAILED
    assert reload(owed).moves[-1].why == "550 5.1.1 no such user"


def test_a_line_that_breaks_while_the_server_may_have_it_is_unconfirmed_and_not_repeated(
    owed: Delivery,
) -> None:
    with Failing("send_messages", smtplib.SMTPServerDisconnected("Connection unexpectedly closed")):
        deliver(owed.pk)
    assert reload(owed).state == State.UNCONFIRMED
    again(owed)
    assert reload(owed).state == State.UNCONFIRMED


def test_a_backend_that_sends_nothing_is_not_believed(owed: Delivery) -> None:
    with patch.object(EmailBackend, "send_messages", lambda *_: 0):
        deliver(owed.pk)
    assert reload(owed).state == State.UNCONFIRMED


def test_who_was_overtaken_sends_nothing(owed: Delivery, outbox: list[EmailMessage]) -> None:
    with patch.object(DeliveryManager, "begin_transmission", lambda *_: None):
        deliver(owed.pk)
    assert not outbox
    assert reload(owed).state == State.SENDING


def test_a_template_that_breaks_is_tried_again(owed: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Delivery) -> EmailMessage:
        raise KeyError("name")

    monkeypatch.setattr(letter, "compose", broken)
    deliver(owed.pk)
    assert reload(owed).status == "retrying"


def test_the_pauses_grow_from_seconds_to_an_hour(owed: Delivery) -> None:
    pauses = []
    for _ in range(7):
        with Failing("open", ConnectionRefusedError("refused")):
            again(owed)
        pauses.append((reload(owed).due_at - timezone.now()).total_seconds())
    for pause, goal in zip(pauses, (5, 10, 30, 60, 300, 900, 3600), strict=True):
        assert 0.75 * goal < pause <= 1.2 * goal


def test_a_delivery_fails_when_its_budget_is_spent(owed: Delivery) -> None:
    Delivery.objects.filter(pk=owed.pk).update(retries=outcome.BUDGET)
    with Failing("open", ConnectionRefusedError("refused")):
        deliver(owed.pk)
    assert reload(owed).state == State.FAILED


def test_the_simulated_work_happens_while_sending(
    owed: Delivery, settings: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    settings.SIMULATED_WORK_SECONDS = 20  # type: ignore[attr-defined]
    monkeypatch.setattr("time.sleep", lambda seconds: seen.append((seconds, reload(owed).state)))
    deliver(owed.pk)
    assert seen == [(20, State.SENDING)]
    assert len(mail.outbox) == 1


def test_a_refused_login_raises_one_alarm_and_burns_no_budget(owed: Delivery) -> None:
    for _ in range(2):
        with Failing("open", smtplib.SMTPAuthenticationError(535, b"bad password")):
            deliver(owed.pk)
    assert Alarm.objects.get().why == "535 bad password"
    fresh = reload(owed)
    assert (fresh.status, fresh.attempt, fresh.retries) == ("retrying", 1, 0)


def test_an_outcome_survives_a_database_that_is_away_for_a_moment(
    owed: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    faults = [DatabaseError("away"), DatabaseError("away")]
    mark_sent = DeliveryManager.mark_sent

    def sometimes(self: DeliveryManager, accepted: dict[Delivery, str]) -> int:
        if faults:
            raise faults.pop()
        return mark_sent(self, accepted)

    monkeypatch.setattr(DeliveryManager, "mark_sent", sometimes)
    monkeypatch.setattr(outcome, "close_old_connections", lambda: None)
    deliver(owed.pk)
    assert reload(owed).state == State.SENT


@pytest.mark.parametrize("given_up", [False, True])
def test_a_mark_that_is_made_but_not_answered_for_sent_nothing(
    owed: Delivery, outbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch, given_up: bool
) -> None:
    begin_transmission = DeliveryManager.begin_transmission

    def unanswered(self: DeliveryManager, claims: list[Delivery]) -> None:
        begin_transmission(self, claims)
        for claim in claims:
            if given_up:
                Delivery.objects.get(pk=claim.pk).mark_unconfirmed("its worker is gone")
            claim.transmitting = False
        raise DatabaseError("the server closed the connection")

    monkeypatch.setattr(DeliveryManager, "begin_transmission", unanswered)
    monkeypatch.setattr(outcome, "close_old_connections", lambda: None)
    deliver(owed.pk)
    assert not outbox
    fresh = reload(owed)
    assert (fresh.status, fresh.ended_at) == ("retrying", None)


def test_an_email_whose_worker_ended_before_the_mark_is_tried_again(owed: Delivery) -> None:
    Delivery.objects.claim(owed.pk)
    Delivery.objects.filter(pk=owed.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    recover_lost()
    fresh = Delivery.objects.get(pk=owed.pk)
    assert (fresh.status, fresh.retries) == ("retrying", 1)
    assert fresh.due_at <= timezone.now()
    assert fresh.moves[-1].why == "the worker ended before anything was sent"


def test_an_email_whose_worker_ended_after_the_mark_is_unconfirmed(owed: Delivery) -> None:
    claimed = Delivery.objects.claim(owed.pk)
    assert claimed
    Delivery.objects.begin_transmission([claimed])
    Delivery.objects.filter(pk=owed.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    recover_lost()
    fresh = Delivery.objects.get(pk=owed.pk)
    assert fresh.state == State.UNCONFIRMED
    assert fresh.moves[-1].why == "the worker ended while the mail server was answering"


def test_an_email_that_kills_its_workers_fails_in_the_end(owed: Delivery) -> None:
    Delivery.objects.update(retries=125)
    Delivery.objects.claim(owed.pk)
    Delivery.objects.filter(pk=owed.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    recover_lost()
    assert Delivery.objects.get(pk=owed.pk).state == State.FAILED


def test_no_address_is_in_the_log(owed: Delivery, caplog: pytest.LogCaptureFixture) -> None:
    refusal = smtplib.SMTPRecipientsRefused(
        {"ada@example.org": (550, b"5.1.1 <ada@example.org>: no\nforged")}
    )
    with Failing("send_messages", refusal):
        deliver(owed.pk)
    assert f"delivery {owed.pk}: failed after 550" in caplog.text
    assert "ada@" not in caplog.text
    assert "forged" not in caplog.text


def test_one_ring_sends_along_what_else_is_due(
    submit: Callable[..., Delivery], outbox: list[EmailMessage]
) -> None:
    first = submit()
    submit()
    deliver(first.pk)
    assert len(outbox) == 1
    deliver(first.pk, others=True)
    assert len(outbox) == 4


def test_a_ring_for_what_was_sent_already_is_as_good(owed: Delivery, outbox: list[EmailMessage]) -> None:
    deliver(owed.pk)
    deliver(owed.pk, others=True)
    assert len(outbox) == 2


def test_a_fault_ends_the_run(submit: Callable[..., Delivery]) -> None:
    first = submit()
    submit()
    with Failing("open", ConnectionRefusedError("refused")):
        deliver(first.pk, others=True)
    assert Delivery.objects.filter(retries__gt=0).count() == 1


def test_a_process_that_is_to_end_takes_no_more_than_it_has_in_hand(
    owed: Delivery, outbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "finishing", threading.Event())
    delivery.finishing.set()
    deliver(owed.pk, others=True)
    assert len(outbox) == 1


def test_a_database_that_fails_as_a_claim_is_read_leaves_none_in_hand(
    submit: Callable[..., Delivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = submit()
    read, calls = Delivery.objects.read_feedback, list[Delivery]()

    def fail_once(claims: list[Delivery]) -> None:
        calls.extend(claims)
        if len(calls) == 2:
            raise DatabaseError("the connection is closed")
        read(claims)

    monkeypatch.setattr(Delivery.objects, "read_feedback", fail_once)
    deliver(first.pk, others=True)
    second = reload(calls[1])
    assert (reload(first).state, second.state, second.retries) == ("sent", "queued", 1)
