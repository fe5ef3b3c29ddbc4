"""200 visitors at once, where each email takes 20 s of simulated work: nobody waits for that work.

The tutorial's "before", whose view does the work itself, is shown with few visitors: 200 of them would
keep its four threads for 1000 s.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

from bench import load
from bench.client import Client
from bench.household import until
from bench.part import Part, Row, compared, in_turn, percentile, quick, say, stated
from bench.sink import Sink
from bench.site import Product, Site, peer, product

TITLE = "200 visitors at once, with 20 s of simulated work"
SECONDS = quick(150, 45)
ROUNDS = quick(5, 1)
VISITORS = quick(200, 30)
WORK_SECONDS = quick(20, 2)
PATIENT_VISITORS = 8
WARM = 20
WITHIN = 1.1  # so many times as slow is "no slower": what two equal ones differ by


def measure() -> Part:
    with Sink() as sink, ExitStack() as stack:
        work = {"SIMULATED_WORK_SECONDS": str(WORK_SECONDS)}
        ours, free = (
            stack.enter_context(product(sink.port, more=work)),
            stack.enter_context(product(sink.port)),
        )
        celery, sync = [stack.enter_context(peer(sink.port, more=work)) for _ in range(2)]
        for site in (ours, free, celery, sync):
            stack.callback(site.home.drop)
            site.start_web()
        for worker in (ours, free, celery):
            worker.start_workers()
        contenders = {
            "with": partial(_at_once, ours, "/", VISITORS),
            "without": partial(_at_once, free, "/", VISITORS),
            "celery": partial(_at_once, celery, "/later/", VISITORS),
        }
        _warm(ours, free, celery)
        times: dict[str, list[list[float]]] = {who: [] for who in contenders}
        for number in range(ROUNDS):
            for who, ask in in_turn(contenders, number):
                times[who].append(ask())
                say(f"at once, round {number + 1} of {ROUNDS}: {who} {percentile(times[who][-1], 50):.0f} ms")
            _rest(free, WARM + VISITORS * (number + 1))
        times["sync"] = [_at_once(sync, "/now/", PATIENT_VISITORS)]
    return Part("simulated", TITLE, list(_rows(times)), times)


def _warm(ours: Product, free: Product, celery: Site) -> None:
    """Have every thread's first answer, which reads templates and opens the database, behind us."""
    for site, path in ((ours, "/"), (free, "/"), (celery, "/later/")):
        _at_once(site, path, WARM)


def _at_once(site: Site, path: str, visitors: int) -> list[float]:
    return load.running(_arrive(site.port, path, visitors))


async def _arrive(port: int, path: str, visitors: int) -> list[float]:
    client = Client(port)
    try:
        send = await load.form(client, path)
        return await load.at_moments(send, [0.0] * visitors)
    finally:
        client.close()


def _rest(site: Product, sent: int) -> None:
    until(lambda: int(site.rows("sent")) >= sent, 120, "an email for every visitor")


def _rows(times: dict[str, list[list[float]]]) -> Iterator[Row]:
    for words, percent in (("p50", 50), ("slowest", 100)):
        of = {who: [percentile(took, percent) for took in rounds] for who, rounds in times.items()}
        what = f"{words} of {VISITORS} in ms, {WORK_SECONDS} s of work"
        yield compared(f"{what}, to without it", of["with"], of["without"], most=WITHIN)
        yield compared(f"{what}, to Celery's", of["with"], of["celery"])
        yield stated(f"{words} of {PATIENT_VISITORS} where the view does the work", of["sync"], "ms")
