"""Each row of the failure table, with real processes: nothing lost, nothing doubled, the truth told."""

import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from feedback.sentences import SENTENCES
from tests.faults.database import SERVER
from tests.faults.hosts_table import ROWS
from tests.faults.system import Prepared, System
from tests.faults.table import Row, disk_full
from tests.runner.running import wait_until

BUSY = 2  # so much longer all may take where many rows run at once
# The same state in other words: while email is slow, and around the time of the next attempt.
SITUATIONS = {"queued": ("queued", "delayed"), "retrying": ("retrying", "trying again", "delayed")}


@pytest.fixture
def folder(row: Row, tmp_path: Path) -> Iterator[Path]:
    if row.cause is not disk_full:
        yield tmp_path
        return
    if SERVER:
        pytest.skip("fills the disk under SQLite's own file")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", tmp_path], check=False).returncode:
        reason = "a small file system can be mounted by root only"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


@pytest.fixture
def system(row: Row, folder: Path, prepared: Prepared) -> Iterator[System]:
    system = row.on(folder / "var", prepared)
    yield system
    system.stop()


@pytest.mark.parametrize("row", ROWS, ids=[row.fault for row in ROWS])
def test_a_fault_loses_nothing_doubles_nothing_and_is_told(
    row: Row, system: System, record_property: Callable[[str, object], None]
) -> None:
    pages = row.cause(system)
    began = system.fault_at or time.monotonic()
    ended, until = 0.0, began + BUSY * row.within
    while not (ended and system.over()):
        _look(system, pages[0])
        if not ended and states(system) == {row.end: len(pages)}:
            ended = time.monotonic()
        assert ended or time.monotonic() < until, f"read {system.read}; elsewhere: {_not_in(system, row.end)}"
        time.sleep(0.05)
    _finish(system, pages, row)
    lost, doubled = books(system, pages)
    record_property("fault", [row.fault, system.read, lost, doubled, ended - began])
    assert (lost, doubled) == (0, 0)


def states(system: System) -> Counter[str]:
    rows = system.database.query("SELECT state FROM feedback_delivery")
    return Counter(str(state) for (state,) in rows)


def _not_in(system: System, end: str) -> list[tuple[object, ...]]:
    """Return the state and the history of those that have not come to that end, to be told why."""
    one = f"SELECT state, history FROM feedback_delivery WHERE state <> '{end}'"  # noqa: S608
    return system.database.query(one)


def _finish(system: System, pages: list[str], row: Row) -> None:
    """Let what came after the fault end as well, and compare what was read with what should be."""
    wait_until(lambda: states(system) == {row.end: len(pages)}, 20)
    _look(system, pages[0])
    assert _is_in_order(system.read, row.reads.split()), f"read {system.read}"


def _look(system: System, page: str) -> None:
    """Note what the visitor reads, which must be one of our sentences, word for word."""
    seen = system.seen(page)
    situations = SITUATIONS.get(seen.status, (seen.status,))
    assert seen.sentence in [str(SENTENCES[situation]) for situation in situations]
    if system.read[-1:] != [seen.status]:
        system.read.append(seen.status)


def _is_in_order(read: list[str], expected: list[str]) -> bool:
    """Whether what was read is what was expected, where short moments may have been missed."""
    left = iter(expected)
    return read[-1] == expected[-1] and all(status in left for status in read)


def books(system: System, pages: list[str]) -> tuple[int, int]:
    """Count the lost and the doubled, by what the mail server accepted and what our rows say."""
    accepted = Counter(system.mail.accepted_ids())
    rows = system.database.query("SELECT message_id, state FROM feedback_delivery")
    not_true = [key for key, state in rows if state == "sent" and not accepted[str(key)]]
    missing = max(0, len(pages) - len(rows))
    return len(not_true) + missing, sum(count - 1 for count in accepted.values())
