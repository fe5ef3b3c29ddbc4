"""Every situation of a card, and how to bring a row that was just saved into it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from feedback.models import Alarm, Delivery, Feedback, State


def claim(delivery: Delivery) -> Delivery:
    claimed = Delivery.objects.claim(delivery.pk)
    assert claimed
    return claimed


def tried_for_a_day(owed: Delivery) -> None:
    claim(owed).retry("451 busy", timedelta(minutes=45))
    Feedback.objects.update(created_at=timezone.now() - timedelta(hours=25))


STATES: dict[str, Callable[[Delivery], Any]] = {
    "queued": lambda owed: None,
    "delayed": lambda owed: Alarm.objects.raise_for("535 bad password"),
    "held": lambda owed: Delivery.objects.update(state=State.HELD),
    "sending": claim,
    "retrying": lambda owed: claim(owed).retry("451 busy", timedelta(minutes=5)),
    "sent": lambda owed: claim(owed).mark_sent("250 ok"),
    "failed": lambda owed: claim(owed).mark_failed("550 no such user"),
    "cancelled": lambda owed: Delivery.objects.cancel("grace"),
    "unconfirmed": lambda owed: claim(owed).mark_unconfirmed("no answer"),
    "no longer followed": tried_for_a_day,
}
