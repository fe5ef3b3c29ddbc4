"""The last rows of the failure table, on many hosts. All ROWS can be had from here."""

import time

from tests.faults.hosts import Hosts
from tests.faults.system import System
from tests.faults.table import ROWS, row
from tests.mail_server import Reply
from tests.runner.running import wait_until

__all__ = ["ROWS"]

QUICK, BOUNDED = 1.5, 15.0  # seconds that a form may take: usually, and where the database is away

SENT_IN_THE_END = "queued sending retrying sending sent"


@row("a worker's host cut off for 20 s, its emails in hand", "queued sending unconfirmed sent", 60, Hosts)
def worker_host_cut_off(system: System) -> list[str]:
    hosts = _hosts(system)
    first, _ = hosts.start_worker_host(), hosts.start_worker_host()
    taken: list[str] = []

    def misbehave(step: str, text: str) -> Reply:
        if step == "DOT" and not taken and hosts.mail.client.address == first.address:
            hosts.switch.cut(first)
            taken.append(text)
        return None

    hosts.mail.misbehave = misbehave
    pages = [hosts.submit() for _ in range(30)]
    wait_until(lambda: taken)
    hosts.fault()
    pages += _posted(hosts, 20, QUICK)
    hosts.switch.mend(first)
    return _with_first(_page_of(hosts, taken[0]), pages)


@row("Redis's host cut off for 10 s among 60 emails", "queued sending sent", 40, Hosts)
def redis_host_cut_off(system: System) -> list[str]:
    hosts = _hosts(system)
    pages = _draining(hosts)
    hosts.switch.cut(hosts.redis_host)
    pages += _posted(hosts, 10, QUICK)
    hosts.switch.mend(hosts.redis_host)
    return pages[::-1]


@row("PostgreSQL's host cut off for 15 s among 60 emails", SENT_IN_THE_END, 60, Hosts)
def database_host_cut_off(system: System) -> list[str]:
    hosts = _hosts(system)
    pages = _draining(hosts)
    hosts.switch.cut(hosts.database_host)
    pages += _posted(hosts, 15, BOUNDED)
    hosts.switch.mend(hosts.database_host)
    return _with_unanswered(hosts, pages)


@row("kill -9 of PostgreSQL among 60 emails, started again", SENT_IN_THE_END, 60, Hosts)
def database_killed(system: System) -> list[str]:
    hosts = _hosts(system)
    pages = _draining(hosts)
    hosts.server.kill()
    pages += _posted(hosts, 3, QUICK)
    hosts.start_database()
    return _with_unanswered(hosts, pages)


def _hosts(system: System) -> Hosts:
    assert isinstance(system, Hosts)
    return system


def _draining(hosts: Hosts) -> list[str]:
    hosts.start_worker_host()
    hosts.start_worker_host()
    pages = [hosts.submit() for _ in range(60)]
    wait_until(lambda: len(hosts.mail.accepted) >= 5)
    hosts.fault()
    return pages


def _posted(hosts: Hosts, seconds: float, longest: float) -> list[str]:
    """Send forms for so long; return the pages of those that were taken."""
    pages, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        status, page, address = hosts.post("The door is too heavy.")
        took = time.monotonic() - began
        assert took < longest, f"answered {status} after {took:.1f} s"
        assert status == 303 or "This could not be saved just now." in page
        pages += [address] if status == 303 else []
        time.sleep(0.2)
    return pages


def _page_of(hosts: Hosts, message_id: str) -> str:
    one = f"SELECT feedback_id FROM feedback_delivery WHERE message_id = '{message_id}'"  # noqa: S608
    return f"/feedback/{hosts.database.query(one)[0][0]}/"


def _with_first(page: str, pages: list[str]) -> list[str]:
    return [page, *(other for other in pages if other != page)]


def _with_unanswered(hosts: Hosts, pages: list[str]) -> list[str]:
    """Return also the pages of what was saved just before the answer could not be given."""
    wait_until(lambda: hosts.request("GET", pages[-1])[0] == 200)
    saved = [f"/feedback/{pk}/" for (pk,) in hosts.database.query("SELECT id FROM feedback_feedback")]
    assert set(pages) <= set(saved), "an answered form was forgotten"
    return _with_first(pages[-1], saved)
