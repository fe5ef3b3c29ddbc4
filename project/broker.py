"""Dramatiq's Redis broker, made quick to fail and quick to wake.

To fail: with `url=` the broker drops redis-py's timeouts, and with `host=` a silent Redis holds a
web request for 59 s. With our client it is 1 s at worst.

To wake: Dramatiq's consumer sleeps up to a second between two looks at an idle queue, so an email
took 150-220 ms to begin. This one waits on the queue's own list instead.
"""

import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import redis
from dramatiq import MessageProxy
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.errors import ConnectionClosed

from project.redis_url import connect

WAIT_SECONDS = 0.5  # below REPLY_SECONDS, or the wait itself would look like a silent Redis


class Broker(RedisBroker):
    # Dramatiq would ask Redis for this at a process's first ring, under a lock: with Redis silent the
    # second thread waited for the first one's timeout and then for its own. Redis can do 7992.
    _max_unpack_size_val = 999  # type: ignore[assignment]

    def __init__(self, *, url: str, **options: Any) -> None:
        # A message that a killed worker held comes back after 10 s instead of 1 to 26 minutes.
        quick = {"heartbeat_timeout": 10_000, "maintenance_chance": 1_000_000}
        super().__init__(client=connect(url), **quick, **options)

    @property
    def consumer_class(self) -> type[_RedisConsumer]:
        return WakingConsumer


class WakingConsumer(_RedisConsumer):
    """Waits, once it found nothing to take, until there is a message or room for one."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.room = threading.Event()

    def ack(self, message: MessageProxy) -> None:
        # With Redis away Dramatiq would try this every 5 s, and neither the thread nor a worker that
        # was told to stop could go on. A message that comes back finds nothing to claim.
        with suppress(ConnectionClosed, redis.RedisError):
            super().ack(message)
        self.room.set()

    def nack(self, message: MessageProxy) -> None:
        with suppress(ConnectionClosed, redis.RedisError):
            super().nack(message)
        self.room.set()

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        with suppress(redis.RedisError):  # the sweeper rings for them
            super().requeue(messages)

    def __next__(self) -> MessageProxy | None:
        try:
            if self.misses:
                self._wait()
            message: MessageProxy | None = super().__next__()
            return message
        except redis.RedisError as error:  # also one that is a replica now, or refuses us
            raise ConnectionClosed(error) from None

    def _wait(self) -> None:
        self.misses = 0
        self.room.clear()
        if self.outstanding_message_count >= self.prefetch:
            self.room.wait(WAIT_SECONDS)
            return
        # Moving the list's head to its head changes nothing, but blocks while the list is empty.
        key = f"{self.broker.namespace}:{self.queue_name}"
        self.broker.client.blmove(key, key, WAIT_SECONDS, "LEFT", "LEFT")
