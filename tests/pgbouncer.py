"""A pgbouncer of the tests' own, in front of a PostgreSQL, with fewer connections than it has clients."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.postgres import Cluster
from tests.runner.running import free_port, wait_until

POOL = 3
SETTINGS = """[databases]
* = host={folder} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {pool}
logfile = {folder}/pgbouncer.log
"""


def program() -> str | None:
    return shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")


@contextmanager
def pgbouncer(server: Cluster) -> Iterator[str]:
    """Start it and give the beginning of a DATABASE_URL, to be followed by a database's name."""
    port, path = free_port(), server.folder / "pgbouncer.ini"
    path.write_text(SETTINGS.format(folder=server.folder, port=port, pool=POOL))
    as_user = ["-u", "postgres"] if os.geteuid() == 0 else []
    process = subprocess.Popen([str(program()), "--quiet", *as_user, path], stdin=subprocess.DEVNULL)
    url = f"postgres://postgres@127.0.0.1:{port}/"
    try:
        wait_until(lambda: _answers(f"{url}postgres"))
        yield url
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True
