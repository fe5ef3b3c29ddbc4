"""The database of one system, SQLite or PostgreSQL, as a test looks into it and holds it up."""

import os
import shutil
import sqlite3
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import psycopg
from psycopg import sql

SERVER = os.environ.get("DATABASE_URL", "")


class Database(Protocol):
    url: str

    def query(self, statement: str) -> list[tuple[Any, ...]]: ...

    def execute(self, statement: str) -> None: ...

    def emptied(self) -> "Database":
        """Return what a copy can be restored into: the file itself, or a new database."""
        ...

    def lock(self) -> Callable[[], None]:
        """Keep everybody else from writing; return what lets them go on."""
        ...

    def drop_waiting(self) -> None:
        """End the statements that wait for the lock, as those of a killed process."""
        ...


class Sqlite:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "db.sqlite3"
        self.url = f"sqlite:///{quote(str(self.path))}"

    def copy(self, folder: Path) -> "Sqlite":
        shutil.copy(self.path, folder)
        return Sqlite(folder)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path, timeout=30)) as connection:
            return connection.execute(statement).fetchall()

    def execute(self, statement: str) -> None:
        with closing(sqlite3.connect(self.path, timeout=30)) as connection, connection:
            connection.execute(statement)

    def emptied(self) -> "Sqlite":
        return self

    def lock(self) -> Callable[[], None]:
        connection = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
        connection.execute("BEGIN IMMEDIATE")
        return connection.close

    def drop_waiting(self) -> None:
        pass  # they were in the process and died with it


class Postgres:
    def __init__(self, template: str = "template1", server: str = SERVER) -> None:
        self.name, self.server = f"system_{uuid.uuid4().hex}", server
        with psycopg.connect(server, autocommit=True) as connection:
            create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(create.format(sql.Identifier(self.name), sql.Identifier(template)))
        self.url = server.rpartition("/")[0] + "/" + self.name

    def copy(self, _: Path) -> "Postgres":
        return Postgres(self.name, self.server)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(sql.SQL(statement)).fetchall()

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(sql.SQL(statement))

    def emptied(self) -> "Postgres":
        return Postgres()

    def lock(self) -> Callable[[], None]:
        connection = psycopg.connect(self.url)
        connection.execute("LOCK TABLE feedback_feedback, feedback_delivery IN EXCLUSIVE MODE")
        return connection.close

    def drop_waiting(self) -> None:
        waiting = "datname = current_database() AND wait_event_type = 'Lock'"
        self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {waiting}")  # noqa: S608


def fresh(folder: Path) -> Sqlite | Postgres:
    return Postgres() if SERVER.startswith("postgres") else Sqlite(folder)
