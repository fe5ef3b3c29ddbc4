"""What a digest says: how much came, how fast it went out, what failed, and the messages themselves."""

from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median, quantiles

from django.conf import settings
from django.db.models import QuerySet
from django.utils.functional import cached_property

from feedback.bars import bars_png
from feedback.models import Delivery, Feedback, Kind, State, Tally, standing
from feedback.models.clock import now
from feedback.models.history import line
from feedback.models.queue import FIRST_RING

PERIODS = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}
MESSAGES, FAILURES = 50, 20  # what one email lists; the rest is a link away
SAMPLE = 10_000  # emails by which the speed is measured
COLUMNS = 24


class Digest:
    """Of the time before a moment: that of its delivery, so that every attempt says the same."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        self.since = until - PERIODS.get(settings.DIGEST, PERIODS["daily"])
        self.weekly = settings.DIGEST == "weekly"
        self.standing = standing()

    @cached_property
    def submitted(self) -> int:
        return self._feedback.count()

    @cached_property
    def messages(self) -> list[Feedback]:
        return list(self._feedback.filter(spam=False).order_by("created_at")[:MESSAGES])

    @cached_property
    def more(self) -> int:
        return max(self._feedback.filter(spam=False).count() - MESSAGES, 0)

    @cached_property
    def failures(self) -> list[Delivery]:
        ended = [self._ended(state).order_by("-ended_at") for state in (State.UNCONFIRMED, State.FAILED)]
        return [row for rows in ended for row in rows.select_related("feedback")[:FAILURES]][:FAILURES]

    @cached_property
    def sent(self) -> int:
        return self._ended(State.SENT).count()

    @cached_property
    def failed(self) -> int:
        return self._ended(State.FAILED).count()

    @cached_property
    def unconfirmed(self) -> int:
        return self._ended(State.UNCONFIRMED).count()

    @cached_property
    def speed(self) -> tuple[float, float] | None:
        """The median and the 95th percentile of the seconds from submit to accepted."""
        newest = self._ended(State.SENT).order_by("-ended_at").values_list("created_at", "ended_at")[:SAMPLE]
        waits = [(ended - created).total_seconds() for created, ended in newest if ended]
        if len(waits) < 2:
            return (waits[0], waits[0]) if waits else None
        return median(waits), quantiles(waits, n=20, method="inclusive")[-1]

    @cached_property
    def columns(self) -> list[tuple[int, int]]:
        """How many were sent and how many were not, in each part of the time."""
        step = (self.until - self.since) / COLUMNS
        end = self.until.replace(minute=0, second=0, microsecond=0)
        hours = [end - step * index for index in range(COLUMNS, -1, -1)]
        tallies = Tally.objects.filter(at__in=hours).order_by("at")
        totals = [(tally.sent, tally.failed + tally.unconfirmed) for tally in tallies]
        return [(good - sent, bad - lost) for (sent, lost), (good, bad) in pairwise(totals)]

    @property
    def plot(self) -> bytes:
        return bars_png(self.columns)

    @property
    def most(self) -> int:
        return max((sum(column) for column in self.columns), default=0)

    @property
    def _feedback(self) -> QuerySet[Feedback]:
        return Feedback.objects.filter(created_at__gt=self.since, created_at__lte=self.until)

    def _ended(self, state: State) -> QuerySet[Delivery]:
        return Delivery.objects.filter(state=state, ended_at__gt=self.since, ended_at__lte=self.until)


def owe_digests() -> list[Delivery]:
    """Save a digest for each owner, to be delivered like every other email."""
    moment = now()
    return Delivery.objects.bulk_create(
        Delivery(
            kind=Kind.DIGEST, recipient=to, ring_at=moment + FIRST_RING, history=line(State.QUEUED, "saved")
        )
        for to in settings.FEEDBACK_OWNERS
    )
