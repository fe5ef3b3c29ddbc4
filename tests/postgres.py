"""A PostgreSQL of the tests' own: `python -m tests.postgres COMMAND …` runs a command against it.

The cluster lives in a temporary folder, listens on a socket only, and is gone afterwards. Its
programs are looked for on PATH and where Debian keeps them.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

DEBIAN = Path("/usr/lib/postgresql")


def main(command: Sequence[str]) -> int:
    if not find("initdb"):
        print("PostgreSQL's programs are not on this machine, so nothing was run on it.")
        return 1 if os.environ.get("CI") else 0
    with cluster() as url:
        print("The same tests, on PostgreSQL:", flush=True)
        return subprocess.run(command, env=os.environ | {"DATABASE_URL": url}, check=False).returncode


def find(program: str) -> str | None:
    newest_first = sorted(DEBIAN.glob(f"*/bin/{program}"), key=lambda path: -int(path.parts[-3]))
    return shutil.which(program) or next(map(str, newest_first), None)


@contextmanager
def cluster() -> Iterator[str]:
    """Start a server and give the DATABASE_URL of its database."""
    with tempfile.TemporaryDirectory(prefix="feedback-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        _give_away(folder)
        _run("initdb", "--pgdata", folder / "data", "--auth=trust", "--username=postgres", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c max_connections=300"
        _run("pg_ctl", "--pgdata", folder / "data", "--log", folder / "log", "--options", options, "start")
        try:
            yield f"postgres://postgres@{quote(str(folder), safe='')}/postgres"
        finally:
            _run("pg_ctl", "--pgdata", folder / "data", "--mode=immediate", "stop")


def _run(program: str, *arguments: str | Path) -> None:
    found = find(program)
    assert found, f"{program} is not on this machine"
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*as_user, found, *arguments], check=True, stdout=subprocess.DEVNULL, cwd="/")


def _give_away(folder: Path) -> None:
    # PostgreSQL refuses to run as root.
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
