"""A PostgreSQL of the tests' own: `python -m tests.postgres COMMAND …` runs a command against it.

The cluster lives in a temporary folder, listens on a socket only, and is gone afterwards. Its
programs are looked for on PATH and where Debian keeps them.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

DEBIAN = Path("/usr/lib/postgresql")


def main(command: Sequence[str]) -> int:
    if not find("initdb"):
        print("PostgreSQL's programs are not on this machine, so nothing was run on it.")
        return 1 if os.environ.get("CI") else 0
    with cluster() as server:
        print("The same tests, on PostgreSQL:", flush=True)
        return subprocess.run(command, env=os.environ | {"DATABASE_URL": server.url}, check=False).returncode


def find(program: str) -> str | None:
    newest_first = sorted(DEBIAN.glob(f"*/bin/{program}"), key=lambda path: -int(path.parts[-3]))
    return shutil.which(program) or next(map(str, newest_first), None)


class Cluster:
    def __init__(self, folder: Path, *options: str) -> None:
        self.folder, self.data = folder, folder / "data"
        self.options = ["max_connections=300", f"unix_socket_directories={folder}", *options]
        self.url = f"postgres://postgres@{quote(str(folder), safe='')}/postgres"
        _give_away(folder)
        _run("initdb", "--pgdata", self.data, "--auth=trust", "--username=postgres", "--no-sync")

    def start(self) -> None:
        options = " ".join(f"-c {option}" for option in self.options)
        _run("pg_ctl", "--pgdata", self.data, "--log", self.folder / "log", "--options", options, "start")

    def stop(self) -> None:
        _run("pg_ctl", "--pgdata", self.data, "--mode=immediate", "stop")

    def let_in(self, network: str) -> None:
        with (self.data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {network} trust\n")
        _run("pg_ctl", "--pgdata", self.data, "reload")

    def kill(self) -> None:
        """End every process of it at once, as a power cut does."""
        postmaster = int((self.data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for pid in [postmaster, *map(int, children)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextmanager
def cluster(*options: str) -> Iterator[Cluster]:
    """Start a server of its own, that listens on a socket only unless told otherwise."""
    with tempfile.TemporaryDirectory(prefix="feedback-pg-", ignore_cleanup_errors=True) as name:
        server = Cluster(Path(name), *(options or ["listen_addresses="]))
        server.start()
        try:
            yield server
        finally:
            server.stop()


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
