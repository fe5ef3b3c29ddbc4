"""The programs of one run: started in order, watched, and stopped in the opposite order.

Only the leader of each program is told to stop, never its group: Dramatiq's master tells its
workers itself, and a worker that is told twice drops the email in its hand.
"""

import os
import subprocess
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from project.environment import BASE_DIR
from project.runner.child import Child
from project.runner.console import say
from project.runner.death import adopt_orphans, die_with_parent
from project.runner.signals import Signals

PATIENCE_SECONDS = 4  # then we say what we wait for; an idle worker needs up to 3
ORPHAN_SECONDS = 30  # for what a killed program left behind; longer than any well-behaved one takes


class Failure(Exception):
    """Something that cannot go on, as a sentence for the person at the terminal."""


class Family:
    def __init__(self, signals: Signals) -> None:
        self.signals = signals
        self.children: list[Child] = []
        self.is_ready = False  # before, what ends on its own ends the run
        adopt_orphans()

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        in_hand: str = "it to end",
        job: bool = False,
        **descriptors: Any,
    ) -> Child:
        """Start a program; `descriptors` are what `Popen` calls stdout, stderr and pass_fds."""
        spawn = partial(_spawn, name, command, os.getpid(), descriptors)
        self.children.append(Child(name, spawn, in_hand, job))
        return self.children[-1]

    def watch(self, seconds: float = 0.05) -> None:
        """Take a breath; raise if somebody asks us to stop; see to a child that has ended on its own."""
        time.sleep(seconds)
        self.signals.obey()
        for child in self.children:
            if not child.job and child.process.poll() is not None:
                self._replace(child)

    def finish(self, child: Child) -> bool:
        """Wait for a job to end; return whether it succeeded."""
        while child.process.poll() is None:
            self.watch()
        self.children.remove(child)
        return child.process.returncode == 0

    def restart(self, child: Child) -> None:
        self._end(child)
        self.signals.obey()
        child.begin()

    def stop(self) -> None:
        """End all children, the youngest first and each before the next."""
        while self.children:
            self._end(self.children[-1])
            del self.children[-1:]

    def _replace(self, child: Child) -> None:
        """Start a child again, as a service manager would, unless it cannot stay up."""
        ended = f"The {child.name} ended on its own ({child.fate()})"
        if not self.is_ready or child.dies_too_often():
            raise Failure(f"{ended}, so all is being stopped.")
        say(f"{ended}; starting it again.")
        self.restart(child)

    def _end(self, child: Child) -> None:
        child.terminate()
        began, said = time.monotonic(), False
        while not child.is_gone():
            waited = time.monotonic() - began
            if self.signals.again:
                self._kill_all()
            elif waited > PATIENCE_SECONDS and not said:
                say(f"Waiting for {child.in_hand}… (Ctrl-C again to stop at once)")
                said = True
            elif waited > ORPHAN_SECONDS and child.process.returncode is not None:
                child.kill()
            time.sleep(0.02)

    def _kill_all(self) -> None:
        for child in self.children:
            child.kill()


def _spawn(
    name: str, command: Sequence[str | Path], parent: int, descriptors: dict[str, Any]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            cwd=BASE_DIR,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent(parent),
            **descriptors,
        )
    except OSError as error:
        raise Failure(f"The {name} cannot be started: {error}") from None
