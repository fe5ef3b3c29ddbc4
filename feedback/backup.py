"""A copy of the database, made while all runs, and its way back.

A copy says of emails that they are owed although they were sent after it was made. So it carries a
pause from the beginning, and whatever way it comes back, nothing is sent before somebody resumes
sending: see `feedback.resume`.
"""

import os
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import IO

from django.db import connection

from feedback.models import clock
from feedback.models.pause import COPY


class Unusable(Exception):
    """What cannot be copied or restored, as a sentence."""


def back_up(to: Path) -> None:
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        _copy(connection.connection, to)
        _mark_file(to, clock.now())
    else:
        _refuse_a_pooler()
        with to.open("wb") as file:
            _run("pg_dump", ["--no-owner", "--no-privileges", "--exclude-table-data=feedback_pause"], file)
            file.write(f"\n{_mark(clock.now())};\n".encode())


def restore(copy: Path) -> None:
    """Put a copy in the place of the database, also one that another program has made."""
    if connection.vendor == "sqlite":
        _restore_file(copy, Path(connection.settings_dict["NAME"]))
        return
    _refuse_a_pooler()
    if connection.introspection.table_names():
        raise Unusable("The database is not empty. Make a new one, name it in DATABASE_URL and try again.")
    options = ["--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    _run("psql", [*options, f"--file={copy}", f"--command={_mark(clock.now())}"], subprocess.DEVNULL)


def mark_as_copy() -> None:
    """Say that the database itself has been put back by other means, such as a snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(_mark(clock.now()))


def _restore_file(copy: Path, database: Path) -> None:
    draft = database.with_name(f"{database.name}.restoring")
    try:
        with closing(sqlite3.connect(f"{copy.resolve().as_uri()}?mode=rw", uri=True)) as source:
            _copy(source, draft)
        _mark_file(draft, clock.now())
        # Through SQLite, since a write-ahead log that is left behind would spoil another file.
        with closing(sqlite3.connect(draft)) as source, closing(sqlite3.connect(database)) as target:
            source.backup(target)
    except sqlite3.DatabaseError as error:
        raise Unusable(f"{copy} is no copy of our database: {error}") from None
    finally:
        draft.unlink(missing_ok=True)


def _copy(source: sqlite3.Connection, to: Path) -> None:
    with closing(sqlite3.connect(to)) as target:
        source.backup(target)
        (found,) = target.execute("PRAGMA integrity_check").fetchone()
        if found != "ok":
            raise Unusable(f"The database is damaged: {found}")


def _mark_file(path: Path, moment: datetime) -> None:
    with closing(sqlite3.connect(path)) as copy, copy:
        copy.execute(_mark(moment))


def _mark(moment: datetime) -> str:
    """Return what makes a copy of a database; one that is a copy already stays as old as it is.

    Its time is that of its youngest email where this is later, as a host whose clock is ahead wrote it.
    """
    schema, zone = "", ""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT quote_ident(current_schema())")
            schema, zone = f"{cursor.fetchone()[0]}.", "+00"
    then = f"SELECT '{moment:%Y-%m-%d %H:%M:%S.%f}{zone}'"
    times = f"SELECT created_at AS at FROM {schema}feedback_delivery UNION ALL {then}"  # noqa: S608
    return (
        f"INSERT INTO {schema}feedback_pause AS pause (id, by, since) "  # noqa: S608
        f"VALUES (1, '{COPY}', (SELECT max(at) FROM ({times}) AS times)) ON CONFLICT (id) "
        "DO UPDATE SET by = excluded.by, since = excluded.since WHERE pause.by <> excluded.by"
    )


def _refuse_a_pooler() -> None:
    """PostgreSQL's programs empty the search_path, and the site would get their connection after them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        if cursor.fetchone()[0] != connection.connection.info.backend_pid:  # which a pooler makes up
            raise Unusable(
                "DATABASE_URL leads to a pooler such as pgbouncer. Name PostgreSQL itself for this command."
            )


def _run(program: str, options: Sequence[str], output: IO[bytes] | int) -> None:
    """Run one of PostgreSQL's own programs on our database."""
    words, variables = connection.client.settings_to_cmd_args_env(connection.settings_dict, options)
    command, env = [program, *words[1:]], os.environ | (variables or {})
    try:
        ended = subprocess.run(  # noqa: S603 (no user names any of it)
            command, env=env, stdout=output, stderr=subprocess.PIPE, check=False
        )
    except FileNotFoundError:
        raise Unusable(f"{program} is not on this machine; install PostgreSQL's client programs.") from None
    if ended.returncode:
        raise Unusable(f"{program} failed: {ended.stderr.decode(errors='replace').strip()}")
