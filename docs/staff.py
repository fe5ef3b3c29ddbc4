"""The operators' page with a month of made-up mail behind it; docs/gallery.py shows and takes it."""

import math
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser

from docs.pictures import save
from feedback.models import Delivery, Feedback, Slot, State, Tally, Worker, clock

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
REPLIES = {
    "mark_failed": "550 5.1.1 no such user here",
    "mark_unconfirmed": "SMTPServerDisconnected: Connection unexpectedly closed",
}


def picture(browser: Browser, address: str, scheme: str) -> None:
    client = Client()
    client.force_login(User.objects.get_or_create(username="grace", is_staff=True, is_superuser=True)[0])
    name = settings.SESSION_COOKIE_NAME
    kept: Any = {"name": name, "value": client.cookies[name].value, "url": address}
    page = browser.new_page(viewport={"width": 1120, "height": 1120}, color_scheme=scheme)  # type: ignore[arg-type]
    page.context.add_cookies([kept])
    page.goto(f"{address}operations/")
    save(f"operations-{scheme}.png", page.screenshot())
    page.close()


def fill() -> None:
    """Write a month of tallies and a few emails of each sort."""
    now = clock.now()
    for number, move in enumerate(["mark_sent"] * 9 + ["mark_failed", "mark_unconfirmed"]):
        _email(f"visitor{number}@example.org", move)
    Delivery.objects.filter(feedback=_email("prize@example.com", "")).update(state=State.HELD)
    this_minute = now.replace(second=0, microsecond=0)
    ten_minutes = this_minute - this_minute.minute % 10 * MINUTE
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = {midnight - DAY * number for number in range(30)}
    day = {ten_minutes - 10 * MINUTE * number for number in range(145)}
    hour = {this_minute - MINUTE * number for number in range(62)}
    _tally(sorted(days | day | hour))
    Slot.objects.take("tally", MINUTE)
    Worker.objects.beat()


def _email(to: str, move: str) -> Feedback:
    feedback, deliveries = Feedback.objects.submit(email=to, message="The door is too heavy.")
    for delivery in deliveries if move else ():
        if claim := Delivery.objects.claim(delivery.pk):
            getattr(claim, move)(REPLIES.get(move, "250 2.0.0 accepted"))
    return feedback


def _tally(moments: list[datetime]) -> None:
    sent, failed, before = 0, 0, moments[0]
    for number, at in enumerate(moments):
        rate = 4 + 3 * math.sin(number / 5) + number % 3
        sent += round(rate * min((at - before) / MINUTE, 1440))
        failed += number % 17 == 0
        standing = {"queued": round(rate), "failed": 1 + number // 90, "held": 1}
        speed = {"median": 0.05 + 0.01 * (number % 4), "p95": 0.2 + 0.05 * (number % 7)}
        Tally.objects.create(at=at, sent=sent, failed=failed, standing=standing, **speed)
        before = at
