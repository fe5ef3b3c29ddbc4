import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.db import OperationalError, connection, connections
from django.db.backends.sqlite3.base import DatabaseWrapper

from feedback.models.soon import LOOK_SECONDS, _is_busy, atomic_soon

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="there writers do not wait for each other"),
]


@pytest.fixture
def other(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Put a file in the place of the database, which is in memory; give somebody else's connection to it."""
    usual = connections["default"]
    ours = usual.copy()
    ours.settings_dict |= {"NAME": str(tmp_path / "db.sqlite3"), "OPTIONS": {"transaction_mode": "IMMEDIATE"}}
    connections["default"] = ours
    with closing(sqlite3.connect(tmp_path / "db.sqlite3", isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        yield other
    ours.close()
    connections["default"] = usual


def test_who_waits_has_the_lock_as_soon_as_it_is_free(
    other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []

    def look(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            other.execute("ROLLBACK")

    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    monkeypatch.setattr(time, "sleep", look)
    other.execute("BEGIN IMMEDIATE")
    with atomic_soon():
        assert connection.in_atomic_block
    assert looks == [LOOK_SECONDS] * 3
    assert not connection.in_atomic_block


def test_who_waits_gives_up_as_late_as_any_other(
    other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [time.monotonic()]
    monkeypatch.setattr(time, "monotonic", lambda: sum(seconds))
    monkeypatch.setattr(time, "sleep", lambda _: seconds.append(2))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"), atomic_soon():
        pass
    assert connection.connection.execute("PRAGMA busy_timeout").fetchone() == (5000,)
    assert seconds[1:] == [2, 2, 2]


def test_what_goes_wrong_within_is_undone(other: sqlite3.Connection) -> None:
    other.execute("CREATE TABLE things (name)")
    with pytest.raises(OperationalError, match="no such table"), atomic_soon():
        _insert_into("things", "nowhere")
    assert other.execute("SELECT count(*) FROM things").fetchone() == (0,)


def test_another_fault_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise OperationalError("disk I/O error")

    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("waited"))
    monkeypatch.setattr(DatabaseWrapper, "_start_transaction_under_autocommit", fail)
    with pytest.raises(OperationalError, match="disk"), atomic_soon():
        pass


@pytest.mark.parametrize(
    ("code", "busy"),
    [
        (sqlite3.SQLITE_BUSY, True),
        (sqlite3.SQLITE_BUSY_RECOVERY, True),  # a killed process's log is being read
        (sqlite3.SQLITE_BUSY_SNAPSHOT, True),
        (sqlite3.SQLITE_READONLY, False),
        (sqlite3.SQLITE_LOCKED, False),
    ],
)
def test_busy_is_busy_with_whatever(code: int, busy: bool) -> None:
    error = sqlite3.OperationalError()
    error.sqlite_errorcode = code
    assert _is_busy(error) == busy


def test_who_waits_for_long_looks_more_rarely(
    other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [time.monotonic()]
    looks: list[float] = []

    def look(seconds: float) -> None:
        looks.append(seconds)
        clock.append(1)

    monkeypatch.setattr(time, "monotonic", lambda: sum(clock))
    monkeypatch.setattr(time, "sleep", look)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"), atomic_soon():
        pass
    assert looks[0] == pytest.approx(LOOK_SECONDS)
    assert looks[4] == pytest.approx(4 / 50)


def _insert_into(*tables: str) -> None:
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"INSERT INTO {table} VALUES ('something')")  # noqa: S608
