"""Whose turn it is to send what waits: in one process one thread's, for as long as it gets on."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

STALL_SECONDS = 0.05


class Turn:
    def __init__(self) -> None:
        self._lock = Lock()
        self._steps = 0

    @contextmanager
    def awaited(self) -> Iterator[tuple[bool, bool]]:
        """Give whether it is ours, and whether somebody else had it before.

        It is not ours where whoever has it waits for a slow mail server.
        """
        at_once = self._lock.acquire(blocking=False)
        ours = at_once or self._taken()
        try:
            yield ours, not at_once
        finally:
            if ours:
                self._lock.release()

    def get_on(self) -> None:
        self._steps += 1

    def _taken(self) -> bool:
        seen = self._steps
        while not self._lock.acquire(timeout=STALL_SECONDS):
            if self._steps == seen:
                return False
            seen = self._steps
        return True


turn = Turn()
