"""Postfix's smtp-sink: it takes every email at once, at next to no cost, and counts them."""

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from bench.household import Household, until
from tests.runner.running import free_port

LOOK_SECONDS = 0.002
SECONDS_PER_EMAIL, PATIENCE = 0.1, 60.0


class Sink:
    """`came` holds (when, how many until then), so that the time of each email is known to 2 ms."""

    def __init__(self) -> None:
        self.port = free_port()
        self.came: list[tuple[float, int]] = [(0.0, 0)]
        self.home = Household({})

    def __enter__(self) -> Self:
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        command: list[str | Path] = [_program(), "-c", *user, f"127.0.0.1:{self.port}", "1000"]
        child = self.home.start("SMTP sink", command, stdout=subprocess.PIPE)
        threading.Thread(target=self._listen, args=[child.process], daemon=True).start()
        time.sleep(0.2)  # it says nothing when it is ready; a connection to try it would be counted
        return self

    def __exit__(self, *_: object) -> None:
        self.home.stop()

    @property
    def accepted(self) -> int:
        return self.came[-1][1]

    def rate(self, before: int, emails: int, warm: int) -> float:
        """Wait for so many more than `before`; return the emails per second after the first `warm`."""
        patience = PATIENCE + emails * SECONDS_PER_EMAIL
        until(lambda: self.accepted >= before + emails, patience, f"{emails} emails at the sink")
        began, first = self._when(before + warm)
        ended, last = self._when(before + emails)
        return (last - first) / (ended - began)

    def _when(self, count: int) -> tuple[float, int]:
        return next((at, many) for at, many in self.came if many >= count)

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        for count in counts(process.stdout.fileno()):
            self.came.append((time.monotonic(), count))
            time.sleep(LOOK_SECONDS)


def counts(descriptor: int) -> Iterator[int]:
    """Yield how many emails there were, each time that more is said, until its end."""
    rest = b""
    while said := os.read(descriptor, 1 << 16):
        # A number is whole once the carriage return behind it has come.
        whole, _, rest = (rest + said).rpartition(b"\r")
        if found := re.findall(rb"mesg=(\d+)", whole):
            yield int(found[-1])


def _program() -> str:
    found = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not found:
        raise SystemExit("smtp-sink is missing; on Debian and Ubuntu: apt install postfix")
    return found
