"""How long the staff's pages take with a million rows: python -m bench.million [ROWS] [FOLDER]

Fills a database of its own, spread over 30 days, and times each page, each poll and a POST.
"""

import logging
import os
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

PAGES = (
    "/operations/",
    "/operations/now/",
    "/operations/plots/",
    "/operations/people/",
    "/operations/?state=sent",
    "/operations/?state=sent&error=nowhere",
    "/operations/?state=sent&kind=digest",
    "/operations/do/resend/?state=failed&error=full",
    "/metrics",
    "/admin/feedback/feedback/",
    "/admin/feedback/feedback/?q=visitor77",
    "/admin/feedback/feedback/?q=nowhere",
    "/admin/feedback/delivery/",
    "/admin/feedback/delivery/?q=nowhere",
    "/admin/feedback/delivery/?state=failed",
    "/admin/feedback/delivery/?error=550",
)
REPLIES = ("550 5.1.1 no such user", "452 4.2.2 mailbox full", "554 5.7.1 looks like spam")


def main(rows: int, folder: Path) -> None:
    _settle(folder)
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from feedback.models import Delivery, Tally

    began = time.monotonic()
    if not Delivery.objects.exists():
        fill(rows)
        Tally.objects.catch_up()
    size = (folder / "db.sqlite3").stat().st_size / 2**20
    print(f"{Delivery.objects.count():,} emails, {size:,.0f} MB, filled in {time.monotonic() - began:.0f} s")
    measure()


def fill(rows: int) -> None:
    from django.utils import timezone

    from feedback.models import Delivery, Feedback

    now = timezone.now()
    for start in range(0, rows, 10_000):
        count = min(10_000, rows - start)
        feedback, deliveries = [], []
        for index in range(start, start + count):
            at = now - timedelta(days=30) * (1 - index / rows)
            said = Feedback(id=uuid.uuid4(), email=f"visitor{index}@example.org", message="Hello " * 20)
            said.created_at = at
            feedback.append(said)
            deliveries.append(_delivery(Delivery, said, index, rows))
        Feedback.objects.bulk_create(feedback, batch_size=1000)
        Delivery.objects.bulk_create(deliveries, batch_size=1000)


def _delivery(model: type, said: object, index: int, rows: int) -> object:
    from feedback.models import Kind, State
    from feedback.models.history import line

    delivery = model.owed(said, Kind.ACKNOWLEDGEMENT, said.email)
    if index > rows - 200:
        return delivery  # still owed
    chance = random.random()
    state, why = State.SENT, "250 2.0.0 queued as 4711"
    if chance < 0.003:
        state, why = State.FAILED, random.choice(REPLIES)
    elif chance < 0.0033:
        state, why = State.UNCONFIRMED, "SMTPServerDisconnected: Connection unexpectedly closed"
    took = timedelta(seconds=random.lognormvariate(-1, 0.9))
    delivery.state, delivery.attempt, delivery.ended_at = state, 1, said.created_at + took
    delivery.history += line(State.SENDING, "claimed") + line(state, why)
    return delivery


def measure() -> None:
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client

    client = Client()
    client.force_login(
        User.objects.filter(username="bench").first() or User.objects.create_superuser("bench")
    )
    for page in PAGES:
        times: list[float] = []
        with connection.execute_wrapper(_clocked(times)):
            status = client.get(page).status_code
        print(
            f"{_median(lambda page=page: client.get(page)):8.1f} ms  {len(times):3d} queries, "
            f"slowest {max(times, default=0) * 1000:5.0f} ms  {status}  {page}"
        )
    fields = {"email": "ada@example.org", "message": "The door is too heavy."}
    print(f"{_median(lambda: client.post('/', fields), 50):8.1f} ms  POST /")


def _clocked(times: list[float]) -> Callable[..., object]:
    def wrapper(execute: Callable[..., object], *arguments: object) -> object:
        began = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            times.append(time.perf_counter() - began)

    return wrapper


def _median(work: Callable[[], object], times: int = 9) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return sorted(took)[times // 2] * 1000


def _settle(folder: Path) -> None:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "VAR_DIR": str(folder),
        "RATE_LIMITS": "off",
        "MIN_FORM_SECONDS": "0",
    }
    import django

    from tests import settings
    from project.settings import DATABASES  # isort: skip  (the line above sets the environment)

    settings.DATABASES = DATABASES
    django.setup()
    logging.disable(logging.INFO)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as fresh:
        rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
        main(rows, Path(sys.argv[2]) if len(sys.argv) > 2 else Path(fresh))
