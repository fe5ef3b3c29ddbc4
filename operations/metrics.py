"""/metrics, as Prometheus reads it. All of it comes from rows, so that any number of processes agree.

What only grows is taken from the last tally, so it is up to a minute old and never goes back.
"""

import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime

from django.conf import settings
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from feedback import tasks
from feedback.models import Alarm, Pause, State, Tally, Worker, oldest_owed_seconds, standing
from feedback.models.tally import BOUNDS, ENDS
from operations.access import VIEW

Samples = Mapping[str, float]


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not (_has_token(request) or _is_staff(request)):
        return HttpResponse("Give METRICS_TOKEN as a bearer token.\n", status=401, content_type="text/plain")
    return HttpResponse("\n".join(_lines()) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def _has_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    wanted = settings.METRICS_TOKEN
    return bool(wanted) and secrets.compare_digest(given.encode(), wanted.encode())


def _is_staff(request: HttpRequest) -> bool:
    user = request.user
    return bool(user.is_active and user.is_staff and user.has_perm(VIEW))


def _lines() -> Iterator[str]:
    stand, tally = standing(), Tally.objects.last_one() or Tally(at=timezone.now())
    ended = {f'state="{end.value}"': getattr(tally, end) for end in ENDS}
    by_state = {f'state="{state}"': count for state, count in stand.items()}
    rings = tasks.queue_length()
    yield from _metric("submitted_total", "counter", "Feedback that came in", {"": tally.submitted})
    yield from _metric("emails_total", "counter", "Emails that came to an end", ended)
    yield from _metric("emails", "gauge", "Emails that stand in each state but sent", by_state)
    yield from _metric(
        "owed", "gauge", "Emails that are owed", {"": stand[State.QUEUED] + stand[State.SENDING]}
    )
    oldest = oldest_owed_seconds() or 0
    yield from _metric("oldest_owed_seconds", "gauge", "How long the oldest one has waited", {"": oldest})
    yield from _histogram(tally)
    yield from _metric("worker_seen_seconds", "gauge", "Since a worker was last seen", _since(_worker_seen()))
    yield from _metric("tally_seconds", "gauge", "Since the clock last counted", _since(tally.at))
    yield from _metric("queue_length", "gauge", "Rings in Redis", {"": rings} if rings is not None else {})
    yield from _metric(
        "paused", "gauge", "1 while an operator has paused sending", {"": Pause.objects.count()}
    )
    yield from _metric("alarm", "gauge", "1 while the mail server refuses us", {"": Alarm.objects.count()})


def _metric(name: str, kind: str, words: str, samples: Samples) -> Iterator[str]:
    yield f"# HELP feedback_{name} {words}."
    yield f"# TYPE feedback_{name} {kind}"
    for labels, value in samples.items():
        yield f"feedback_{name}{{{labels}}} {value}" if labels else f"feedback_{name} {value}"


def _histogram(tally: Tally) -> Iterator[str]:
    name, counts = "feedback_accept_seconds", tally.within or [0] * len(BOUNDS)
    yield f"# HELP {name} From submit to accepted by the mail server."
    yield f"# TYPE {name} histogram"
    for bound, count in zip([*BOUNDS, "+Inf"], [*counts, tally.sent], strict=True):
        yield f'{name}_bucket{{le="{bound}"}} {count}'
    yield f"{name}_sum {tally.seconds}"
    yield f"{name}_count {tally.sent}"


def _worker_seen() -> datetime | None:
    seen: datetime | None = Worker.objects.aggregate(seen=Max("seen_at"))["seen"]
    return seen


def _since(moment: datetime | None) -> Samples:
    return {"": round((timezone.now() - moment).total_seconds(), 1)} if moment else {}
