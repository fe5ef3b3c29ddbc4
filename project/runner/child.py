"""One program of a run, the leader of its own process group."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

OFTEN = 3  # deaths within a minute, after which it is not started again


@dataclass
class Child:
    name: str
    spawn: Callable[[], subprocess.Popen[bytes]]
    in_hand: str  # what it finishes before it ends
    job: bool  # ends by itself when its work is done

    def __post_init__(self) -> None:
        self.deaths: list[float] = []
        self.begin()

    def begin(self) -> None:
        self.process = self.spawn()

    def dies_too_often(self) -> bool:
        """Note that it has just ended on its own; return whether that makes too many in a minute."""
        now = time.monotonic()
        self.deaths = [at for at in [*self.deaths, now] if at > now - 60]
        return len(self.deaths) > OFTEN

    def terminate(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()

    def kill(self) -> None:
        with suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def is_gone(self) -> bool:
        """Return whether neither the program nor anything that it started is left."""
        if self.process.poll() is None:
            return False
        with suppress(ChildProcessError):
            while os.waitpid(-self.process.pid, os.WNOHANG)[0]:
                pass
        try:
            os.killpg(self.process.pid, 0)
        except OSError:
            return True
        return False

    def fate(self) -> str:
        code = self.process.returncode
        return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
