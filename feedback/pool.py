"""The connections to the mail server that a worker process keeps open for the email that comes next.

To open one takes two round trips, with TLS and a login five and more. Who has none to keep, such as a
command, closes each with its run.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from feedback.connection import Connection

CAREFUL_SECONDS = 300  # in which no more are opened than there are, after the server refused one


class Pool:
    def __init__(self) -> None:
        self._keeps, self._most = False, 1
        self._grow_at = 0.0
        self._kept: list[Connection] = []  # the last one used comes last
        self._lock = Lock()

    @contextmanager
    def connection(self, *, new: bool = False) -> Iterator[Connection]:
        with self._until_done([Connection()] if new else self._take(1)) as (connection,):
            yield connection

    @contextmanager
    def connections(self) -> Iterator[list[Connection]]:
        """Give those to send with side by side: one of them has to be opened, at most."""
        with self._until_done(self._take(self._most)) as connections:
            yield connections

    def open(self, most: int) -> None:
        """Keep from now on whatever was used without a fault, and send so many emails side by side."""
        self._keeps, self._most, self._grow_at = True, most, 0.0

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

    @contextmanager
    def _until_done(self, connections: list[Connection]) -> Iterator[list[Connection]]:
        try:
            yield connections
        finally:
            if len(connections) > 1 and any(connection.was_refused for connection in connections):
                self._grow_at = time.monotonic() + CAREFUL_SECONDS
            for connection in connections:
                if not self._keep(connection):
                    connection.close()

    def _take(self, most: int) -> list[Connection]:
        """Return those that were used last, so that few stay open, and one to be opened if they are few."""
        self.close_idle()
        with self._lock:
            taken = [self._kept.pop() for _ in range(min(most, len(self._kept)))]
        grows = len(taken) < most and (not taken or time.monotonic() >= self._grow_at)
        return [*taken, Connection()] if grows else taken

    def _keep(self, connection: Connection) -> bool:
        with self._lock:
            keeps = self._keeps and connection.is_fresh
            if keeps:
                self._kept.append(connection)
        return keeps


pool = Pool()
