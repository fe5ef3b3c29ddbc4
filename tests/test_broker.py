"""The broker against a real Redis."""

import os
import signal
import socket
import statistics
import threading
import time
from collections.abc import Iterator

import pytest
import redis
from dramatiq import Message, MessageProxy
from dramatiq.errors import ConnectionClosed

from project.broker import Broker, Consumer
from tests.redis_server import RedisServer


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    server = RedisServer()
    yield server
    server.stop()


@pytest.fixture
def broker(server: RedisServer) -> Iterator[Broker]:
    server.client.flushall()
    broker = Broker(url=server.url, middleware=[])
    broker.declare_queue("email")
    yield broker
    broker.client.close()


def message() -> Message[None]:
    return Message(queue_name="email", actor_name="deliver", args=(1,), kwargs={}, options={})


def consumer(broker: Broker, prefetch: int = 8) -> Consumer:
    return broker.consume("email", prefetch=prefetch)


def next_message(consumer: Consumer, seconds: float = 5) -> MessageProxy | None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := next(consumer):
            return found
    return None


def test_a_waiting_consumer_has_a_message_within_milliseconds(broker: Broker) -> None:
    waiting = consumer(broker)
    assert (
        statistics.median(delay(broker, waiting) for _ in range(15)) < 0.03
    )  # Dramatiq's own: 0.15 and more


def delay(broker: Broker, waiting: Consumer) -> float:
    """Return the seconds from a ring to its receipt by a consumer that has begun to wait."""
    rung: list[float] = []

    def ring() -> None:
        rung.append(time.monotonic())
        broker.enqueue(message())

    assert next(waiting) is None
    ringing = threading.Timer(0.05, ring)
    ringing.start()
    found = next_message(waiting)
    received = time.monotonic()
    ringing.join()  # who rings may read Redis's answer after the message has arrived
    assert found
    waiting.ack(found)
    return received - rung[0]


def test_an_idle_consumer_looks_at_redis_twice_a_second(broker: Broker) -> None:
    idle = consumer(broker)
    before = commands(broker)
    deadline = time.monotonic() + 1.1
    while time.monotonic() < deadline:
        next(idle)
    assert commands(broker) - before <= 6  # ours too; Dramatiq's own: 56


def commands(broker: Broker) -> int:
    return int(broker.client.info("stats")["total_commands_processed"])


def test_a_message_wakes_one_consumer_only(broker: Broker) -> None:
    found: list[MessageProxy | None] = []
    waiting = [threading.Thread(target=lambda: found.append(next(consumer(broker)))) for _ in range(2)]
    for thread in waiting:
        thread.start()
    broker.enqueue(message())
    for thread in waiting:
        thread.join()
    assert sorted(one is None for one in found) == [False, True]
    assert broker.length("email") == 0


def test_what_a_worker_gives_back_is_taken_by_another(broker: Broker) -> None:
    for _ in range(2):
        broker.enqueue(message())
    one, other = consumer(broker), consumer(broker)
    first, second = next(one), next(one)
    assert first
    assert second
    one.requeue([first, second])
    assert broker.length("email") == 2
    back = next(other)
    assert back
    assert (back.message_id, back.args) == (first.message_id, (1,))


def test_a_delay_is_refused_since_redis_forgets(broker: Broker) -> None:
    with pytest.raises(NotImplementedError, match="row"):
        broker.enqueue(message(), delay=1000)
    assert broker.length("email") == 0


@pytest.mark.parametrize("done", ["ack", "nack"])
def test_a_full_consumer_takes_the_next_message_once_there_is_room(broker: Broker, done: str) -> None:
    broker.enqueue(message())
    broker.enqueue(message())
    full = consumer(broker, prefetch=1)
    first = next_message(full)
    assert first
    assert seconds_of_nothing(full) > 0.4
    making_room = threading.Timer(0.05, getattr(full, done), [first])
    making_room.start()
    assert seconds_of_nothing(full) < 0.4
    making_room.join()
    assert next(full)
    assert seconds_of_nothing(full) > 0.4, "it should wait for room, not spin"


def seconds_of_nothing(full: Consumer) -> float:
    began = time.monotonic()
    assert next(full) is None
    return time.monotonic() - began


def test_a_silent_redis_is_given_up_after_a_second(server: RedisServer, broker: Broker) -> None:
    broker.enqueue(message())
    os.kill(server.process.pid, signal.SIGSTOP)
    began = time.monotonic()
    try:
        with pytest.raises(redis.TimeoutError):
            broker.enqueue(message())
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    assert time.monotonic() - began < 1.5


def test_a_consumer_leaves_a_primary_that_became_a_replica(server: RedisServer, broker: Broker) -> None:
    waiting = consumer(broker)
    assert next(waiting) is None
    demoting = threading.Timer(0.1, server.client.replicaof, ["127.0.0.1", 1])
    demoting.start()
    try:
        with pytest.raises(ConnectionClosed, match="UNBLOCKED"):
            next(waiting)
        with pytest.raises(ConnectionClosed):  # as a replica, or because it hung up
            next(waiting)
    finally:
        demoting.join()
        server.client.replicaof("NO", "ONE")


def test_a_redis_that_ends_hinders_no_worker() -> None:
    server = RedisServer()
    broker = Broker(url=server.url, middleware=[])
    broker.declare_queue("email")
    broker.enqueue(message())
    one = consumer(broker)
    found = next_message(one)
    assert found
    server.stop()
    one.ack(found)
    one.nack(found)
    one.requeue([found])
    with pytest.raises(ConnectionClosed):
        next(one)


def test_the_first_rings_of_a_process_wait_for_a_silent_redis_together() -> None:
    waits: list[float] = []

    def ring(broker: Broker) -> None:
        began = time.monotonic()
        with pytest.raises(redis.RedisError):
            broker.enqueue(message())
        waits.append(time.monotonic() - began)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        broker = Broker(url=f"redis://127.0.0.1:{silent.getsockname()[1]}", middleware=[])
        broker.declare_queue("email")
        threads = [threading.Thread(target=ring, args=[broker]) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(waits) == 2
    assert max(waits) < 1.5
