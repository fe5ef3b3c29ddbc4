"""What each step costs, counted: unlike time, it is the same on every machine. Lower it, never raise it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from dramatiq.brokers.stub import StubBroker
from redis.connection import AbstractConnection

from feedback import tasks
from feedback.clock import JOBS, run_due_jobs
from feedback.connection import Connection
from feedback.delivery import deliver
from feedback.lease import renew_leases
from feedback.models import Delivery, Worker
from feedback.models.queue import IN_ORDER
from feedback.outcome import recover_lost
from feedback.pool import Pool, pool
from feedback.sweeper import sweep
from feedback.turn import turn
from project.broker import Broker
from tests.mail_server import MailServer
from tests.redis_server import RedisServer
from tests.runner.running import wait_until
from tests.test_broker import consumer, next_message

FIELDS = {"email": "ada@example.org", "message": "The door is too heavy.", "xtopic": ""}

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def statements() -> Iterator[list[str]]:
    """Give the first word of each statement, in the end; a transaction shows as BEGIN … COMMIT."""
    verbs: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield verbs
    verbs += [query["sql"].split(IN_ORDER["postgresql"])[-1].split()[0] for query in captured]


def commits(verbs: list[str]) -> int:
    """Count what the disk has to confirm: each transaction, and each write outside of one."""
    count, inside = 0, False
    for verb in verbs:
        inside = verb == "BEGIN" or (inside and verb != "COMMIT")
        count += verb == "COMMIT" or (not inside and verb in ("WITH", "INSERT", "UPDATE", "DELETE"))
    return count


@pytest.fixture
def redis_broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    with TemporaryDirectory(prefix="redis-") as folder:
        server = RedisServer(Path(folder))
        broker = Broker(url=server.url, middleware=[])
        broker.declare_queue("email")
        monkeypatch.setattr(tasks.deliver, "broker", broker)
        monkeypatch.setattr(tasks, "_silent_until", 0)
        yield broker
        broker.client.close()
        server.stop()


@pytest.fixture
def round_trips(redis_broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Count what goes to Redis over connections that are open."""
    redis_broker.enqueue(tasks.deliver.message(0))
    warm = next_message(consumer(redis_broker))
    assert warm
    consumer(redis_broker).ack(warm)
    sent: list[object] = []
    send: Callable[..., None] = AbstractConnection.send_packed_command

    def counted(self: AbstractConnection, command: object, check_health: bool = True) -> None:
        sent.append(command)
        send(self, command, check_health)

    monkeypatch.setattr(AbstractConnection, "send_packed_command", counted)
    return lambda: len(sent)


def test_a_post_is_two_inserts_and_one_commit(client: Client, broker: StubBroker) -> None:
    with statements() as verbs:
        client.post("/", FIELDS)
    assert verbs == ["BEGIN", "INSERT", "INSERT", "COMMIT"]
    assert commits(verbs) == 1


def test_thanks_are_counted_where_nobody_else_can_write(client: Client, settings: LazySettings) -> None:
    settings.RATE_LIMITS = ((10, 60),)
    with statements() as verbs:
        client.post("/", FIELDS)
    assert verbs[-5:] == ["BEGIN", "SELECT", "INSERT", "INSERT", "COMMIT"]


def test_a_post_asks_redis_once_for_each_email(client: Client, round_trips: Callable[[], int]) -> None:
    client.post("/", FIELDS)
    assert Delivery.objects.count() == 2
    assert round_trips() == 2


def test_a_poll_that_finds_nothing_new_is_one_query_and_few_bytes(client: Client, owed: Delivery) -> None:
    address = _poll(owed)
    seen = client.get(address).text.split("seen=")[1].split('"')[0]
    with statements() as verbs:
        response = client.get(address, {"seen": seen})
    assert (response.status_code, verbs) == (204, ["SELECT"])
    assert (len(response.content), _size(response)) == (0, 600)


def test_a_poll_that_finds_something_new_is_one_query_and_one_fragment(
    client: Client, owed: Delivery
) -> None:
    with statements() as verbs:
        response = client.get(_poll(owed), {"seen": "nothing"})
    assert verbs == ["SELECT"]
    assert (len(response.content), _size(response)) == (1473, 2076)


def test_a_delivery_is_three_commits_and_one_conversation(owed: Delivery, mail_server: MailServer) -> None:
    with statements() as verbs:
        deliver(owed.pk)
    # Claim; begin to transmit; sent.
    assert verbs == ["WITH", "UPDATE", "UPDATE"]
    assert commits(verbs) == 3
    wait_until(lambda: "QUIT" in mail_server.steps)
    assert mail_server.steps == ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "DOT", "QUIT"]


def test_several_deliveries_side_by_side_are_three_commits_too(
    submit: Callable[..., Delivery], mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_most", 16)
    monkeypatch.setattr(Pool, "_take", lambda self, most: [Connection() for _ in range(most)])
    owed = submit()
    submit()
    deliver(owed.pk)
    with statements() as verbs:
        deliver(owed.pk, others=True)
    assert Delivery.objects.filter(state="sent").count() == 4
    # None for the ring; a look, claim and what was said; begin to transmit; sent; another look.
    looks = [] if connection.vendor == "postgresql" else ["SELECT"]
    last = looks or ["WITH"]
    assert verbs == ["WITH", *looks, "WITH", "SELECT", "UPDATE", "UPDATE", *last]
    assert commits(verbs[1 + len(looks) : -1]) == 3


@pytest.mark.skipif(connection.vendor == "postgresql", reason="there nobody waits for another row's write")
def test_a_ring_that_comes_too_late_looks_before_it_claims_another(
    owed: Delivery, mail_server: MailServer
) -> None:
    Delivery.objects.exclude(pk=owed.pk).delete()
    deliver(owed.pk)
    with statements() as verbs:
        deliver(owed.pk, others=True)
    assert verbs == ["WITH", "SELECT"]


@pytest.mark.skipif(connection.vendor == "postgresql", reason="there nobody waits for another row's write")
def test_a_ring_that_had_to_wait_only_looks_whether_its_email_is_sent(
    owed: Delivery, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "awaited", lambda: nullcontext((True, True)))
    tasks.deliver(owed.pk)
    assert not Delivery.objects.exclude(state="sent").exists()
    with statements() as verbs:
        tasks.deliver(owed.pk)
    assert verbs == ["SELECT", "SELECT"], "a look for its own, and one for what others are due"


def test_a_message_is_a_round_trip_to_send_and_one_to_take(
    redis_broker: Broker, round_trips: Callable[[], int]
) -> None:
    for number in range(8):
        redis_broker.enqueue(tasks.deliver.message(number))
    rung = round_trips()
    taking = consumer(redis_broker, prefetch=8)
    for _ in range(8):
        message = next_message(taking)
        assert message
        taking.ack(message)
    assert (rung, round_trips() - rung) == (8, 8)


def test_an_idle_worker_commits_only_its_heartbeat(broker: StubBroker) -> None:
    Worker.objects.beat()
    run_due_jobs()
    with statements() as kept:
        renew_leases()
        Worker.objects.beat()
        recover_lost()
    with statements() as swept:
        run_due_jobs()
        sweep()
    assert kept == ["BEGIN", "SELECT", "UPDATE", "COMMIT", "SELECT"]
    assert swept == ["SELECT"] * (1 + len(JOBS) + 3)  # a copy, each slot; paused, alarmed, unrung
    assert commits(kept + swept) == 1


def _poll(owed: Delivery) -> str:
    return f"/feedback/{owed.feedback_id}/status/"


def _size(response: Any) -> int:
    return len(response.serialize())  # the test client's own class of it has no type
