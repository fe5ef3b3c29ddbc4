"""What it costs to watch: the polls of the status card, beside a Django view that reads one row.

Requests per second and core are told from the processor time of the web server's own processes, so that
neither the asking nor a busy machine counts. Then 5,000 visitors watch, each at the interval that their
card names: they came evenly over one hour, in which the mail server takes no email.
"""

import json
import random
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from itertools import cycle

from bench import load
from bench.client import Client
from bench.part import Part, Row, compared, interleaved, percentile, quick, stated
from bench.processor import cpu_seconds, family_of
from bench.site import Site, peer, product

TITLE = "Visitors who watch"
SECONDS = quick(180, 20)
ROUNDS = quick(15, 1)  # a round on a shared machine says little
POLLS = quick(1500, 200)  # a round
AT_ONCE = 4
VISITORS = quick(5000, 500)
HOUR = 3600
WATCH_SECONDS = quick(60, 5)
NOBODY = 1  # no email is sent here

Watched = list[tuple[str, float]]  # where to ask, and every how many seconds


def measure() -> Part:
    with ExitStack() as stack:
        ours = stack.enter_context(product(NOBODY))
        floor = stack.enter_context(peer(NOBODY, settings="floor"))
        watched: Watched = json.loads(ours.rows("watch", str(VISITORS), str(HOUR)))
        floor.manage("peer", "note", "owe", "1000")
        for site in (ours, floor):
            site.start_web()
        unchanged = [path for path, _ in watched]
        changed = [path.replace("seen=", "seen=0") for path in unchanged]
        contenders = {
            "unchanged": partial(_per_core, ours, unchanged, 204),
            "changed": partial(_per_core, ours, changed, 200),
            "one row": partial(_per_core, floor, [f"/read/{pk}/" for pk in range(1, 1001)], 200),
        }
        rates = interleaved(contenders, ROUNDS, "polls per second and core")
        times = load.running(_watch(ours.port, watched))
    rows = [
        compared(
            f"polls/s and core, {which}, to a view of one row", rates[which], rates["one row"], least=0.8
        )
        for which in ("unchanged", "changed")
    ]
    return Part("polls", TITLE, [*rows, *_rows(watched, times)], {"rates": rates, "times": times})


def _rows(watched: Watched, times: list[float]) -> Iterator[Row]:
    asked = sum(1 / every for _, every in watched)
    what = f"{len(watched):,} watching visitors ({asked:.0f} polls/s)"
    yield stated(f"{what}: p50", [percentile(times, 50)], "ms")
    yield stated(f"{what}: p99", [percentile(times, 99)], "ms", most=100)


def _per_core(site: Site, paths: list[str], status: int) -> float:
    server = family_of(site.web.process.pid)
    before = cpu_seconds(server)
    load.running(_ask_all(site.port, paths, status))
    return POLLS / (cpu_seconds(server) - before)


async def _ask_all(port: int, paths: list[str], status: int) -> None:
    client, left = Client(port), cycle(paths)

    async def poll() -> None:
        answer = await client.get(next(left))
        assert answer.status == status, f"{answer.status} instead of {status}"

    await load.together(poll, POLLS, AT_ONCE)
    client.close()


async def _watch(port: int, watched: Watched) -> list[float]:
    client = Client(port)
    moments = sorted(
        (begin + number * every, path)
        for path, every in watched
        for begin in [random.uniform(0, every)]
        for number in range(int((WATCH_SECONDS - begin) // every) + 1)
        if begin < WATCH_SECONDS
    )
    paths = iter([path for _, path in moments])

    async def poll() -> None:
        answer = await client.get(next(paths))
        assert answer.status in (200, 204), answer.status

    times = await load.at_moments(poll, [moment for moment, _ in moments])
    client.close()
    return times
