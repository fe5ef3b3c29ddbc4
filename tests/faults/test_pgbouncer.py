"""The product behind a pgbouncer that gives a connection away after each transaction."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import postgres
from tests.faults.database import Postgres
from tests.faults.system import Prepared, System, environment, prepare
from tests.faults.test_faults import books, states
from tests.pgbouncer import POOL, pgbouncer, program
from tests.runner.running import BASE_DIR, wait_until


class Bounced(Postgres):
    def copy(self, _: Path) -> "Bounced":
        return self


class Pooled(System):
    def build(self, _: Prepared) -> None:
        with ExitStack() as closing:
            self.server = closing.enter_context(postgres.cluster())
            bounced = Bounced(server=self.server.url)
            bounced.url = closing.enter_context(pgbouncer(self.server)) + bounced.name
            super().build(prepare(self.folder / "prepared", bounced))
            self.closing = closing.pop_all()


@pytest.fixture
def system(tmp_path: Path, prepared: Prepared) -> Iterator[Pooled]:
    if not program() or not postgres.find("initdb"):
        pytest.skip("pgbouncer and PostgreSQL are not both on this machine")
    system = Pooled(tmp_path / "var", prepared)
    yield system
    system.stop()


def test_more_threads_than_connections_send_every_email_once(system: Pooled) -> None:
    system.start_master(threads=4)
    system.start_master(threads=4)
    pages = [system.submit() for _ in range(60)]
    wait_until(lambda: states(system) == {"sent": len(pages)})
    assert books(system, pages) == (0, 0)
    backends = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    assert system.database.query(backends)[0][0] <= POOL


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_no_copy_goes_through_a_pooler_whose_connections_it_would_spoil(
    system: Pooled, command: str, tmp_path: Path
) -> None:
    ended = subprocess.run(
        [sys.executable, "manage.py", command, tmp_path / "copy"],
        cwd=BASE_DIR,
        env=environment(tmp_path / "var", system.database),
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 1
    assert "DATABASE_URL leads to a pooler such as pgbouncer." in ended.stderr
    assert not (tmp_path / "copy").exists()
