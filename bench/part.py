"""One measurement's outcome: rows for people, and the figures that they were made of."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, TypeVar

Figures = dict[str, list[float]]
Size = TypeVar("Size")
Contender = TypeVar("Contender")

QUICK = bool(os.environ.get("QUICK"))


def quick(whole: Size, small: Size) -> Size:
    """Return how much to measure: all of it, or with QUICK=1 only enough to see that it works."""
    return small if QUICK else whole


@dataclass
class Row:
    what: str
    goal: str
    figure: str
    met: bool | None  # None: only stated

    @property
    def sign(self) -> str:
        return "" if self.met is None else "met" if self.met else "**not met**"


@dataclass
class Part:
    name: str
    title: str
    rows: list[Row]
    figures: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0


def interleaved(contenders: Mapping[str, Callable[[], float]], rounds: int, about: str) -> Figures:
    """Measure A B C, B C A, … so that whatever the machine does meanwhile happens to all alike."""
    figures: Figures = {name: [] for name in contenders}
    for number in range(rounds):
        for name, measure in in_turn(contenders, number):
            figures[name].append(measure())
            say(f"{about}, round {number + 1} of {rounds}: {name} {readable(figures[name][-1])}")
    return figures


def in_turn(contenders: Mapping[str, Contender], number: int) -> list[tuple[str, Contender]]:
    """Return them as they come in a round. Each begins one: the first was 1.1 times as slow as the rest."""
    first = number % len(contenders)
    turns = list(contenders.items())
    return turns[first:] + turns[:first]


def compared(
    what: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    unit: str = "",
    least: float | None = None,
    most: float | None = None,
) -> Row:
    """Return the row of a ratio: its median over the rounds, and from which to which it went."""
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    figure = f"{spread(ours, unit)} to {spread(theirs, unit)}: **× {spread(ratios)}**"
    return Row(what, _goal(least, most, "× "), figure, _met(median(ratios), least, most))


def stated(
    what: str, values: Sequence[float], unit: str, *, least: float | None = None, most: float | None = None
) -> Row:
    goal = _goal(least, most, "", unit)
    return Row(what, goal, f"**{spread(values, unit)}**", _met(median(values), least, most))


def spread(values: Sequence[float], unit: str = "") -> str:
    """Return the median in words, with the least and the most where there were several."""
    around = f" ({readable(min(values))}-{readable(max(values))})" if len(values) > 1 else ""
    return f"{readable(median(values))}{around}{unit and ' ' + unit}"


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest of the values that so many percent of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * percent // 100) - 1)]


def readable(value: float) -> str:
    """Return three significant digits, and never an exponent."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 or not value else f"{value:.4f}"


def say(sentence: str) -> None:
    print(f"    {sentence}", file=sys.stderr, flush=True)


def _goal(least: float | None, most: float | None, before: str, unit: str = "") -> str:
    after = unit and f" {unit}"
    if least is not None:
        return f"≥ {before}{least:g}{after}"
    return f"≤ {before}{most:g}{after}" if most is not None else ""


def _met(value: float, least: float | None, most: float | None) -> bool | None:
    if least is None and most is None:
        return None
    return (least is None or value >= least) and (most is None or value <= most)
