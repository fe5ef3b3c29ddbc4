import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.db import DatabaseError, OperationalError, connection, connections

from feedback.models.soon import LOOK_SECONDS, atomic_soon

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


def test_another_fault_is_not_waited_for(other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("waited"))
    other.execute("PRAGMA journal_mode = DELETE")
    Path(connection.settings_dict["NAME"]).write_text("this is no database" * 100)
    with pytest.raises(DatabaseError, match="not a database"), atomic_soon():
        pass


def _insert_into(*tables: str) -> None:
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"INSERT INTO {table} VALUES ('something')")  # noqa: S608
