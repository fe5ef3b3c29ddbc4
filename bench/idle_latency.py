"""From the answer to a POST until the mail server has accepted the email, where nothing else is to do."""

import time
from contextlib import ExitStack

from bench import load
from bench.client import Client
from bench.household import until
from bench.part import Part, Row, compared, percentile, quick, say, stated
from bench.site import Site, peer, product
from bench.timed_sink import TimedSink

TITLE = "From the answer to the accepted email, at rest"
SECONDS = quick(240, 30)
ROUNDS = quick(10, 2)
SAMPLES = quick(20, 6)  # a round; 200 in all
REST_SECONDS = 0.4


def measure() -> Part:
    answered: dict[str, list[list[float]]] = {"product": [], "celery": []}
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
            for who, (site, path) in sites.items():
                answered[who].append(_waits(sink, site, path, SAMPLES))
            say(f"at rest, round {number + 1} of {ROUNDS}: {_p50s(answered)}")
    return Part("idle_latency", TITLE, _rows(answered), answered)


def _rows(waits: dict[str, list[list[float]]]) -> list[Row]:
    def of(who: str, percent: float) -> list[float]:
        return [percentile(one, percent) for one in waits[who]]

    pooled = [wait for one in waits["product"] for wait in one]
    return [
        compared("p50 in ms, to Celery's", of("product", 50), of("celery", 50), most=1),
        compared("p95 in ms, to Celery's", of("product", 95), of("celery", 95)),
        stated(f"slowest of {len(pooled)}", [max(pooled)], "ms"),
    ]


def _waits(sink: TimedSink, site: Site, path: str, samples: int) -> list[float]:
    return [load.running(_wait(sink, site.port, path)) for _ in range(samples)]


async def _wait(sink: TimedSink, port: int, path: str) -> float:
    time.sleep(REST_SECONDS)
    client = Client(port)
    came_before = len(sink.came)
    send = await load.form(client, path)
    await send()
    answered = time.perf_counter()
    client.close()
    until(lambda: len(sink.came) > came_before, 60, "the email of a POST")
    return (max(sink.came.values()) - answered) * 1000


def _p50s(waits: dict[str, list[list[float]]]) -> str:
    return ", ".join(f"{who} {percentile(rounds[-1], 50):.1f}" for who, rounds in waits.items()) + " ms"
