"""Each row of the failure table, with real processes: nothing lost, nothing doubled, the truth told."""

import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from feedback.card import SENTENCES
from tests.faults.database import SERVER
from tests.faults.system import Prepared, System
from tests.faults.table import ROWS, Row, disk_full

FINAL = ("sent", "failed", "unconfirmed")


@pytest.fixture
def folder(row: Row, tmp_path: Path) -> Iterator[Path]:
    if row.cause is not disk_full:
        yield tmp_path
        return
    if SERVER:
        pytest.skip("fills the disk under SQLite's own file")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", tmp_path], check=False).returncode:
        pytest.skip("a small file system can be mounted by root only")
    yield tmp_path
    subprocess.run(["umount", "--lazy", tmp_path], check=True)


@pytest.fixture
def system(folder: Path, prepared: Prepared) -> Iterator[System]:
    system = System(folder / "var", prepared)
    yield system
    system.stop()


@pytest.mark.parametrize("row", ROWS, ids=[row.fault for row in ROWS])
def test_a_fault_loses_nothing_doubles_nothing_and_is_told(
    row: Row, system: System, record_property: Callable[[str, object], None]
) -> None:
    pages = row.cause(system)
    began, read = time.monotonic(), list[str]()
    while not _all_final(system, pages, row.end):
        _read(system, pages[0], read)
        assert time.monotonic() - began < row.within, f"after {row.within} s: {states(system)}, read {read}"
        time.sleep(0.05)
    recovered = time.monotonic() - began
    _read(system, pages[0], read)
    while time.monotonic() < system.until:
        time.sleep(0.05)
    assert _is_in_order(read, row.reads.split()), f"read {read}"
    _check_the_books(system, len(pages))
    record_property("fault", [row.fault, read, recovered])


def _all_final(system: System, pages: list[str], end: str) -> bool:
    return states(system) == {end: len(pages)}


def states(system: System) -> Counter[str]:
    return Counter(str(state) for (state,) in system.database.query("SELECT state FROM feedback_delivery"))


def _read(system: System, page: str, read: list[str]) -> None:
    """Note what the visitor reads, which must be one of our sentences, word for word."""
    seen = system.seen(page)
    assert seen.sentence == str(SENTENCES[seen.status])
    if not read or read[-1] != seen.status:
        read.append(seen.status)


def _is_in_order(read: list[str], expected: list[str]) -> bool:
    """Whether what was read is what was expected, where short moments may have been missed."""
    left = iter(expected)
    return read[-1] == expected[-1] and all(status in left for status in read)


def _check_the_books(system: System, emails: int) -> None:
    """Compare what the mail server accepted with what our rows say."""
    accepted = Counter(system.mail.accepted_ids())
    rows = system.database.query("SELECT message_id, state FROM feedback_delivery")
    assert len(rows) == emails
    assert not [message_id for message_id, count in accepted.items() if count > 1], "doubled"
    lost = [message_id for message_id, state in rows if state == "sent" and accepted[str(message_id)] != 1]
    assert not lost, "said to be sent, but never accepted"
    assert all(state in FINAL for _, state in rows)
