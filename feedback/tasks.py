"""The queue, and nothing else: Redis is a doorbell, the row is the truth."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import dramatiq
import redis
from django.db import transaction

from feedback import delivery
from feedback.digest import owe_digests
from feedback.models import Delivery
from feedback.turn import turn
from project.broker import Broker

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

SILENCE_SECONDS = 5  # after Redis failed, so that not every visitor waits for its timeout
_silent_until = 0.0


@dramatiq.actor(queue_name="email")
def deliver(delivery_id: int) -> None:
    with turn.awaited() as (ours, waited):
        # Whoever had the turn has mostly sent this one too.
        delivery.deliver(delivery_id, others=ours, look=waited)


def deliver_later(deliveries: Iterable[Delivery]) -> None:
    """Have a worker deliver these as soon as they are committed; the one door to the queue.

    A ring that fails is logged and never fails the caller: the sweeper finds what is owed.
    """
    ids = [owed.pk for owed in deliveries]
    transaction.on_commit(lambda: ring(ids), robust=True)


def deliver_digests() -> int:
    """Send the owners a digest of now; return how many are owed."""
    with transaction.atomic():
        owed = owe_digests()
        deliver_later(owed)
    return len(owed)


def ring(delivery_ids: Sequence[int]) -> bool:
    """Tell the workers that these are due; False where Redis could not be told."""
    if not delivery_ids:  # and so nothing is learnt about Redis either
        return True
    if not _may_ask():
        return False
    try:
        for delivery_id in delivery_ids:
            deliver.send(delivery_id)
    except redis.RedisError as error:
        _leave_alone()
        log.error("Redis could not be rung (%s); the sweeper will deliver what is owed", error)
        return False
    _ask_freely()
    return True


def ask_redis(question: Callable[[redis.Redis], Answer]) -> Answer | None:
    """Return what Redis answers; None where it is away, and then it is left alone for a while."""
    broker = dramatiq.get_broker()
    if not isinstance(broker, Broker) or not _may_ask():
        return None
    try:
        answer = question(broker.client)
    except redis.RedisError as error:
        _leave_alone()
        log.error("Redis could not be asked (%s)", error)
        return None
    _ask_freely()
    return answer


def _may_ask() -> bool:
    """Whether Redis is not to be left alone. After a silence one asks for all, lest each of them waits."""
    if time.monotonic() < _silent_until:
        return False
    if _silent_until:
        _leave_alone()
    return True


def _leave_alone() -> None:
    global _silent_until
    _silent_until = time.monotonic() + SILENCE_SECONDS


def _ask_freely() -> None:
    global _silent_until
    _silent_until = 0.0


def queue_length() -> int | None:
    """Return how many rings no worker has taken yet; None where Redis cannot be asked."""
    broker = dramatiq.get_broker()
    if not isinstance(broker, Broker):
        return 0
    try:
        return broker.length(deliver.queue_name)
    except redis.RedisError:
        return None
