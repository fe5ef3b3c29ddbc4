"""What `manage.py check` and every start of a worker look at in the world outside."""

from typing import Any

import dramatiq
import redis
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string
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


@register()
def suspicion_can_be_asked(**_: Any) -> list[CheckMessage]:
    """Refuse a FEEDBACK_IS_SUSPECT that is not there: its spam would be taken for good."""
    path = settings.FEEDBACK_IS_SUSPECT
    try:
        found = not path or callable(import_string(path))
    except ImportError:
        found = False
    if found:
        return []
    hint = "Give the path of a function, such as shop.spam.is_suspect; it is called with each feedback."
    return [Error("There is no function at FEEDBACK_IS_SUSPECT.", hint=hint, id="feedback.E002")]
