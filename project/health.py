"""Is the process up, and can it do its work?"""

import logging
from typing import cast

from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from dramatiq import get_broker
from redis import RedisError

from feedback.models import Alarm, Pause, Worker, oldest_owed_seconds
from project.broker import Broker

log = logging.getLogger(__name__)

UNREACHABLE = "not reachable"  # why, is for the log: anybody may ask here
PARTS = ("database", "redis", "worker", "mail")


@never_cache
def livez(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when feedback can be saved and its email will go out, else 503 saying what is missing."""
    report: dict[str, str | int | None] = {
        "database": "ok",
        "redis": _redis(),
        "worker": "unknown",
        "mail": "unknown",
    }
    try:
        report["worker"] = "ok" if Worker.objects.seen() else "none seen in the last 15 seconds"
        report["mail"] = _mail()
        if pause := Pause.objects.first():  # on purpose, so we are ready
            report["paused"] = str(pause) if pause.is_of_a_copy else "an operator has paused all sending"
        report["oldest_owed_seconds"] = oldest_owed_seconds()
    except DatabaseError as error:
        log.error("/readyz: the database does not answer: %s", error)
        report["database"] = UNREACHABLE
    ready = all(report[part] == "ok" for part in PARTS)
    return JsonResponse({"status": "ok" if ready else "unready", **report}, status=200 if ready else 503)


def _redis() -> str:
    try:
        cast(Broker, get_broker()).client.ping()
    except RedisError as error:
        log.error("/readyz: Redis does not answer: %s", error)
        return UNREACHABLE
    return "ok"


def _mail() -> str:
    alarm = Alarm.objects.first()
    if not alarm:
        return "ok"
    since = f"{alarm.since:%Y-%m-%d %H:%M:%S} UTC"
    return f"all emails wait since {since}: the mail server refuses us; staff reads why at /operations/"
