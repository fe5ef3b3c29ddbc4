"""The connections to the mail server that a worker process keeps open for the email that comes next.

To open one takes two round trips, with TLS and a login five and more. Who has none to keep, such as a
command, closes each with its run.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from feedback.connection import Connection


class Pool:
    def __init__(self) -> None:
        self._keeps = False
        self._kept: list[Connection] = []  # the last one used comes last
        self._lock = Lock()

    @contextmanager
    def connection(self, *, new: bool) -> Iterator[Connection]:
        connection = Connection() if new else self._take()
        try:
            yield connection
        finally:
            if not self._keep(connection):
                connection.close()

    def open(self) -> None:
        """Keep from now on whatever was used without a fault."""
        self._keeps = True

    def close(self) -> None:
        """Keep nothing any more; what is in use closes with its run."""
        with self._lock:
            self._keeps = False
            idle, self._kept = self._kept, []
        for connection in idle:
            connection.close()

    def close_idle(self) -> None:
        with self._lock:
            idle = [connection for connection in self._kept if not connection.is_fresh]
            self._kept = [connection for connection in self._kept if connection not in idle]
        for connection in idle:
            connection.close()

    def _take(self) -> Connection:
        """Return the one that was used last, so that few stay open; else one to be opened."""
        self.close_idle()
        with self._lock:
            return self._kept.pop() if self._kept else Connection()

    def _keep(self, connection: Connection) -> bool:
        with self._lock:
            keeps = self._keeps and connection.is_fresh
            if keeps:
                self._kept.append(connection)
        return keeps


pool = Pool()
