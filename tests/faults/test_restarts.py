"""An upgrade under load, by the commands of deploy/: no visitor sees it and no email is lost or doubled."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from http.client import HTTPException
from pathlib import Path

import pytest

from feedback.worker import KEEP_SECONDS
from tests.faults.system import Master, Prepared, System, start
from tests.faults.table import kill_web
from tests.faults.test_faults import states
from tests.runner.running import wait_until

VISITORS = 3
LONGEST_SECONDS = 30  # what Caddy holds a visitor back for; a machine at rest needs one or two
# As systemd hands over a socket: it is descriptor 3, and the variables name the process.
ACTIVATED = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.set_inheritable(3, True);"
    "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1');"
    "os.execv(sys.executable, [sys.executable, '-m', 'project.serve', 'web'])"
)


class Deployed(System):
    """Its web server has the socket from a service manager, which keeps it open over a restart."""

    def spawn_web(self) -> None:
        if not hasattr(self, "listening"):
            self.listening = socket.create_server(("127.0.0.1", self.port), backlog=512)
        fd = self.listening.fileno()
        self.web = start([sys.executable, "-c", ACTIVATED, str(fd)], self.environment, pass_fds=[fd])

    def wait_for_web(self) -> None:
        wait_until(lambda: len(self.web_workers()) == 2)

    def web_workers(self) -> set[int]:
        children = Path(f"/proc/{self.web.pid}/task/{self.web.pid}/children")
        with suppress(OSError):
            return {int(pid) for pid in children.read_text().split()}
        return set()

    def stop(self) -> None:
        kill_web(self)
        self.listening.close()
        super().stop()


@pytest.fixture
def system(tmp_path: Path, prepared: Prepared) -> Iterator[Deployed]:
    system = Deployed(tmp_path / "var", prepared)
    system.mail.misbehave = in_its_own_time
    yield system
    system.stop()


def test_an_upgrade_under_load_fails_no_request_and_loses_or_doubles_no_email(system: Deployed) -> None:
    masters = [system.start_master(), system.start_master()]
    steps = [partial(restart_web, system)] * 2
    serve_while(system, [*steps, *(partial(restart, system, master) for master in masters)])


def test_a_hangup_under_load_fails_no_request_and_loses_or_doubles_no_email(system: Deployed) -> None:
    masters = [system.start_master(), system.start_master()]
    steps = [partial(hang_up_web, system)] * 2
    serve_while(system, [*steps, *(partial(hang_up, master) for master in masters)])


def serve_while(system: Deployed, steps: Sequence[Callable[[], None]]) -> None:
    """Take each step among visitors who never pause for long, and look what became of them."""
    visitors = [Visitor(system) for _ in range(VISITORS)]
    for step in steps:
        wait_for_more(visitors)
        step()
    wait_for_more(visitors)
    for visitor in visitors:
        visitor.leave()
    pages = [page for visitor in visitors for page in visitor.pages]
    wait_until(lambda: states(system) == {"sent": len(pages)})
    accepted = system.mail.accepted_ids()
    assert len(accepted) == len(set(accepted)) == len(pages)
    longest = max(visitor.longest for visitor in visitors)
    print(f"{len(pages)} feedbacks, the longest took {longest:.2f} s")
    assert longest < LONGEST_SECONDS


def in_its_own_time(step: str, _: str) -> None:
    """Answer so slowly that whoever is stopped has an email in hand that must not be dropped."""
    if step == "DOT":
        time.sleep(0.1)


class Visitor:
    """Sends the form again and again, and never a second time what failed."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.pages: list[str] = []
        self.failed: list[str] = []
        self.longest = 0.0
        self.leaving = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def leave(self) -> None:
        self.leaving.set()
        self.thread.join(60)
        assert not self.thread.is_alive()
        assert self.failed == []

    def _run(self) -> None:
        while not self.leaving.wait(0.15):
            began = time.monotonic()
            try:
                self.pages.append(self.system.submit())
                self.system.seen(self.pages[-1])
            except (OSError, HTTPException, AssertionError) as error:
                self.failed.append(f"{type(error).__name__}: {error}")
            self.longest = max(self.longest, time.monotonic() - began)


def wait_for_more(visitors: list[Visitor]) -> None:
    """Let each of them be served a few times."""
    goal = [len(visitor.pages) + 3 for visitor in visitors]
    wait_until(lambda: all(len(v.pages) >= n or v.failed for v, n in zip(visitors, goal, strict=True)))


def restart_web(system: Deployed) -> None:
    """As `systemctl restart` does it."""
    system.web.terminate()
    assert system.web.wait(90) == 0
    system.start_web()


def restart(system: System, master: Master) -> None:
    before = master.process
    before.terminate()
    wait_until(lambda: master.process is not before and master.workers())
    count = "SELECT count(*) FROM feedback_worker"
    wait_until(lambda: system.database.query(count)[0][0] >= 2)


def hang_up_web(system: Deployed) -> None:
    before = system.web_workers()
    system.web.send_signal(signal.SIGHUP)
    wait_until(lambda: len(system.web_workers()) == 2 and not system.web_workers() & before)


def hang_up(master: Master) -> None:
    """As `kill -HUP` of a master does it: the same process, with new workers."""
    before, process = set(master.workers()), master.process
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: master.workers() and not before.intersection(master.workers()))
    assert master.process is process


def test_a_worker_whose_master_was_killed_as_it_booted_ends_as_well(
    tmp_path: Path, prepared: Prepared
) -> None:
    system = System(tmp_path / "var", prepared)
    try:
        master = system.start_master(wait=False)
        master.restarts = False
        wait_until(master.workers)
        (worker,) = master.workers()
        os.kill(master.process.pid, signal.SIGSTOP)  # so that the worker waits for its answer
        wait_until(lambda: system.database.query("SELECT count(*) FROM feedback_worker")[0][0])
        os.kill(master.process.pid, signal.SIGKILL)
        wait_until(lambda: not _runs(worker), 40)
    finally:
        system.stop()


@pytest.mark.parametrize("method", ["forkserver", "spawn"])  # of Python 3.14, and of macOS
def test_a_worker_ends_with_its_master_and_not_before_however_it_was_started(
    tmp_path: Path, prepared: Prepared, method: str
) -> None:
    system = System(tmp_path / "var", prepared, FAULT_START_METHOD=method)
    alive = "SELECT count(*) FROM feedback_worker"
    try:
        master = system.start_master()
        master.restarts = False
        time.sleep(KEEP_SECONDS * 1.5)  # in which it looks once more whose child it is
        system.submit()
        wait_until(lambda: system.mail.accepted)
        assert system.database.query(alive)[0][0] == 1
        os.kill(master.process.pid, signal.SIGKILL)
        wait_until(lambda: not system.database.query(alive)[0][0], 40)
    finally:
        system.stop()


def _runs(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
