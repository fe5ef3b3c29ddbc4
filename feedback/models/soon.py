"""A transaction for which a visitor waits: on SQLite, ahead of those that send.

SQLite has one write lock and no queue for it. Who finds it taken looks again after 1, 2, 5, ... 100 ms,
and workers with many emails to send write all the time: a post met with 0.2 s (p99, 100 posts a second
beside a backlog). Who looks every tenth of a millisecond has it as soon as it is free: a commit keeps it
for two or three of them.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction

LOOK_SECONDS = 0.00005  # to which Linux adds as much


@contextmanager
def atomic_soon() -> Iterator[None]:
    database = connections[DEFAULT_DB_ALIAS]
    with ExitStack() as stack:
        if database.vendor == "sqlite":
            database.ensure_connection()
            _begin_soon(stack, database.connection, database.settings_dict["OPTIONS"].get("timeout", 5))
        else:
            stack.enter_context(transaction.atomic())
        yield


def _begin_soon(stack: ExitStack, sqlite: sqlite3.Connection, patience: float) -> None:
    began = time.monotonic()
    sqlite.execute("PRAGMA busy_timeout = 0")
    try:
        while not _has_begun(stack, last=time.monotonic() - began > patience):
            time.sleep(max(LOOK_SECONDS, (time.monotonic() - began) / 50))  # the later, the rarer
    finally:
        sqlite.execute(f"PRAGMA busy_timeout = {patience * 1000:.0f}")


def _has_begun(stack: ExitStack, *, last: bool) -> bool:
    try:
        stack.enter_context(transaction.atomic())
    except OperationalError as error:
        if last or not _is_busy(error.__cause__):
            raise
        return False
    return True


def _is_busy(error: BaseException | None) -> bool:
    """Whether somebody has the lock; the upper bits of SQLite's code say with what they are busy."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
