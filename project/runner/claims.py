"""What one run has for itself: its folder and its ports. Taken before anything is started."""

import errno
import fcntl
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from project.runner.children import Failure

T = TypeVar("T")
LET_GO_SECONDS = 0.5  # what a run that was just killed needs to let go of its folder and port


def claim_folder(folder: Path, port: int) -> int:
    """Return the lock's descriptor; while it is open anywhere, the folder is taken."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _patiently(lambda: fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB))
    except OSError:
        raise Failure(
            f"Another run is using {folder}. Stop it, or give this one its own folder and port: "
            f"VAR_DIR=var-2 PORT={_another(port)} make run"
        ) from None
    return lock


def claim_port(port: int) -> socket.socket:
    try:
        return _patiently(lambda: listen(port))
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        reason = "is taken by another program" if taken else f"cannot be used ({error.strerror})"
        raise Failure(f"Port {port} {reason}; choose another: PORT={_another(port)} make run") from None


def listen(port: int) -> socket.socket:
    """Return a listening socket on this machine only; port 0 means any free one."""
    return socket.create_server(("127.0.0.1", port), backlog=512)


def _another(port: int) -> int:
    return port + 1 if 1024 <= port < 65535 else 8001


def _patiently(attempt: Callable[[], T]) -> T:
    deadline = time.monotonic() + LET_GO_SECONDS
    while True:
        try:
            return attempt()
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EAGAIN) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
