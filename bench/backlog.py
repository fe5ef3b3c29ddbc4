"""How soon a POST is answered while the workers send what has piled up while there was no mail server."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from statistics import median

from bench import load
from bench.answers import DRAIN_SECONDS, Asked
from bench.household import until
from bench.part import Part, Row, compared, in_turn, percentile, quick, say, stated
from bench.sink import Sink
from bench.site import peer, product

TITLE = "A POST while a backlog is sent"
SECONDS = quick(150, 30)
ROUNDS = quick(3, 1)
# More than can be sent meanwhile.
EMAILS = quick({"product": 24_000, "celery": 6000}, {"product": 6000, "celery": 1500})
RATE, LOAD_SECONDS = 20, quick(4.0, 1.0)


@dataclass
class Busy:
    asked: Asked
    owe: Callable[[str], object]
    emails: int

    def in_turn(self, sink: Sink) -> list[float]:
        before = sink.accepted
        self.owe(str(self.emails))
        until(lambda: sink.accepted > before, 30, "the first email")
        times = load.running(self.asked.times(RATE, LOAD_SECONDS))
        if sink.accepted >= before + self.emails:
            raise RuntimeError("all was sent before the last POST was answered")
        until(lambda: sink.accepted >= before + self.emails + len(times), DRAIN_SECONDS, "an email for all")
        return times


def measure() -> Part:
    times: dict[str, list[list[float]]] = {"product": [], "celery": []}
    with Sink() as sink, ExitStack() as stack:
        ours, theirs = stack.enter_context(product(sink.port)), stack.enter_context(peer(sink.port))
        for site in (ours, theirs):
            site.start_workers()
            site.start_web()
        contenders = {
            "product": Busy(Asked(ours, "/"), partial(ours.rows, "owe"), EMAILS["product"]),
            "celery": Busy(
                Asked(theirs, "/later/"), partial(theirs.manage, "peer", "celery", "owe"), EMAILS["celery"]
            ),
        }
        for number in range(ROUNDS):
            for who, busy in in_turn(contenders, number):
                times[who].append(busy.in_turn(sink))
                say(f"backlog, round {number + 1} of {ROUNDS}: {who} p50 {median(times[who][-1]):.1f} ms")
    return Part("backlog", TITLE, _rows(times), times)


def _rows(times: dict[str, list[list[float]]]) -> list[Row]:
    def of(who: str, percent: float) -> list[float]:
        return [percentile(took, percent) for took in times[who]]

    return [
        compared(f"{RATE}/s: p50 in ms, to Celery's", of("product", 50), of("celery", 50)),
        stated(f"{RATE}/s: p90", of("product", 90), "ms"),
        stated(f"{RATE}/s: slowest of {len(times['product'][0])}", of("product", 100), "ms"),
    ]
