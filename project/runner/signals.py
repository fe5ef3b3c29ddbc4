"""Ctrl-C and its kin: noted when they come, obeyed at moments when nothing is half done."""

import signal
import time
from types import FrameType

# `make` passes SIGTERM on to us, so one request to the whole process group arrives twice.
SAME_REQUEST_SECONDS = 0.5
REQUESTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):
    """Somebody asked us to stop."""

    def __init__(self, number: int) -> None:
        self.exit_code = 128 + number


class Signals:
    def __init__(self) -> None:
        self.first: int | None = None
        self.again = False
        self._since = 0.0
        for number in REQUESTS:
            signal.signal(number, self.note)

    def obey(self) -> None:
        if self.first is not None:
            raise Interrupted(self.first)

    def stopping(self) -> None:
        """We stop for a reason of our own: what comes from now on means "at once"."""
        if self.first is None:
            self.first, self._since = 0, time.monotonic()

    def ignore(self) -> None:
        """All is done: what comes now must not spoil the exit code."""
        for number in REQUESTS:
            signal.signal(number, signal.SIG_IGN)

    def note(self, number: int, frame: FrameType | None = None) -> None:
        if self.first is None:
            self.first, self._since = number, time.monotonic()
        elif time.monotonic() - self._since > SAME_REQUEST_SECONDS:
            self.again = True
