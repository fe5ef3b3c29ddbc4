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
        self._keeps, self._most = False, 1
        self._kept: list[Connection] = []  # the last one used comes last
        self._lock = Lock()

    @property
    def room(self) -> int:
        """Return how many emails to send side by side: for one of them a connection may have to be opened."""
        self.close_idle()
        return min(len(self._kept) + 1, self._most)

    @contextmanager
    def connections(self, count: int, *, new: bool) -> Iterator[list[Connection]]:
        connections = [Connection() if new else self._take() for _ in range(count)]
        try:
            yield connections
        finally:
            for connection in connections:
                if not self._keep(connection):
                    connection.close()

    def open(self, most: int) -> None:
        """Keep from now on whatever was used without a fault, and send so many emails side by side."""
        self._keeps, self._most = True, most

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
