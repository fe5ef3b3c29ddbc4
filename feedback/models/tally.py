"""Running totals, taken every minute, so that no page ever counts a million rows.

They only grow: what is sent again, erased or deleted later changes nothing in them. So they are
also what is left of feedback that is no longer kept.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median, quantiles

from django.db import models, transaction

from feedback.models.clock import now
from feedback.models.delivery import Delivery
from feedback.models.feedback import Feedback
from feedback.models.history import State
from feedback.models.slot import Slot
from feedback.models.standing import standing

ENDS = (State.SENT, State.FAILED, State.UNCONFIRMED)
BOUNDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)  # seconds from submit to accepted
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SETTLING = timedelta(seconds=3)  # an email that has just ended may not be committed yet


class TallyManager(models.Manager["Tally"]):
    def catch_up(self) -> None:
        """Take what is missing up to the last full minute; by the hour after a long silence."""
        until = _floor(now() - SETTLING, MINUTE)
        last = self.last_one() or self.create(at=_floor(_first_end() or until, MINUTE))
        while last.at < until:
            step = HOUR if until - last.at > 2 * HOUR else MINUTE
            last = last.next(min(_floor(last.at, step) + step, until))
        Tally.objects.filter(at=last.at).update(standing=standing())

    def take_now(self) -> None:
        """Count what has ended until this moment, before it is erased."""
        with transaction.atomic():
            list(Slot.objects.select_for_update().filter(job="tally"))  # the clock waits for us, or we for it
            self.catch_up()
            last = self.last_one()
            assert last
            last.next(now())

    def last_one(self) -> "Tally | None":
        return self.order_by("-at").first()

    def thin_out(self) -> None:
        """Keep every minute for two days, every hour for a month, and every day."""
        moment = now()
        self.filter(at__lt=moment - 2 * DAY).exclude(at__minute=0, at__second=0).delete()
        self.filter(at__lt=moment - 31 * DAY).exclude(at__hour=0).delete()


class Tally(models.Model):
    """All that had come and ended until `at`. Median and p95 (seconds from submit to accepted) are of
    what was accepted since the tally before; `standing` is how many stood in each state just then.
    """

    at = models.DateTimeField(primary_key=True)
    submitted = models.BigIntegerField(default=0)
    sent = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    unconfirmed = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    within = models.JSONField(default=list)  # for each of BOUNDS, how many were accepted within it
    median = models.FloatField(null=True)
    p95 = models.FloatField(null=True)
    standing = models.JSONField(default=dict)

    objects = TallyManager()

    def __str__(self) -> str:
        return f"tally of {self.at:%Y-%m-%d %H:%M}"

    def next(self, at: datetime) -> "Tally":
        """Save and return the tally of a later moment."""
        span = {"ended_at__gt": self.at, "ended_at__lte": at}
        ended = Delivery.objects.filter(state__in=ENDS, **span).values_list("state", "created_at", "ended_at")
        counts, waits = dict.fromkeys(ENDS, 0), list[float]()
        for state, created_at, ended_at in ended.iterator():
            assert ended_at
            counts[State(state)] += 1
            if state == State.SENT:
                waits.append((ended_at - created_at).total_seconds())
        came = Feedback.objects.filter(created_at__gt=self.at, created_at__lte=at).count()
        tally, _ = Tally.objects.update_or_create(
            at=at,
            defaults={end.value: getattr(self, end) + count for end, count in counts.items()}
            | {"submitted": self.submitted + came, "seconds": self.seconds + sum(waits)}
            | {"within": _within(self.within, waits)}
            | {"median": median(waits) if waits else None, "p95": _p95(waits)},
        )
        return tally


def _within(before: Iterable[int], waits: list[float]) -> list[int]:
    before = list(before) or [0] * len(BOUNDS)
    return [count + sum(wait <= bound for wait in waits) for count, bound in zip(before, BOUNDS, strict=True)]


def _p95(waits: list[float]) -> float | None:
    return quantiles(waits, n=20, method="inclusive")[-1] if len(waits) > 1 else sum(waits) if waits else None


def _floor(moment: datetime, step: timedelta) -> datetime:
    start = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return start + (moment - start) // step * step


def _first_end() -> datetime | None:
    ended = Delivery.objects.filter(ended_at__isnull=False)
    first: datetime | None = ended.aggregate(first=models.Min("ended_at"))["first"]
    return first
