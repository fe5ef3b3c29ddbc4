import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext

import pytest
import redis
from django.core.mail import EmailMessage
from django.db import transaction
from django.test import Client
from dramatiq import Worker
from dramatiq.brokers.stub import StubBroker

from feedback import tasks
from feedback.models import Delivery, Feedback, State
from feedback.tasks import deliver_later, ring
from feedback.turn import turn
from tests.mail_server import MailServer

FIELDS = {"email": "ada@example.org", "message": "The door is too heavy."}


@pytest.fixture(autouse=True)
def not_silent() -> Iterator[None]:
    tasks._silent_until = 0
    yield
    tasks._silent_until = 0


@pytest.fixture
def broken_redis(broker: StubBroker, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    calls = []

    def enqueue(*_: object, **__: object) -> None:
        calls.append(1)
        raise redis.ConnectionError("refused")

    monkeypatch.setattr(broker, "enqueue", enqueue)
    return calls


def test_nothing_rings_before_the_commit(owed: Delivery, broker: StubBroker) -> None:
    deliver_later([owed])
    assert broker.queues["email"].qsize() == 0


@pytest.mark.django_db(transaction=True)
def test_a_commit_rings_with_the_id_only(owed: Delivery, broker: StubBroker) -> None:
    with transaction.atomic():
        deliver_later([owed])
        assert broker.queues["email"].qsize() == 0
    assert b'"args":[%d],"kwargs":{}' % owed.pk in broker.queues["email"].queue[0]


@pytest.mark.django_db(transaction=True)
def test_a_ring_that_fails_never_fails_the_post(
    client: Client, broken_redis: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    assert client.post("/", FIELDS).status_code == 303
    assert Feedback.objects.count() == 1
    assert "the sweeper will deliver what is owed" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_after_a_failed_ring_a_process_is_silent_for_a_while(client: Client, broken_redis: list[int]) -> None:
    client.post("/", FIELDS)
    client.post("/", FIELDS)
    assert len(broken_redis) == 1


def test_after_the_silence_one_ring_is_tried_for_all(
    broker: StubBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[bool] = []

    def enqueue(*_: object, **__: object) -> None:
        meanwhile = True if heard else ring([2])
        heard.append(meanwhile)

    monkeypatch.setattr(tasks, "_silent_until", time.monotonic() - 1)
    monkeypatch.setattr(broker, "enqueue", enqueue)
    assert ring([1])
    assert ring([3]), "still silent after Redis was heard"
    assert heard == [False, True]


def test_who_rings_for_nothing_does_not_end_the_silence(
    broker: StubBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = time.monotonic() - 1
    monkeypatch.setattr(tasks, "_silent_until", over)
    assert ring([])
    assert tasks._silent_until == over


# Django never closes a database in memory, which Python 3.13 remarks when the worker's thread ends.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <sqlite3:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.django_db(transaction=True)
def test_a_worker_delivers_what_was_rung(
    client: Client, broker: StubBroker, outbox: list[EmailMessage]
) -> None:
    client.post("/", FIELDS)
    worker = Worker(broker, worker_timeout=10, worker_threads=1)  # one: SQLite in memory locks tables
    worker.start()
    try:
        broker.join("email", timeout=5000)
        worker.join()
    finally:
        worker.stop()
    assert sorted(message.to[0] for message in outbox) == ["ada@example.org", "owner@example.org"]
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.SENT}


@pytest.mark.parametrize(("ours", "waited", "sent"), [(True, False, 4), (True, True, 4), (False, True, 1)])
def test_a_ring_sends_its_email_and_all_others_where_it_has_the_turn(
    submit: Callable[..., Delivery],
    outbox: list[EmailMessage],
    monkeypatch: pytest.MonkeyPatch,
    ours: bool,
    waited: bool,
    sent: int,
) -> None:
    submit()
    own = submit(email="grace@example.org")
    monkeypatch.setattr(turn, "awaited", lambda: nullcontext((ours, waited)))
    tasks.deliver(own.pk)
    assert len(outbox) == sent
    assert outbox[0].to == ["grace@example.org"]


def test_a_ring_that_waited_sends_its_email_whatever_befalls_the_others(
    submit: Callable[..., Delivery], mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit()
    own = submit(email="grace@example.org")
    refused = {"RCPT TO:<grace@example.org>": None}
    mail_server.misbehave = lambda at, text: refused.get(text, "451 later") if at == "RCPT" else None
    monkeypatch.setattr(turn, "awaited", lambda: nullcontext((True, True)))
    tasks.deliver(own.pk)
    assert [delivery.status for delivery in Delivery.objects.filter(pk=own.pk)] == ["sent"]
    assert Delivery.objects.filter(state=State.QUEUED, retries=1).exists()
