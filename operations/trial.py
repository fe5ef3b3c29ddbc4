"""A test email that goes the way of every other, and when it passed where."""

import time
from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from feedback import tasks
from feedback.models import Delivery, Kind, State
from feedback.models.history import line
from feedback.models.queue import FIRST_RING

PATIENCE_SECONDS = 60
HOPS = {State.SENDING: "claimed by a worker", State.QUEUED: "put back into the queue"}


def send_trial(to: str, patience: float = PATIENCE_SECONDS) -> Iterator[tuple[float, str]]:
    """Give each hop as it happens: the seconds since the start and what it was. The last tells the end."""
    began = timezone.now()
    with transaction.atomic():
        delivery = Delivery.objects.create(
            kind=Kind.TEST, recipient=to, ring_at=began + FIRST_RING, history=line(State.QUEUED, "saved")
        )
    yield _since(began), "saved in the database"
    rung = tasks.ring([delivery.pk])
    yield _since(began), "rung for in Redis" if rung else "Redis does not answer; a sweeper will find it"
    yield from _follow(delivery.pk, began, patience)


def succeeded(hop: str) -> bool:
    return hop.startswith("accepted")


def _follow(pk: int, began: datetime, patience: float) -> Iterator[tuple[float, str]]:
    told = 1
    while _since(began) < patience:
        delivery = Delivery.objects.get(pk=pk)
        for move in delivery.moves[told:]:
            hop = HOPS.get(move.to, "accepted by the mail server" if move.to == State.SENT else str(move.to))
            yield (move.at - began).total_seconds(), hop if move.why == "claimed" else f"{hop}: {move.why}"
        told = len(delivery.moves)
        if not delivery.in_flight:
            return
        time.sleep(0.01)
    yield _since(began), "still on its way; it stays queued. Look at /operations/ for why it waits"


def _since(began: datetime) -> float:
    return (timezone.now() - began).total_seconds()
