import smtplib
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone
from dramatiq.brokers.stub import StubBroker

from feedback import sweeper, tasks
from feedback.models import Alarm, Delivery, State
from feedback.sweeper import BATCH, BUSY_SECONDS, EVERY_SECONDS, LONGEST_QUEUE, sweep


@pytest.fixture(autouse=True)
def queue(broker: StubBroker) -> Iterator[StubBroker]:
    tasks._silent_until = 0
    yield broker
    tasks._silent_until = 0


def overlooked(**changes: object) -> None:
    Delivery.objects.update(ring_at=timezone.now() - timedelta(seconds=1), **changes)


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def test_what_was_never_rung_is_rung_once(owed: Delivery, queue: StubBroker) -> None:
    overlooked()
    assert sweep() == EVERY_SECONDS
    sweep()
    assert queue.queues["email"].qsize() == 2


def test_without_redis_the_sweeper_delivers_by_itself(
    owed: Delivery, outbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "queue_length", lambda: None)
    monkeypatch.setattr(tasks, "ring", lambda ids: False)
    overlooked()
    sweep()
    assert len(outbox) == 2
    assert states() == ["sent", "sent"]


def test_without_redis_one_refused_address_does_not_hold_up_the_others(
    owed: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "queue_length", lambda: None)
    monkeypatch.setattr(tasks, "ring", lambda ids: False)
    overlooked()
    refusal = smtplib.SMTPRecipientsRefused({"ada@example.org": (550, b"no such user")})
    with patch.object(EmailBackend, "send_messages", side_effect=[refusal, 1]):
        sweep()
    assert states() == ["failed", "sent"]


def test_a_sweeper_that_is_to_stop_leaves_the_rest(
    owed: Delivery, outbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "ring", lambda ids: False)
    overlooked()
    told = threading.Event()
    told.set()
    monkeypatch.setattr(sweeper, "finishing", told)
    sweep()
    assert not outbox


def test_a_backlog_is_rung_in_bounded_batches_without_a_pause(
    submit: Callable[..., Delivery], queue: StubBroker
) -> None:
    for _ in range(BATCH):
        submit()
    overlooked()
    assert sweep() == BUSY_SECONDS
    assert queue.queues["email"].qsize() == BATCH


@pytest.mark.parametrize(
    ("waiting", "rung"), [(LONGEST_QUEUE, 0), (LONGEST_QUEUE + 5, 0), (LONGEST_QUEUE - 1, 1)]
)
def test_the_queue_is_never_made_longer_than_its_bound(
    owed: Delivery, queue: StubBroker, monkeypatch: pytest.MonkeyPatch, waiting: int, rung: int
) -> None:
    monkeypatch.setattr(tasks, "queue_length", lambda: waiting)
    overlooked()
    sweep()
    assert queue.queues["email"].qsize() == rung


def test_while_an_alarm_is_raised_one_email_probes_and_ends_it(
    submit: Callable[..., Delivery], outbox: list[EmailMessage], queue: StubBroker
) -> None:
    submit(), submit()
    overlooked()
    Alarm.objects.raise_for("535 bad password")
    sweep()
    assert (len(outbox), queue.queues["email"].qsize()) == (0, 0)
    Alarm.objects.update(probe_at=timezone.now())
    sweep()
    assert len(outbox) == 1
    assert not Alarm.objects.exists()
    sweep()
    assert queue.queues["email"].qsize() == 3


@pytest.mark.parametrize("error", [ConnectionRefusedError("refused"), smtplib.SMTPConnectError(421, b"busy")])
def test_a_probe_that_could_not_even_connect_leaves_the_alarm(owed: Delivery, error: Exception) -> None:
    overlooked()
    Alarm.objects.raise_for("535 bad password")
    Alarm.objects.update(probe_at=timezone.now())
    with patch.object(EmailBackend, "open", side_effect=error):
        sweep()
    assert Alarm.objects.exists()


def test_a_probe_whose_own_address_is_refused_ends_the_alarm(owed: Delivery) -> None:
    overlooked()
    Alarm.objects.raise_for("535 bad password")
    Alarm.objects.update(probe_at=timezone.now())
    refusal = smtplib.SMTPRecipientsRefused({"ada@example.org": (550, b"no such user")})
    with patch.object(EmailBackend, "send_messages", side_effect=refusal):
        sweep()
    assert not Alarm.objects.exists()


def test_a_probe_that_is_refused_leaves_the_alarm(owed: Delivery) -> None:
    overlooked()
    Alarm.objects.raise_for("535 bad password")
    Alarm.objects.update(probe_at=timezone.now())
    with patch.object(EmailBackend, "open", side_effect=smtplib.SMTPAuthenticationError(535, b"no")):
        sweep()
    assert Alarm.objects.exists()
    assert Delivery.objects.filter(retries__gt=0).count() == 0
    assert set(states()) == {State.QUEUED}


def test_an_idle_sweep_costs_three_queries(
    owed: Delivery, django_assert_num_queries: Callable[..., object]
) -> None:
    with django_assert_num_queries(3):  # type: ignore[attr-defined]
        sweeper.sweep()
