"""The settings, and what holds our data: database, Redis, clocks, workers."""

import time
from collections.abc import Iterator
from typing import cast
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import run_checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from dramatiq import get_broker
from redis import AuthenticationError, RedisError, ResponseError

from feedback.models import Alarm, Pause, Tally, Worker
from operations.doctor.finding import Finding, ok, unknown, wrong
from operations.words import fix
from project.broker import Broker

SKEW_SECONDS = 5
LOCAL = ("localhost", "127.0.0.1", "::1")


def check_settings() -> Iterator[Finding]:
    https = settings.SITE_URL.startswith("https://")
    if not https and urlsplit(settings.SITE_URL).hostname not in LOCAL:
        yield wrong(
            "SITE_URL is http://, so logins and messages can be read on the way", "Serve it by https://."
        )
    for message in run_checks(include_deployment_checks=https):
        yield wrong(
            str(message.msg), str(message.hint or "See Django's manual under this name: " + str(message.id))
        )
    if not https and not settings.FEEDBACK_OWNERS:
        yield wrong("FEEDBACK_OWNERS is empty, so nobody is told of new feedback", "Name an address.")
    yield ok(f"every variable can be read; links in emails begin with {settings.SITE_URL}")


def check_database() -> Iterator[Finding]:
    began = time.monotonic()
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode" if connection.vendor == "sqlite" else "SELECT 'wal'")
            mode = cursor.fetchone()[0]
        pending, endless = _pending(), _idle_transactions_are_endless()
    except DatabaseError as error:
        yield wrong(
            f"does not answer: {error}", "Check DATABASE_URL, and that the server or the file is there."
        )
        return
    yield ok(f"{connection.vendor} answers in {(time.monotonic() - began) * 1000:.0f} ms")
    if mode != "wal":
        yield wrong(f"SQLite's journal_mode is {mode}, so writers lock readers out", "Run: manage.py migrate")
    if endless:
        yield wrong(
            "a host that is cut off can hold its locks for hours",
            "Run: ALTER ROLE (the one in DATABASE_URL) SET idle_in_transaction_session_timeout = '30s'",
        )
    if pending:
        yield wrong(f"{len(pending)} migrations are pending", "Run: manage.py migrate")
    else:
        yield ok("no migration is pending")


def _idle_transactions_are_endless() -> bool:
    if connection.vendor == "sqlite":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        return bool(cursor.fetchone()[0] == "0")


def check_redis() -> Iterator[Finding]:
    try:
        client = cast(Broker, get_broker()).client
        memory, keeping, (seconds, micros) = client.info("memory"), client.info("persistence"), client.time()
    except (RedisError, AttributeError) as error:
        yield _no_redis(error)
        return
    policy = memory.get("maxmemory_policy")
    if policy is None:
        yield unknown("it does not tell its maxmemory-policy", "Ask who runs it: it must be noeviction.")
    elif policy == "noeviction":
        yield ok("answers, and drops nothing when it is full")
    else:
        yield wrong(
            f"may drop what is queued (maxmemory-policy {policy})", "Set maxmemory-policy to noeviction."
        )
    kept = keeping.get("aof_enabled") or keeping.get("rdb_last_save_time")
    yield ok("keeps the queue over a restart" if kept else "forgets the queue in a restart; the rows do not")
    yield _skew("Redis", seconds + micros / 1e6)


def _no_redis(error: Exception) -> Finding:
    if isinstance(error, ResponseError | AuthenticationError):
        return wrong(
            f"refuses us: {error}",
            "Check the user and the password in REDIS_URL, and what that user may do. Emails still go out.",
        )
    return wrong(
        f"does not answer: {error}", "Start the Redis that REDIS_URL names. Emails go out meanwhile, later."
    )


def check_clock() -> Iterator[Finding]:
    if connection.vendor == "sqlite":
        yield ok("the database is on this machine and has its clock")
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
            yield _skew("the database", float(cursor.fetchone()[0]))
    except DatabaseError as error:
        yield unknown(str(error))


def check_worker() -> Iterator[Finding]:
    try:
        seen, last = Worker.objects.seen(), Tally.objects.last_one()
        pause, alarm = Pause.objects.first(), Alarm.objects.first()
    except DatabaseError as error:
        yield unknown(f"the database does not tell ({error})")
        return
    if seen:
        yield ok("a worker was seen in the last 15 seconds")
    else:
        yield wrong(
            "no worker was seen in the last 15 seconds", "Start one: make run, or manage.py rundramatiq"
        )
    if seen and last and time.time() - last.at.timestamp() > 300:
        yield wrong(
            f"the clock has stood still since {last.at:%Y-%m-%d %H:%M} UTC", "Look at the worker's log."
        )
    if pause:
        yield wrong(f"{pause}, so nothing is sent", "Resume it at /operations/, or: manage.py resume")
    if alarm:
        yield wrong(f"the mail server refuses us: {alarm.why}", fix(alarm.why))


def _skew(name: str, theirs: float) -> Finding:
    skew = time.time() - theirs
    if abs(skew) < SKEW_SECONDS:
        return ok(f"the clock of {name} agrees with ours")
    way = "behind" if skew > 0 else "ahead of"
    return wrong(f"the clock of {name} is {abs(skew):.0f} s {way} ours", "Run NTP on both machines.")


def _pending() -> list[object]:
    executor = MigrationExecutor(connection)
    return list(executor.migration_plan(executor.loader.graph.leaf_nodes()))
