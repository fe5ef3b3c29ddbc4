"""What so many workers carry, and where it breaks first: a simulation of the queue, for docs/scale.md.

An email waits for a place and holds it to its end; in that time it needs a core for the work, the
database for its commits, and then only patience with the mail server. Whoever comes first is served
first at each. A process has two places a thread: one of its threads sends two emails for each thread
side by side, the others at times what they were rung for. `python -m bench.scale` prints the table; its
costs are those that `make bench` measured.
"""

import random
from collections.abc import Iterable
from heapq import heapreplace
from typing import NamedTuple

from bench.part import percentile


class Site(NamedTuple):
    processes: int
    threads: int = 8  # of each process
    places: int = 2  # for emails in hand, to each thread
    cores: int = 2  # of all worker hosts; one process uses one at most
    work_seconds: float = 0.0006  # of a core, for one email
    commit_seconds: float = 0.0001  # of the database's disk, for an email's part of the commits
    writers: int = 1  # how many commits the database takes at a time
    mail_seconds: float = 0.25  # that the mail server takes


SITES = {
    "2 processes, SQLite, two cores": Site(2),
    "the same, a mail server that takes 1 s": Site(2, mail_seconds=1),
    "the same, 32 threads a process": Site(2, threads=32, mail_seconds=1),
    "8 processes, PostgreSQL, 8 cores": Site(8, cores=8, writers=4),
    "32 processes, PostgreSQL, 32 cores": Site(32, cores=32, writers=4),
}


def simulate(site: Site, arrivals: Iterable[float]) -> list[float]:
    """Return the seconds from each arrival to its acceptance; arrivals are in order."""
    places = [0.0] * (site.processes * site.threads * site.places)
    cores = [0.0] * min(site.cores, site.processes)
    writers = [0.0] * site.writers
    took = []
    for arrival in arrivals:
        worked = _served(cores, max(arrival, places[0]), site.work_seconds)
        written = _served(writers, worked, site.commit_seconds)
        accepted = written + site.mail_seconds
        heapreplace(places, accepted)
        took.append(accepted - arrival)
    return took


def capacity(site: Site) -> tuple[float, str]:
    """Return the emails a second that can be sent at most, and what it is that holds them up."""
    held = site.work_seconds + site.commit_seconds + site.mail_seconds
    limits = {
        "places": site.processes * site.threads * site.places / held,
        "cores": min(site.cores, site.processes) / site.work_seconds,
        "database": site.writers / site.commit_seconds,
    }
    first = min(limits, key=lambda name: limits[name])
    return limits[first], first


def poisson(rate: float, count: int, seed: int = 7) -> list[float]:
    chance, moment, moments = random.Random(seed), 0.0, []
    for _ in range(count):
        moment += chance.expovariate(rate)
        moments.append(moment)
    return moments


def _served(servers: list[float], ready: float, seconds: float) -> float:
    """Take the server that is free first; return when it has done."""
    done = max(ready, servers[0]) + seconds
    heapreplace(servers, done)
    return done


def main() -> None:
    print(
        "| site | emails a second at most | held up by | p99 at half of it | at 90 % |\n|---|---|---|---|---|"
    )
    for name, site in SITES.items():
        most, first = capacity(site)
        waits = [percentile(simulate(site, poisson(most * load, 20_000)), 99) for load in (0.5, 0.9)]
        print(f"| {name} | {most:,.0f} | {first} | {waits[0]:.2f} s | {waits[1]:.2f} s |")


if __name__ == "__main__":
    main()
