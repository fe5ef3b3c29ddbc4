"""The product's rows, from outside of it: python -m bench.rows owe COUNT | sent | watch COUNT SECONDS"""

import json
import os
import random
import sys
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from feedback.models import Delivery, Feedback

REPLIES = ("550 5.1.1 no such user", "452 4.2.2 mailbox full", "554 5.7.1 looks like spam")
MESSAGE = "The door is too heavy. " * 5
BATCH = 10_000


def main(what: str, count: int = 0, seconds: int = 0) -> None:
    import django

    from project.runner.defaults import set_defaults

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    set_defaults(os.environ)
    django.setup()
    match what:
        case "owe":
            fill(count, owed=count)
        case "sent":
            from feedback.models import Delivery, State

            print(Delivery.objects.filter(state=State.SENT).count())
        case "watch":
            print(json.dumps(watch(count, timedelta(seconds=seconds))))


def watch(count: int, span: timedelta) -> list[tuple[str, float]]:
    """Save feedbacks that came over this time, their emails all to be tried again; return who polls what."""
    from django.utils import timezone

    from feedback.card import Card
    from feedback.models import Delivery, Feedback, follow

    fill(count, owed=count, span=span)
    later = timezone.now() + timedelta(hours=1)
    Delivery.objects.update(attempt=1, retries=1, due_at=later, ring_at=later)
    everybody = Feedback.objects.order_by("created_at").values_list("pk", flat=True)
    cards = [Card.of(delivery) for pk in everybody if (delivery := follow(pk))]
    return [
        (f"{card.status_url}?lang=en&seen={card.version}", card.poll_seconds or span.seconds)
        for card in cards
    ]


def fill(rows: int, owed: int, span: timedelta = timedelta(minutes=1)) -> None:
    """Save so many feedbacks, spread over a time until now; the last ones' emails are still owed."""
    from django.utils import timezone

    from feedback.models import Delivery, Feedback

    now = timezone.now() - timedelta(seconds=30)
    for start in range(0, rows, BATCH):
        indexes = range(start, min(start + BATCH, rows))
        feedback = [_feedback(index, now - span * (1 - index / rows)) for index in indexes]
        deliveries = [
            _delivery(said, owed=index >= rows - owed) for index, said in zip(indexes, feedback, strict=True)
        ]
        Feedback.objects.bulk_create(feedback, batch_size=1000)
        Delivery.objects.bulk_create(deliveries, batch_size=1000)


def _feedback(index: int, at: object) -> "Feedback":
    from feedback.models import Feedback

    said = Feedback(id=uuid.uuid4(), email=f"visitor{index}@example.org", message=MESSAGE)
    said.created_at = at  # type: ignore[assignment]
    return said


def _delivery(said: "Feedback", *, owed: bool) -> "Delivery":
    from feedback.models import Delivery, Kind, State
    from feedback.models.history import line

    delivery = Delivery.owed(said, Kind.ACKNOWLEDGEMENT, said.email)
    if owed:
        return delivery
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


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
