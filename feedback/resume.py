"""Sending goes on. In a restored copy not before all that may have been sent meanwhile says so."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from feedback.digest import PERIODS
from feedback.models import Delivery, Pause, Slot


def resume(by: str = "") -> int | None:
    """End the pause; None where there is none, else how many emails it made unconfirmed."""
    with transaction.atomic():
        pause = Pause.objects.select_for_update().first()
        doubted = _settle(pause.since, by) if pause and pause.is_of_a_copy else 0
        return doubted if Pause.objects.end() else None


def _settle(copied: datetime, by: str) -> int:
    """Send nothing by itself that was owed when the copy was made: it may have been sent since."""
    if settings.DIGEST in PERIODS:
        Slot.objects.take("digest", PERIODS[settings.DIGEST])
    why = f"restored from a copy of {copied:%Y-%m-%d %H:%M} UTC; it may have been sent after that"
    return Delivery.objects.doubt(copied, why, by)
