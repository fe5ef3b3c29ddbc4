"""The processor time that the whole of `make run` takes while nobody asks for anything."""

import time

from bench.part import Part, quick, say, stated
from bench.processor import cpu_seconds, family_of
from bench.run import whole_run

TITLE = "At rest"
SECONDS = quick(320, 25)
REST_SECONDS = quick(300.0, 5.0)
PIECES = 5  # so that a spread can be told


def measure() -> Part:
    shares: list[float] = []
    with whole_run() as (pid, _, _):
        for number in range(PIECES):
            shares.append(_share(pid, REST_SECONDS / PIECES))
            say(f"at rest, {number + 1} of {PIECES}: {shares[-1]:.2f} % of one core")
    what = f"processor time of everything, {REST_SECONDS:.0f} s"
    row = stated(what, shares, "% of a core", most=2)
    return Part("rest", TITLE, [row], {"shares": shares})


def _share(pid: int, seconds: float) -> float:
    before, began = cpu_seconds(family_of(pid)), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(family_of(pid)) - before) / (time.monotonic() - began) * 100
