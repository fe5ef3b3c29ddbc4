"""Plots as shapes on a field of 100 by 100; the template draws them as SVG, and the words say the same."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from django.utils import timezone

from feedback.models import State, Tally
from feedback.models.tally import DAY, MINUTE
from operations.words import took

STEP = 10 * MINUTE
STANDING = (
    ("waiting", State.QUEUED, "accent"),
    ("failed", State.FAILED, "bad"),
    ("unconfirmed", State.UNCONFIRMED, "warn"),
    ("held", State.HELD, "faint"),
)
Values = Sequence[float | None]


class Series(NamedTuple):
    name: str
    mark: str  # how it looks
    values: Values


class Bar(NamedTuple):
    mark: str
    x: float
    y: float
    width: float
    height: float


class Line(NamedTuple):
    mark: str
    points: str


class Plot(NamedTuple):
    title: str
    text: str
    series: list[Series]
    top: str
    ticks: list[str]
    bars: list[Bar]
    lines: list[Line]


def plots() -> list[Plot]:
    now = timezone.now()
    hour = list(Tally.objects.filter(at__gte=now - 61 * MINUTE).order_by("at"))
    return [_minutes(hour), _speed(hour), _days(now), _states(now)]


def _minutes(tallies: list[Tally]) -> Plot:
    series = _ended(tallies)
    return stacked("Last hour, per minute (UTC)", series, _clock(tallies), _said(series, "in the last hour"))


def _days(now: datetime) -> Plot:
    last = Tally.objects.last_one()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    midnights = [today - DAY * index for index in range(29, -1, -1)]
    # A site that is younger began on some day, but not at its midnight.
    first = Tally.objects.filter(at__gte=midnights[0]).order_by("at").first()
    known = [first, *Tally.objects.filter(at__in=midnights).order_by("at"), last]
    tallies = list({tally.at: tally for tally in known if tally}.values())
    series, dates = _ended(tallies), [f"{tally.at - MINUTE:%-d %b}" for tally in tallies[1:]]
    return stacked("30 days, per day (UTC)", series, _ends(dates), _said(series, "in 30 days"))


def _speed(tallies: list[Tally]) -> Plot:
    middle, slow = [tally.median for tally in tallies[1:]], [tally.p95 for tally in tallies[1:]]
    series = [Series("median", "good", middle), Series("95th percentile", "accent", slow)]
    known = [value for value in slow if value is not None]
    text = (
        f"95 of 100 emails were accepted within {took(max(known))} in every minute."
        if known
        else "No email was sent."
    )
    return lined("From Send to accepted, last hour (UTC)", series, _clock(tallies), text, took)


def _states(now: datetime) -> Plot:
    start = now.replace(minute=now.minute // 10 * 10, second=0, microsecond=0)
    times = [start - STEP * index for index in range(144, -1, -1)]
    stood = dict(Tally.objects.filter(at__in=times).values_list("at", "standing"))
    series = [
        Series(name, mark, [stood.get(time, {}).get(state) for time in times])
        for name, state, mark in STANDING
    ]
    most = [f"{max(filter(None, each.values), default=0):,.0f} {each.name}" for each in series]
    ticks = _ends([f"{time:%H:%M}" for time in times])
    return lined("States, last 24 hours (UTC)", series, ticks, f"At most {', '.join(most)} at one time.")


def stacked(title: str, series: list[Series], ticks: list[str], text: str) -> Plot:
    columns = list(zip(*(each.values for each in series), strict=True))
    top = _nice(max((sum(value or 0 for value in column) for column in columns), default=0))
    bars = [
        bar for index, column in enumerate(columns) for bar in _pile(index, len(columns), column, series, top)
    ]
    return Plot(title, text, series, f"{top:,.0f}", ticks, bars, [])


def lined(
    title: str,
    series: list[Series],
    ticks: list[str],
    text: str,
    say: Callable[[float], str] = "{:,.0f}".format,
) -> Plot:
    top = _nice(max((value for each in series for value in each.values if value is not None), default=0))
    lines = [Line(each.mark, points) for each in series for points in _runs(each.values, top)]
    return Plot(title, text, series, say(top), ticks, [], lines)


def _pile(index: int, of: int, column: Values, series: list[Series], top: float) -> Iterable[Bar]:
    width, y = 100 / of, 100.0
    for value, each in zip(column, series, strict=True):
        if value:
            y -= 100 * value / top
            yield Bar(
                each.mark,
                round(index * width, 3),
                round(y, 3),
                round(width * 0.8, 3),
                round(100 * value / top, 3),
            )


def _runs(values: Values, top: float) -> list[str]:
    """Return the points of each unbroken run; one that is alone becomes a dash, or nobody would see it."""
    step, runs = 100 / max(len(values) - 1, 1), list[list[str]]()
    for index, (before, value) in enumerate(zip((None, *values), values, strict=False)):
        if value is None:
            continue
        x, y = round(index * step, 3), round(100 - 100 * value / top, 3)
        if before is None:
            runs.append([f"{max(x - step / 3, 0):.3f},{y}"])
        runs[-1].append(f"{x},{y}")
    return [" ".join(run) for run in runs]


def _ended(tallies: list[Tally]) -> list[Series]:
    pairs = list(pairwise(tallies))
    sent: Values = [after.sent - before.sent for before, after in pairs]
    lost: Values = [
        after.failed + after.unconfirmed - before.failed - before.unconfirmed for before, after in pairs
    ]
    return [Series("sent", "good", sent), Series("failed or unconfirmed", "bad", lost)]


def _said(series: list[Series], when: str) -> str:
    return " and ".join(f"{sum(filter(None, each.values)):,} {each.name}" for each in series) + f" {when}."


def _clock(tallies: list[Tally]) -> list[str]:
    return _ends([f"{tally.at:%H:%M}" for tally in tallies])


def _ends(labels: list[str]) -> list[str]:
    return [labels[0], labels[len(labels) // 2], labels[-1]] if len(labels) > 2 else labels


def _nice(most: float) -> float:
    """Return the next round number, so that the top of the plot can be read."""
    if not most:
        return 1
    unit = 10.0 ** (len(f"{most:.0f}") - 1) if most >= 1 else 0.1 if most > 0.1 else 0.01
    return next(unit * step for step in (1, 2, 5, 10) if unit * step >= most)
