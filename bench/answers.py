"""How soon a POST is answered: by the product, by the tutorial with Celery, by one bare INSERT.

The workers run and send meanwhile, as they do in production; what is still owed is sent before the
next turn. A POST is the plain form's, which all three answer with a redirect; what htmx asks for, the
status fragment in the answer, is stated beside.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median

from bench import load
from bench.client import Client
from bench.household import until
from bench.part import Part, Row, compared, in_turn, percentile, quick, say, stated
from bench.sink import Sink
from bench.site import Product, Site, peer, product

TITLE = "The answer to a POST"
SECONDS = quick(420, 35)
ROUNDS = quick(5, 1)
ONE_BY_ONE = quick(100, 20)
LOADS = {"one by one": 0, "100/s": 100, "400/s": 400}
LOAD_SECONDS = {100: quick(4.0, 1.0), 400: quick(2.0, 0.5)}
WARM = 10
LATE = 5  # so many times the p50 may the p99 be
DRAIN_SECONDS = 120

Times = dict[str, dict[str, list[list[float]]]]  # how asked, who, rounds of ms


@dataclass
class Asked:
    site: Site
    path: str
    sends: bool = True  # an email for each POST
    more: str = ""  # headers

    def in_turn(self, sink: Sink, rate: float, seconds: float = 0) -> list[float]:
        before = sink.accepted
        self.warm()
        times = load.running(self.times(rate, seconds))
        if self.sends:
            posts = WARM + len(times)
            until(lambda: sink.accepted >= before + posts, DRAIN_SECONDS, "an email for every POST")
        return times

    def warm(self) -> None:
        load.running(self.times(WARM, 1))

    async def times(self, rate: float, seconds: float) -> list[float]:
        client = Client(self.site.port)
        try:
            send = await load.form(client, self.path, self.more)
            return await (load.on_time(send, rate, seconds) if rate else load.one_by_one(send, ONE_BY_ONE))
        finally:
            client.close()


def measure() -> Part:
    with Sink() as sink:
        times = _in_turns(sink)
        rows = [row for how in LOADS for row in _rows(how, times[how])]
        rows += [*_without_redis(sink), _redis_round_trip(sink)]
    return Part("answers", TITLE, rows, times)


def _in_turns(sink: Sink) -> Times:
    times: Times = {how: {} for how in LOADS}
    with ExitStack() as stack:
        contenders = _contenders(stack, sink.port)
        for number in range(ROUNDS):
            for how, rate in LOADS.items():
                for who, asked in in_turn(contenders, number):
                    took = asked.in_turn(sink, rate, LOAD_SECONDS.get(rate, 0))
                    times[how].setdefault(who, []).append(took)
                say(f"answers, round {number + 1} of {ROUNDS}, {how}: {_p50s(times[how])}")
    return times


def _contenders(stack: ExitStack, smtp_port: int) -> dict[str, Asked]:
    ours = stack.enter_context(product(smtp_port))
    alone = stack.enter_context(product(smtp_port))
    celery = stack.enter_context(peer(smtp_port))
    floor = stack.enter_context(peer(smtp_port, settings="floor"))
    for site in (ours, celery):
        site.start_workers()
    for site in (ours, alone, celery, floor):
        site.start_web()
    return {
        "product": Asked(ours, "/"),
        "celery": Asked(celery, "/later/"),
        "insert": Asked(floor, "/insert/", sends=False),
        "product without workers": Asked(alone, "/", sends=False),
        "product to htmx": Asked(ours, "/", more=load.HTMX),
    }


def _rows(how: str, times: dict[str, list[list[float]]]) -> Iterator[Row]:
    p50 = {who: [median(took) for took in rounds] for who, rounds in times.items()}
    p99 = {who: [percentile(took, 99) for took in rounds] for who, rounds in times.items()}
    yield compared(f"{how}: p50 in ms, to a bare INSERT's", p50["product"], p50["insert"], most=1.25)
    yield compared(f"{how}: p50 in ms, to Celery's", p50["product"], p50["celery"], most=1)
    yield compared(
        f"{how}: p99 in ms, to its p50", p99["product"], p50["product"], most=LATE if how == "100/s" else None
    )
    yield compared(f"{how}: p99 in ms, to Celery's", p99["product"], p99["celery"])
    for who in ("product without workers", "product to htmx"):
        yield compared(f"{how}: p50 in ms of the {who}, to a bare INSERT's", p50[who], p50["insert"])


def _without_redis(sink: Sink) -> Iterator[Row]:
    """Take Redis away, in the two ways in which it goes: it has ended, or it is silent."""
    for how, gone in (("has ended", _ended), ("is frozen", _frozen)):
        with product(sink.port) as site:
            asked = Asked(site, "/")
            site.start_workers()
            site.start_web()
            asked.warm()
            with gone(site):
                times = load.running(asked.times(100, quick(10.0, 2.0)))
        most = 1000 if gone is _ended else None
        yield stated(f"100/s while Redis {how}: p99", [percentile(times, 99)], "ms", most=most)
        yield stated(f"100/s while Redis {how}: slowest", [max(times)], "ms")


@contextmanager
def _ended(site: Product) -> Iterator[None]:
    site.redis.stop()
    yield


@contextmanager
def _frozen(site: Product) -> Iterator[None]:
    os.kill(site.redis.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(site.redis.process.pid, signal.SIGCONT)


def _redis_round_trip(sink: Sink) -> Row:
    with peer(sink.port) as site:
        ping = site.redis.client.ping
        times = [_timed(ping) for _ in range(1000)]
    return stated("one Redis round trip: p50", [percentile(times, 50)], "ms")


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _p50s(times: dict[str, list[list[float]]]) -> str:
    return ", ".join(f"{who} {median(rounds[-1]):.1f}" for who, rounds in times.items()) + " ms"
