"""A broker for Dramatiq to which Redis is a doorbell: a list of messages for each queue, and no more.

The rows are what is owed, so no message need outlive who took it: the sweeper rings again. Dramatiq's
own Redis broker guards each with two copies, an acknowledgement and heartbeats, and looks at an idle
queue once a second; here a message is pushed, and popped by the one who waits for it.
"""

import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import dramatiq
import redis
from dramatiq import Message, MessageProxy
from dramatiq.errors import ConnectionClosed

from project.redis_url import connect

WAIT_SECONDS = 0.5  # below REPLY_SECONDS, or the wait itself would look like a silent Redis


class Broker(dramatiq.Broker):
    def __init__(self, *, url: str, middleware: list[dramatiq.Middleware] | None = None) -> None:
        super().__init__(middleware)
        self.client = connect(url)
        self.queues: dict[str, str] = {}  # the key of each

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues[queue_name] = f"dramatiq:rings:{queue_name}"
            self.emit_after("declare_queue", queue_name)

    def enqueue(self, message: Message[object], *, delay: int | None = None) -> Message[object]:
        if delay is not None:
            raise NotImplementedError("Redis forgets what waits in it; write into a row when it is due")
        self.emit_before("enqueue", message, delay)
        self.client.rpush(self.queues[message.queue_name], message.encode())
        self.emit_after("enqueue", message, delay)
        return message

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 30_000) -> "Consumer":
        return Consumer(self.client, self.queues[queue_name], prefetch)

    def length(self, queue_name: str) -> int:
        """Return how many messages nobody has taken yet."""
        return int(self.client.llen(self.queues[queue_name]))


class Consumer(dramatiq.Consumer):
    """Takes messages as they come, but no more where `prefetch` of its own are not done with.

    Dramatiq makes another after each fault of Redis.
    """

    def __init__(self, client: redis.Redis, key: str, prefetch: int) -> None:
        self.client = client
        self.key = key
        self.prefetch = prefetch
        self.taken: set[str] = set()
        self.room = threading.Event()

    def __next__(self) -> MessageProxy | None:
        self.room.clear()
        if len(self.taken) >= self.prefetch:
            self.room.wait(WAIT_SECONDS)
            return None
        try:
            found: Any = self.client.blpop([self.key], WAIT_SECONDS)
        except redis.RedisError as error:  # also one that is a replica now, or refuses us
            raise ConnectionClosed(error) from None
        if not found:
            return None
        message = MessageProxy(Message.decode(found[1]))
        self.taken.add(message.message_id)
        return message

    def ack(self, message: MessageProxy) -> None:
        self.taken.discard(message.message_id)
        self.room.set()

    nack = ack

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        if data := [message.encode() for message in messages]:
            with suppress(redis.RedisError):  # the sweeper rings for them
                self.client.rpush(self.key, *data)
