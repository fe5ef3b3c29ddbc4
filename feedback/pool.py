"""The connections to the mail server that a worker process keeps open for the email that comes next.

To open one takes two round trips, with TLS and a login five and more. Who has none to keep, such as a
command, closes each with its run.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from feedback.connection import Connection

LOOK_SECONDS = 1.0


class Pool:
    def __init__(self) -> None:
        self._keeps = False
        self._kept: list[Connection] = []  # whoever takes one out has it; the last one used comes last

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        connection = self._take()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        if self._keeps and connection.is_fresh:
            self._kept.append(connection)
        else:
            connection.close()

    def open(self) -> None:
        """Keep from now on whatever was used without a fault."""
        self._keeps = True

    def close(self) -> None:
        self._keeps = False
        for connection in self._kept.copy():
            self._close(connection)

    def close_idle(self) -> float:
        """Say goodbye where nobody came for long; return the seconds until the next look."""
        for connection in self._kept.copy():
            if not connection.is_fresh:
                self._close(connection)
        return LOOK_SECONDS

    def _take(self) -> Connection:
        # The last one used, so that few stay open. If that one is too old, all are; a goodbye takes time.
        for connection in self._kept[-1:]:
            if connection.is_fresh and self._won(connection):
                return connection
        return Connection()

    def _close(self, connection: Connection) -> None:
        if self._won(connection):
            connection.close()

    def _won(self, connection: Connection) -> bool:
        try:
            self._kept.remove(connection)
        except ValueError:  # another thread was quicker
            return False
        return True


pool = Pool()
