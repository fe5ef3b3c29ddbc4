"""What `manage.py check` and every start of a worker look at in the world outside."""

from typing import Any

import dramatiq
import redis
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.db import DatabaseError, connection
from django.utils.module_loading import import_string

from feedback.models import Worker
from project.broker import Broker


@register("redis")
def redis_keeps_everything(**_: Any) -> list[CheckMessage]:
    """Refuse a Redis that may drop rings when it is full. One that does not answer is no fault here."""
    broker = dramatiq.get_broker()
    if not isinstance(broker, Broker):
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


@register()
def sqlite_serves_one_machine(**_: Any) -> list[CheckMessage]:
    """Refuse a file that workers of two machines share: SQLite's locks hold within one kernel only."""
    if connection.vendor != "sqlite":
        return []
    try:
        other = Worker.objects.alive().elsewhere().first()
    except DatabaseError:  # there is nothing in it yet
        return []
    if not other:
        return []
    return [
        Error(
            f"DATABASE_URL is SQLite, and the worker {other} of another machine uses the same file, which "
            "two machines sooner or later spoil.",
            hint="Stop that worker, or move to PostgreSQL: DATABASE_URL=postgres://user:password@host/name",
            id="feedback.E003",
        )
    ]
