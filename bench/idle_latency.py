"""From the answer to a POST until the mail server has accepted the email, where nothing else is to do.

And from the POST itself: the product rings once the answer has left, so the sooner that is, the longer the
email takes after it.
"""

import time
from contextlib import ExitStack
from dataclasses import dataclass

from bench import load
from bench.client import Client
from bench.household import until
from bench.part import Part, Row, compared, in_turn, percentile, quick, say, stated
from bench.site import Site, peer, product
from bench.timed_sink import TimedSink

TITLE = "From the answer to the accepted email, at rest"
SECONDS = quick(240, 30)
ROUNDS = quick(10, 2)
SAMPLES = quick(20, 6)  # a round; 200 in all
REST_SECONDS = 0.4

Times = dict[str, list[list[float]]]  # who, rounds of ms


@dataclass
class Wait:
    posted: float  # ms until the email was accepted, from the POST
    answered: float  # and from its answer


def measure() -> Part:
    waits: dict[str, list[list[Wait]]] = {"product": [], "celery": []}
    with TimedSink() as sink, ExitStack() as stack:
        sites = {
            "product": (stack.enter_context(product(sink.port)), "/"),
            "celery": (stack.enter_context(peer(sink.port)), "/later/"),
        }
        for site, path in sites.values():
            site.start_workers()
            site.start_web()
            _waits(sink, site, path, quick(5, 2))
        for number in range(ROUNDS):
            for who, (site, path) in in_turn(sites, number):
                waits[who].append(_waits(sink, site, path, SAMPLES))
            say(f"at rest, round {number + 1} of {ROUNDS}: {_p50s(waits)}")
    answered = _since("answered", waits)
    return Part("idle_latency", TITLE, _rows(answered, _since("posted", waits)), answered)


def _rows(answered: Times, posted: Times) -> list[Row]:
    pooled = [wait for one in answered["product"] for wait in one]
    return [
        _compared("p50 in ms, to Celery's", answered, 50, most=1),
        _compared("p95 in ms, to Celery's", answered, 95),
        stated(f"slowest of {len(pooled)}", [max(pooled)], "ms"),
        _compared("from the POST itself: p50 in ms, to Celery's", posted, 50),
    ]


def _compared(what: str, waits: Times, percent: float, most: float | None = None) -> Row:
    ours, theirs = ([percentile(one, percent) for one in waits[who]] for who in ("product", "celery"))
    return compared(what, ours, theirs, most=most)


def _since(moment: str, waits: dict[str, list[list[Wait]]]) -> Times:
    return {who: [[getattr(wait, moment) for wait in one] for one in rounds] for who, rounds in waits.items()}


def _waits(sink: TimedSink, site: Site, path: str, samples: int) -> list[Wait]:
    return [load.running(_wait(sink, site.port, path)) for _ in range(samples)]


async def _wait(sink: TimedSink, port: int, path: str) -> Wait:
    time.sleep(REST_SECONDS)
    client = Client(port)
    came_before = len(sink.came)
    send = await load.form(client, path)
    posted = time.perf_counter()
    await send()
    answered = time.perf_counter()
    client.close()
    until(lambda: len(sink.came) > came_before, 60, "the email of a POST")
    accepted = max(sink.came.values())
    return Wait(posted=(accepted - posted) * 1000, answered=(accepted - answered) * 1000)


def _p50s(waits: dict[str, list[list[Wait]]]) -> str:
    p50s = {who: percentile([wait.answered for wait in rounds[-1]], 50) for who, rounds in waits.items()}
    return ", ".join(f"{who} {p50:.1f}" for who, p50 in p50s.items()) + " ms"
