import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.database import Sqlite
from tests.faults.system import environment
from tests.runner.running import BASE_DIR

BY = "SELECT by FROM feedback_pause"


class Site:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.database = Sqlite(folder)
        self.environment = environment(folder, self.database)

    def manage(self, *words: str | Path) -> tuple[int, bytes, str]:
        ended = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=BASE_DIR, env=self.environment, capture_output=True
        )
        return ended.returncode, ended.stdout, ended.stderr.decode()


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = Site(tmp_path_factory.mktemp("migrated") / "var")
    assert site.manage("migrate", "--verbosity", "0")[0] == 0
    return site.database.path


@pytest.fixture
def site(tmp_path: Path, migrated: Path) -> Iterator[Site]:
    site = Site(tmp_path / "var")
    shutil.copy(migrated, site.database.path)
    yield site
    left = {path.name for path in site.database.path.parent.iterdir()}
    assert left <= {"db.sqlite3", "db.sqlite3-wal", "db.sqlite3-shm"}


def query(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def test_a_copy_is_whole_paused_and_for_nobody_else_to_read(site: Site, tmp_path: Path) -> None:
    site.database.execute("INSERT INTO feedback_slot (job, number) VALUES ('digest', 7)")
    code, said, _ = site.manage("backup", tmp_path / "copy")
    assert (code, said.decode().split(" holds a copy")[0]) == (0, str(tmp_path / "copy"))
    assert query(tmp_path / "copy", "SELECT job, number FROM feedback_slot") == [("digest", 7)]
    assert query(tmp_path / "copy", BY) == [("a restored copy",)]
    assert query(tmp_path / "copy", "PRAGMA journal_mode") == [("wal",)]
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    assert site.database.query(BY) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "var"]


def test_a_copy_can_go_to_standard_output(site: Site, tmp_path: Path) -> None:
    code, copy, _ = site.manage("backup", "-")
    assert code == 0
    (tmp_path / "copy").write_bytes(copy)
    assert query(tmp_path / "copy", BY) == [("a restored copy",)]


def test_a_copy_never_takes_the_place_of_another_file(site: Site, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("older")
    code, _, why = site.manage("backup", tmp_path / "copy")
    assert code == 1
    assert why.startswith("CommandError: Nothing was copied.")
    assert (tmp_path / "copy").read_text() == "older"


@pytest.mark.parametrize("database", ["sqlite:////nowhere/db.sqlite3", "postgres://127.0.0.1:1/x"])
def test_a_database_that_does_not_answer_is_named_in_one_line(
    site: Site, tmp_path: Path, database: str
) -> None:
    site.environment["DATABASE_URL"] = database
    code, _, why = site.manage("backup", tmp_path / "copy")
    assert code == 1
    assert why.startswith("CommandError: Nothing was copied.")


def test_a_copy_that_another_program_made_comes_back_paused_too(site: Site, tmp_path: Path) -> None:
    shutil.copy(site.database.path, tmp_path / "copy")
    site.database.execute("INSERT INTO feedback_slot (job, number) VALUES ('digest', 7)")
    code, said, _ = site.manage("restore", tmp_path / "copy")
    assert code == 0
    assert said.startswith(b"Nothing is sent yet.")
    assert site.database.query(BY) == [("a restored copy",)]
    assert site.database.query("SELECT * FROM feedback_slot") == []


def test_a_copy_stays_as_old_as_it_is_when_it_is_restored_later(site: Site, tmp_path: Path) -> None:
    site.manage("backup", tmp_path / "copy")
    since = query(tmp_path / "copy", "SELECT since FROM feedback_pause")
    assert site.manage("restore", tmp_path / "copy")[0] == 0
    assert site.database.query("SELECT since FROM feedback_pause") == since


def test_a_copy_is_as_young_as_what_a_clock_ahead_has_saved_in_it(site: Site, tmp_path: Path) -> None:
    later = "2999-01-02 03:04:05.600000"
    site.database.execute(
        "INSERT INTO feedback_delivery (kind, recipient, message_id, state, attempt, retries, transmitting, "
        "due_at, ring_at, created_at, history) VALUES ('test', 'a@b.org', 'x', 'queued', 0, 0, 0, "
        "'2999-01-02', '2999-01-02', '2999-01-02 03:04:05.600000', '')"
    )
    assert site.manage("backup", tmp_path / "copy")[0] == 0
    assert query(tmp_path / "copy", "SELECT since FROM feedback_pause") == [(later,)]


def test_a_database_that_was_put_back_by_other_means_can_be_paused(site: Site) -> None:
    site.database.execute("INSERT INTO feedback_pause VALUES (1, 'grace', '2026-11-22 09:00:00')")
    assert site.manage("restore")[0] == 0
    assert site.database.query(BY) == [("a restored copy",)]


def test_nothing_is_restored_under_a_worker(site: Site, tmp_path: Path) -> None:
    site.manage("backup", tmp_path / "copy")
    site.database.execute("INSERT INTO feedback_worker (name, seen_at) VALUES ('a', datetime('now'))")
    code, _, why = site.manage("restore", tmp_path / "copy")
    assert code == 1
    assert "a worker runs. Stop them and the web server first." in why
    assert site.database.query(BY) == []


@pytest.mark.parametrize("content", ["no database at all", ""])
def test_what_is_no_copy_changes_nothing(site: Site, tmp_path: Path, content: str) -> None:
    (tmp_path / "copy").write_text(content)
    site.database.execute("INSERT INTO feedback_slot (job, number) VALUES ('digest', 7)")
    code, _, why = site.manage("restore", tmp_path / "copy")
    assert code == 1
    assert "is no copy of our database" in why
    assert site.database.query("SELECT job FROM feedback_slot") == [("digest",)]


def test_a_copy_that_is_not_there_changes_nothing(site: Site, tmp_path: Path) -> None:
    code, _, why = site.manage("restore", tmp_path / "copy")
    assert code == 1
    assert "Nothing was restored." in why
    assert not (tmp_path / "copy").exists()
