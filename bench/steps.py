"""Takes and times the product's steps on one database: python -m bench.steps ROWS

It reads the name of a step a line, and answers with the median of its times in ms.
"""

import logging
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from feedback.models import Delivery

Step = Callable[[], Callable[[], Any]]  # prepares, and returns what is timed

TIMES = {"submit": 60, "poll": 60, "claim": 60, "sweep": 15, "operations page": 7, "its figures": 7}
OWED = 200
SPAN = timedelta(days=30)
ADA = "ada@example.org"


def main(rows: int) -> None:
    import django

    django.setup()
    logging.disable(logging.INFO)
    _fill(rows)
    steps = _steps()
    for step in steps.values():
        _median(step, 3)
    print("ready", flush=True)
    for line in sys.stdin:
        name = line.strip()
        print(_median(steps[name], TIMES[name]), flush=True)


def _fill(rows: int) -> None:
    from django.core.management import call_command
    from django.db import connection

    from bench.rows import fill
    from feedback.models import Feedback, Tally

    call_command("migrate", verbosity=0)
    Feedback.objects.filter(email=ADA).delete()  # of the time before
    if not Feedback.objects.exists():
        with connection.cursor() as cursor:  # until it is closed below: one that breaks off is filled anew
            cursor.execute("PRAGMA synchronous=OFF")
            cursor.execute("PRAGMA cache_size=-1000000")
        fill(rows, owed=OWED, span=SPAN)
        Tally.objects.catch_up()
    connection.close()


def _steps() -> dict[str, Step]:
    from django.contrib.auth.models import User
    from django.test import Client

    from feedback.card import Card
    from feedback.models import Delivery, follow

    visitor, staff = Client(), Client()
    user = User.objects.filter(username="bench").first() or User.objects.create_superuser("bench")
    staff.force_login(user)

    def poll() -> Callable[[], Any]:
        followed = follow(_owed().feedback.pk)
        assert followed
        card = Card.of(followed)
        return lambda: visitor.get(f"{card.status_url}?seen={card.version}")

    def claim() -> Callable[[], Any]:
        due = _owed()
        return lambda: Delivery.objects.claim(due.pk)

    return {
        "submit": lambda: lambda: visitor.post("/", {"email": ADA, "message": "The door is too heavy."}),
        "poll": poll,
        "claim": claim,
        "sweep": _sweep,
        "operations page": lambda: lambda: staff.get("/operations/"),
        "its figures": lambda: lambda: staff.get("/operations/now/"),
    }


def _sweep() -> Callable[[], Any]:
    """Have all that is owed look as if nobody had rung for it."""
    import dramatiq
    from django.utils import timezone

    from feedback.models import Delivery, State
    from feedback.sweeper import sweep

    dramatiq.get_broker().flush_all()
    Delivery.objects.filter(state=State.QUEUED).update(ring_at=timezone.now() - timedelta(seconds=1))
    return sweep


def _owed() -> "Delivery":
    from feedback.models import Feedback

    return Feedback.objects.submit(email=ADA, message="The door is too heavy.")[1][0]


def _median(step: Step, times: int) -> float:
    took = []
    for _ in range(times):
        work = step()
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return median(took)


if __name__ == "__main__":
    main(int(sys.argv[1]))
