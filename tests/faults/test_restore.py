"""The restore drill: an older copy comes back, and nothing that was sent since is sent again."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.database import SERVER
from tests.faults.system import Prepared, System, environment
from tests.faults.table import kill_web
from tests.faults.test_faults import states
from tests.runner.running import BASE_DIR, wait_until


@pytest.fixture
def system(tmp_path: Path, prepared: Prepared) -> Iterator[System]:
    system = System(tmp_path / "var", prepared)
    yield system
    system.stop()


def test_after_a_restore_nothing_that_was_sent_is_sent_again(system: System, tmp_path: Path) -> None:
    system.start_master()
    pages = copied_in_the_middle(system, tmp_path / "copy")
    before = system.mail.accepted_ids()
    put_back(system, tmp_path / "copy")
    new = start_again(system)
    assert system.mail.accepted_ids() == before, "sent before anybody resumed sending"
    manage(system, "resume")
    wait_until(lambda: system.seen(new).status == "sent")
    assert states(system) == {"sent": 2, "unconfirmed": 4}
    assert {system.seen(page).status for page in pages} == {"unconfirmed"}
    accepted = system.mail.accepted_ids()
    assert len(accepted) == len(set(accepted)) == 6


@pytest.mark.skipif(not SERVER, reason="SQLite's file is replaced; a copy of PostgreSQL needs a new database")
def test_a_database_that_is_not_empty_is_left_alone(prepared: Prepared, tmp_path: Path) -> None:
    (tmp_path / "copy").touch()
    command = [sys.executable, "manage.py", "restore", str(tmp_path / "copy")]
    variables = environment(tmp_path, prepared.database)
    ended = subprocess.run(command, cwd=BASE_DIR, env=variables, stderr=subprocess.PIPE, text=True)
    assert ended.returncode == 1
    assert "The database is not empty. Make a new one" in ended.stderr


@pytest.mark.skipif(not SERVER, reason="the same for SQLite is in tests/test_backup.py")
@pytest.mark.parametrize("by_name", [True, False])
def test_a_dump_that_another_program_made_comes_back_paused_too(
    prepared: Prepared, tmp_path: Path, by_name: bool
) -> None:
    dump = subprocess.check_output(["pg_dump", "--no-owner", prepared.database.url])
    (tmp_path / "copy").write_bytes(dump)
    database = prepared.database.emptied()
    command = [sys.executable, "manage.py", "restore", str(tmp_path / "copy") if by_name else "-"]
    subprocess.run(command, cwd=BASE_DIR, env=environment(tmp_path, database), input=dump, check=True)
    assert database.query("SELECT by FROM feedback_pause") == [("a restored copy",)]


def copied_in_the_middle(system: System, copy: Path) -> list[str]:
    """Copy while of five emails one is sent, two are being sent and two are queued; then send them all."""
    first = system.submit()
    wait_until(lambda: system.seen(first).status == "sent")
    copied = threading.Event()
    system.mail.misbehave = lambda step, text: wait_at_the_dot(step, copied)
    pages = [system.submit() for _ in range(4)]
    wait_until(lambda: states(system) == {"sent": 1, "sending": 2, "queued": 2})
    manage(system, "backup", copy)
    copied.set()
    wait_until(lambda: states(system) == {"sent": 5})
    return pages


def wait_at_the_dot(step: str, copied: threading.Event) -> None:
    if step == "DOT":
        copied.wait(60)


def put_back(system: System, copy: Path) -> None:
    system.masters.pop().stop()
    kill_web(system)
    system.database.execute("DELETE FROM feedback_worker")  # which was killed, and is seen for 15 s more
    system.database = system.database.emptied()
    system.environment["DATABASE_URL"] = system.database.url
    manage(system, "restore", copy)


def start_again(system: System) -> str:
    """Start all as if nothing had happened, and let the worker look for what is owed."""
    system.start_web()
    system.start_master()
    page = system.submit()
    looks: set[object] = set()

    def has_looked_twice() -> bool:
        looks.update(system.database.query("SELECT max(seen_at) FROM feedback_worker"))
        return len(looks) > 2

    wait_until(has_looked_twice)
    assert system.seen(page).status == "queued"
    return page


def manage(system: System, *words: str | Path) -> None:
    command = [sys.executable, "manage.py", *words]
    subprocess.run(command, cwd=BASE_DIR, env=system.environment, stdout=subprocess.DEVNULL, check=True)
