"""What `manage.py check` and every start of a worker look at in the world outside."""

from typing import Any

import dramatiq
import redis
from django.core.checks import CheckMessage, Error, register
from dramatiq.brokers.redis import RedisBroker


@register("redis")
def redis_keeps_everything(**_: Any) -> list[CheckMessage]:
    """Refuse a Redis that may drop rings when it is full. One that does not answer is no fault here."""
    broker = dramatiq.get_broker()
    if not isinstance(broker, RedisBroker):
        return []
    try:
        policy = broker.client.info("memory").get("maxmemory_policy", "noeviction")
    except redis.RedisError:
        return []
    if policy == "noeviction":
        return []
    return [
        Error(
            f"The Redis at REDIS_URL has maxmemory-policy {policy}, so it may silently drop what is queued.",
            hint="Set maxmemory-policy to noeviction, or give us a Redis of our own.",
            id="feedback.E001",
        )
    ]
