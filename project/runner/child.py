"""One program of a run, the leader of its own process group."""

import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass


@dataclass
class Child:
    name: str
    spawn: Callable[[], subprocess.Popen[bytes]]
    in_hand: str  # what it finishes before it ends
    job: bool  # ends by itself when its work is done

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.process = self.spawn()

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
