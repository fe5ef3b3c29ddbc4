"""The failure table: every fault that we claim to survive, how to cause it, and what comes of it."""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from project.runner.death import die_with_parent
from tests.faults.system import System
from tests.mail_server import DROP, SILENCE, MailServer, Reply
from tests.runner.running import wait_until
from tests.sentinels import Sentinels

Cause = Callable[[System], list[str]]  # makes the fault and returns the pages of those it meets


class Row(NamedTuple):
    fault: str
    cause: Cause
    reads: str  # the statuses that the visitor of the first page may read, in this order
    within: float  # seconds from the fault to the last status
    on: type[System] = System

    @property
    def end(self) -> str:
        return self.reads.split()[-1]


ROWS: list[Row] = []


def row(fault: str, reads: str, within: float, on: type[System] = System) -> Callable[[Cause], Cause]:
    def add(cause: Cause) -> Cause:
        ROWS.append(Row(fault, cause, reads, within, on))
        return cause

    return add


@row("kill -9 of a worker, the email queued in its memory", "queued retrying sending sent", 40)
def killed_while_queued(system: System) -> list[str]:
    master = system.start_master(threads=1, SIMULATED_WORK_SECONDS="1")
    first, second = system.submit(), system.submit()
    wait_until(lambda: system.seen(first).status == "sending")
    master.signal_workers(signal.SIGKILL)
    return [second, first]


@row("… while it works", "sending retrying sending sent", 40)
def killed_while_working(system: System) -> list[str]:
    master = system.start_master(SIMULATED_WORK_SECONDS="1")
    page = system.submit()
    wait_until(lambda: system.seen(page).status == "sending")
    master.signal_workers(signal.SIGKILL)
    return [page]


@row("… while it connects to the mail server", "sending retrying sending sent", 40)
def killed_while_connecting(system: System) -> list[str]:
    return _signal_at("CONNECT", system)


@row("… after the text of the email, before its final dot", "sending retrying sending sent", 40)
def killed_before_the_dot(system: System) -> list[str]:
    master = system.start_master()
    locks: list[Callable[[], None]] = []
    system.mail.misbehave = _once("DATA", lambda: locks.append(system.database.lock()))
    page = system.submit()
    wait_until(lambda: system.mail.last_line.startswith(b"--") and system.mail.last_line.endswith(b"--\r\n"))
    master.signal_workers(signal.SIGKILL)
    system.database.drop_waiting()
    locks[0]()
    return [page]


@row("… after the final dot, before the reply", "sending unconfirmed", 30)
def killed_before_the_reply(system: System) -> list[str]:
    return _signal_at("DOT", system)


@row("… after the reply, before it is written down", "sending unconfirmed", 30)
def killed_before_the_mark(system: System) -> list[str]:
    master = system.start_master()
    locks: list[Callable[[], None]] = []
    system.mail.misbehave = _once("DOT", lambda: locks.append(system.database.lock()))
    page = system.submit()
    wait_until(lambda: any(step == "DOT" for step, _ in system.mail.said))
    client_port = next(port for step, port in system.mail.said if step == "DOT")
    wait_until(lambda: _has_read_everything(client_port))
    master.signal_workers(signal.SIGKILL)
    system.database.drop_waiting()
    locks[0]()
    return [page]


@row("kill -9 of the workers' master", "sending sent", 15)
def killed_master(system: System) -> list[str]:
    master = system.start_master(SIMULATED_WORK_SECONDS="1")
    page = system.submit()
    wait_until(lambda: system.seen(page).status == "sending")
    master.process.kill()
    return [page]


@row("kill -9 of the web server right after its answer", "queued sending sent", 15)
def killed_web(system: System) -> list[str]:
    system.start_master(SIMULATED_WORK_SECONDS="0.5")
    page = system.submit()
    kill_web(system)
    system.start_web()
    return [page]


@row("SIGTERM to everything while emails are in hand (a deploy)", "queued sending sent", 30)
def deployed(system: System) -> list[str]:
    master = system.start_master(SIMULATED_WORK_SECONDS="0.3")
    pages = [system.submit() for _ in range(10)]
    master.process.terminate()
    system.web.terminate()
    system.web.wait()
    system.start_web()
    return pages


@row("Redis stopped before the form is sent", "queued sending sent", 15)
def redis_stopped(system: System) -> list[str]:
    system.start_master()
    system.redis.stop()
    return [_submitted_quickly(system)]


@row("Redis stopped for 60 s in the middle of 120 emails", "queued sending sent", 90)
def redis_away(system: System) -> list[str]:
    pages = _drain(system, 120)
    system.redis.stop()
    system.fault()
    returns = time.monotonic() + 60

    def over() -> bool:
        if time.monotonic() > returns and not system.redis.answers():
            system.redis.start()
            pages.append(system.submit())  # this one meets a Redis that is back
        return time.monotonic() > returns

    system.over = over
    return pages


@row("FLUSHALL in the middle of 60 emails", "queued sending sent", 30)
def redis_flushed(system: System) -> list[str]:
    pages = _drain(system, 60)
    system.redis.client.flushall()
    return pages


@row("Redis silent (SIGSTOP)", "queued sending sent", 20)
def redis_silent(system: System) -> list[str]:
    system.start_master()
    os.kill(system.redis.process.pid, signal.SIGSTOP)
    return [_submitted_quickly(system)]


@row("the Redis primary killed among 60 emails; Sentinels, a replica", "queued sending sent", 40)
def redis_primary_killed(system: System) -> list[str]:
    group = Sentinels(system.folder / "sentinels", die_with_parent(os.getpid()))
    system.closing.callback(group.stop)
    kill_web(system)
    system.environment["REDIS_URL"] = group.url
    system.start_web()
    pages = _drain(system, 60)
    group.primary.stop()
    system.fault()
    while not group.has_taken_over():
        assert time.monotonic() < system.fault_at + 40, "no consumer waits at the new primary"
        pages.insert(0, _submitted_quickly(system))
        time.sleep(0.1)
    return pages


@row("a worker frozen for 25 s before the final dot", "sending retrying sending sent", 40)
def frozen_before_the_dot(system: System) -> list[str]:
    return _frozen_at("RCPT", system)


@row("… after the final dot", "sending unconfirmed sent", 40)
def frozen_after_the_dot(system: System) -> list[str]:
    return _frozen_at("DOT", system)


@row("two workers' masters, 60 emails", "queued sending sent", 30)
def two_masters(system: System) -> list[str]:
    system.start_master()
    return _drain(system, 60)


@row("the mail server down, then up", "queued sending retrying sending sent", 30)
def mail_server_down(system: System) -> list[str]:
    system.start_master()
    port, accepted = system.mail.port, system.mail.accepted
    system.mail.__exit__()
    page = system.submit()
    wait_until(lambda: system.seen(page).status == "retrying")
    system.mail = MailServer(port).__enter__()
    system.mail.accepted = accepted
    return [page]


@row("greylisting: 451 at RCPT, then 250", "queued sending retrying sending sent", 20)
def greylisted(system: System) -> list[str]:
    return _answered("RCPT", "451 4.7.1 greylisted", system)


@row("550 at RCPT: no such address", "queued sending failed", 10)
def no_such_address(system: System) -> list[str]:
    return _answered("RCPT", "550 5.1.1 no such user", system)


@row("552 at the final dot: too big", "queued sending failed", 10)
def too_big(system: System) -> list[str]:
    return _answered("DOT", "552 5.3.4 too big", system)


@row("421 in the middle of the session", "queued sending retrying sending sent", 20)
def closing(system: System) -> list[str]:
    return _answered("RCPT", "421 4.3.2 closing", system)


@row("silence after the final dot", "queued sending unconfirmed", 15)
def silent_after_the_dot(system: System) -> list[str]:
    return _answered("DOT", SILENCE, system)


@row("the line drops after the final dot", "queued sending unconfirmed", 10)
def dropped_after_the_dot(system: System) -> list[str]:
    return _answered("DOT", DROP, system)


@row("the line drops before the final dot", "queued sending retrying sending sent", 20)
def dropped_before_the_dot(system: System) -> list[str]:
    return _answered("DATA", DROP, system)


@row("the mail server hangs up on a kept connection, 20 emails waiting", "queued sending sent", 20)
def hung_up(system: System) -> list[str]:
    emails: list[str] = []

    def hang_up(step: str, text: str) -> Reply:
        if step == "CONNECT":
            emails.clear()
        if step == "MAIL":
            emails.append(text)
        return DROP if step == "MAIL" and len(emails) == 2 else None

    system.mail.misbehave = hang_up
    pages = [system.submit() for _ in range(20)]
    system.start_master(threads=1)
    return pages


@row("one login refused, with 20 emails waiting", "queued sending retrying sending sent", 40)
def login_refused(system: System) -> list[str]:
    system.mail.misbehave_at("AUTH", "535 5.7.8 bad password")
    pages = [system.submit() for _ in range(20)]
    system.start_master(wait=False)
    return pages


@row("the database locked for 5 s by another writer", "queued sending sent", 20)
def database_locked(system: System) -> list[str]:
    system.start_master()
    system.fault()
    threading.Timer(5, system.database.lock()).start()
    return [system.submit()]


@row("a worker whose clock is an hour behind", "queued sending sent", 20)
def clock_behind(system: System) -> list[str]:
    system.start_master(FAULT_CLOCK_SECONDS="-3600")
    return [system.submit()]


@row("a web server whose clock is an hour ahead", "queued sending sent", 20)
def web_clock_ahead(system: System) -> list[str]:
    kill_web(system)
    system.environment["FAULT_CLOCK_SECONDS"] = "3600"
    system.start_web()
    del system.environment["FAULT_CLOCK_SECONDS"]
    system.start_master()
    return [system.submit()]


@row("one worker's clock an hour ahead of the other's", "queued sending sent", 20)
def clocks_differ(system: System) -> list[str]:
    system.start_master(FAULT_CLOCK_SECONDS="3600", SIMULATED_WORK_SECONDS="4")
    system.start_master(SIMULATED_WORK_SECONDS="4")
    return [system.submit(), system.submit(), system.submit()]


@row("a worker whose clock is an hour ahead, killed while it works", "sending retrying sending sent", 40)
def clock_ahead(system: System) -> list[str]:
    fast = system.start_master(SIMULATED_WORK_SECONDS="2", FAULT_CLOCK_SECONDS="3600")
    page = system.submit()
    wait_until(lambda: system.seen(page).status == "sending")
    fast.stop()
    system.start_master(wait=False)
    return [page]


@row("the disk full, then room again", "not-saved queued sending sent", 20)
def disk_full(system: System) -> list[str]:
    """The folder must be a small file system of its own."""
    filler = system.folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(65536))
    saved, status = [], 303
    while status == 303:  # SQLite may still have some room in its own files
        status, page, address = system.post("The door is too heavy. " * 200)
        saved += [address] if status == 303 else []
    assert status == 503, page
    assert "This could not be saved just now." in page
    assert "The door is too heavy." in page
    filler.unlink()
    assert system.database.query("SELECT count(*) FROM feedback_feedback")[0][0] == len(saved)
    system.start_master()
    system.read.append("not-saved")
    return [system.submit(), *saved]


def _answered(step: str, reply: str, system: System) -> list[str]:
    system.mail.misbehave_at(step, reply)
    system.start_master(FAULT_FINAL_REPLY_SECONDS="3")
    return [system.submit()]


def _signal_at(step: str, system: System) -> list[str]:
    """Kill the worker when the mail server is about to answer this step."""
    master = system.start_master()
    system.mail.misbehave = _once(step, lambda: master.signal_workers(signal.SIGKILL))
    page = system.submit()
    wait_until(lambda: step in system.mail.steps)
    return [page]


def _frozen_at(step: str, system: System) -> list[str]:
    frozen = system.start_master()
    workers = frozen.workers()
    system.mail.misbehave = _once(step, frozen.freeze_workers)
    page = system.submit()
    wait_until(lambda: step in system.mail.steps)
    thawed = threading.Timer(25, _thaw, [workers])
    thawed.start()
    # What the frozen one does when it thaws is to be seen: it has 3 s for that.
    thaws = time.monotonic() + 28
    system.over = lambda: time.monotonic() > thaws
    system.start_master(wait=False)
    return [page]


def _thaw(pids: list[int]) -> None:
    for pid in pids:
        _signal(pid, signal.SIGCONT)


def _drain(system: System, emails: int) -> list[str]:
    """Have emails delivered, slowly, and return once some have been."""
    system.start_master(SIMULATED_WORK_SECONDS="0.1")
    pages = [system.submit() for _ in range(emails)]
    wait_until(lambda: len(system.mail.accepted) >= 5)
    return pages[::-1]  # the one that is last in the queue is looked at


def _submitted_quickly(system: System) -> str:
    began = time.monotonic()
    page = system.submit()
    assert time.monotonic() - began < 1.5, "the form waited for Redis"
    return page


def _once(step: str, act: Callable[[], object]) -> Callable[[str, str], Reply]:
    done: list[bool] = []

    def misbehave(at: str, _: str) -> Reply:
        if at == step and not done:
            done.append(True)
            act()
        return None

    return misbehave


def kill_web(system: System) -> None:
    children = Path(f"/proc/{system.web.pid}/task/{system.web.pid}/children").read_text().split()
    for pid in [system.web.pid, *map(int, children)]:
        _signal(pid, signal.SIGKILL)
    system.web.wait()


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _has_read_everything(port: int) -> bool:
    """Whether the program at this local TCP port has taken all that the kernel received for it."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(f":{port:04X}"):
            return int(fields[4].split(":")[1], 16) == 0
    return True
