"""Random kills at random moments, under load: 200 of them, or as many as SOAK_KILLS says."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.faults.system import Master, Prepared, System
from tests.faults.table import kill_web
from tests.faults.test_faults import states

KILLS = int(os.environ.get("SOAK_KILLS", "200"))
SEED = int(os.environ.get("SOAK_SEED", "20261122"))
KILLS_A_SECOND = 4


@pytest.fixture
def system(tmp_path: Path, prepared: Prepared) -> Iterator[System]:
    system = System(tmp_path / "var", prepared, SIMULATED_WORK_SECONDS="0.05")
    yield system
    system.stop()


def test_random_kills_lose_nothing_and_double_nothing(system: System) -> None:
    chance = random.Random(SEED)
    masters = [system.start_master(), system.start_master()]
    system.mail.misbehave = _moody(random.Random(SEED))
    load = Load(system)
    for _ in range(KILLS):
        time.sleep(chance.expovariate(KILLS_A_SECOND))
        _kill_something(system, masters, chance)
    load.stop()
    system.mail.misbehave = lambda step, text: None
    _wait_for_the_last(system)
    _check(system, load.pages)
    print(f"seed {SEED}: {KILLS} kills, {len(load.pages)} emails, {dict(states(system))}")


class Load:
    """Visitors, one after the other, who send again what was not answered, as people do."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.pages: list[str] = []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.stopped.set()
        self.thread.join(60)
        assert not self.thread.is_alive()

    def _run(self) -> None:
        while not self.stopped.wait(0.05):
            with suppress(OSError, HTTPException, AssertionError):
                self.pages.append(self.system.submit())


def _kill_something(system: System, masters: list[Master], chance: random.Random) -> None:
    acts: list[tuple[int, Callable[[], object]]] = [
        (12, lambda: chance.choice(masters).signal_workers(signal.SIGKILL)),
        (3, lambda: _kill_master(chance.choice(masters))),
        (2, lambda: _restart_web(system)),
        (2, lambda: _restart_redis(system)),
        (1, lambda: _flush(system)),
    ]
    weights, choices = zip(*acts, strict=True)
    chance.choices(choices, weights)[0]()


def _kill_master(master: Master) -> None:
    with suppress(ProcessLookupError):
        os.kill(master.process.pid, signal.SIGKILL)


def _restart_web(system: System) -> None:
    kill_web(system)
    system.start_web()


def _restart_redis(system: System) -> None:
    system.redis.stop()
    system.redis.start()


def _flush(system: System) -> None:
    system.redis.client.flushall()


def _moody(chance: random.Random) -> Callable[[str, str], str | None]:
    """A mail server that takes its time and now and then says no, for now, or drops the line."""

    def misbehave(step: str, _: str) -> str | None:
        if step == "DOT":
            time.sleep(0.05)
        if step in ("CONNECT", "RCPT", "DATA", "DOT") and chance.random() < 0.01:
            return chance.choice(["451 later", "421 closing", "DROP"])
        return None

    return misbehave


def _wait_for_the_last(system: System) -> None:
    deadline = time.monotonic() + 180
    while set(states(system)) & {"queued", "sending"}:
        assert time.monotonic() < deadline, states(system)
        # The pauses between two attempts grow to hours; here nobody has that long.
        system.database.execute(
            "UPDATE feedback_delivery SET due_at = created_at, ring_at = created_at WHERE state = 'queued'"
        )
        time.sleep(1)


def _check(system: System, pages: list[str]) -> None:
    accepted = system.mail.accepted_ids()
    assert len(accepted) == len(set(accepted)), "doubled"
    rows = system.database.query("SELECT message_id, state FROM feedback_delivery")
    assert len(rows) >= len(pages), "an answered form was forgotten"
    assert not [m for m, state in rows if state == "sent" and m not in set(accepted)], "never accepted"
    assert not [m for m, state in rows if state not in ("sent", "unconfirmed")], "lost"
