"""Starting and ending what is measured, with the runner's own means and in an environment of its own."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from project.environment import BASE_DIR
from project.runner.child import Child
from project.runner.children import Family
from project.runner.signals import Signals

PRODUCT_PYTHON = sys.executable
PEER_PYTHON = BASE_DIR / "bench/.venv/bin/python"


class Unheard(Signals):
    """Ctrl-C stays a KeyboardInterrupt here: it ends the measurement, which ends its programs."""

    def __init__(self) -> None:
        self.first, self.again = None, False


class Household(Family):
    def __init__(self, environ: dict[str, str]) -> None:
        super().__init__(Unheard())
        self.environ = environ

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        in_hand: str = "it to end",
        job: bool = False,
        **descriptors: Any,
    ) -> Child:
        quiet = {} if os.environ.get("BENCH_DEBUG") else {"stderr": subprocess.DEVNULL}
        more = {"stdout": subprocess.DEVNULL, **quiet, "env": os.environ | self.environ} | descriptors
        return super().start(name, command, in_hand=in_hand, job=job, **more)

    def drop(self) -> None:
        """End all at once, whatever they have in hand."""
        self.signals.again = True
        self.stop()

    def run(self, *command: str | Path) -> str:
        """Run a program to its end and return what it printed."""
        done = subprocess.run(
            command, cwd=BASE_DIR, env=os.environ | self.environ, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{done.stderr[-2000:]}")
        return done.stdout


@contextmanager
def household(environ: dict[str, str]) -> Iterator[Household]:
    home = Household(environ)
    try:
        yield home
    finally:
        home.stop()


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder on the disk that the project lies on: a disk in memory would flatter the database."""
    parent = BASE_DIR / "var/bench"
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)  # PostgreSQL's user looks in
        yield Path(name)


def until(true: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.02)
