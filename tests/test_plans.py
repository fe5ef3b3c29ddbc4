"""No step reads all rows, however many there are: the plan of each of its statements shows how it looks."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client

from feedback import tasks
from feedback.lease import kept, renew_leases
from feedback.models import Delivery
from feedback.outcome import recover_lost
from feedback.sweeper import sweep
from tests.mail_server import MailServer
from tests.test_counted_work import FIELDS

EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}
# An index that is read as a whole counts, too (seen on SQLite), but for those of what is not at its end yet.
READS_ALL = {
    "sqlite": r"SCAN feedback_(feedback|delivery)(?! USING \w* ?INDEX (queued|sending|held)_by)",
    "postgresql": r"Seq Scan on feedback_(feedback|delivery)",
}

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def plans() -> Iterator[list[str]]:
    """Give how each statement is run, in the end."""
    found: list[str] = []

    def look(run: Callable[..., Any], sql: str, given: Any, many: bool, context: dict[str, Any]) -> Any:
        setting, _, statement = sql.rpartition(";")
        if statement.split()[0] in ("SELECT", "WITH", "UPDATE", "DELETE"):
            explain = f"{EXPLAIN[connection.vendor]} {statement}"
            run(f"{setting}; {explain}" if setting else explain, given, many, context)
            if setting:
                context["cursor"].nextset()
            plan = "\n".join(str(row[-1]) for row in context["cursor"].fetchall())
            found.append(f"{plan}\nis how it runs\n{statement}")
        return run(sql, given, many, context)

    with connection.execute_wrapper(look):
        yield found


def reads_all(found: list[str]) -> list[str]:
    return [plan for plan in found if re.search(READS_ALL[connection.vendor], plan)]


@pytest.fixture(autouse=True)
def _as_with_many_rows() -> Iterator[None]:
    if connection.vendor != "postgresql":
        yield  # SQLite plans for many rows, as long as it has counted none
        return
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        yield
        cursor.execute("RESET enable_seqscan")


def test_a_post_reads_no_more_as_rows_grow(client: Client, settings: LazySettings) -> None:
    settings.RATE_LIMITS = ((10, 60),)
    with plans() as found:
        assert client.post("/", FIELDS).status_code == 303
    assert found
    assert not reads_all(found)


def test_a_poll_reads_no_more_as_rows_grow(client: Client, owed: Delivery) -> None:
    with plans() as found:
        assert client.get(f"/feedback/{owed.feedback_id}/status/").status_code == 200
    assert found
    assert not reads_all(found)


def test_emails_read_no_more_as_rows_grow(submit: Callable[..., Delivery], mail_server: MailServer) -> None:
    rung = submit()
    submit()
    with plans() as found:
        tasks.deliver(rung.pk)
    assert Delivery.objects.filter(state="sent").count() == 4
    assert found
    assert not reads_all(found)


def test_a_sweep_reads_no_more_as_rows_grow(owed: Delivery) -> None:
    Delivery.objects.update(ring_at=owed.due_at)
    claim = Delivery.objects.claim(owed.pk)
    assert claim
    with plans() as found, kept([claim]):
        renew_leases()
        recover_lost()
        sweep()
    assert found
    assert not reads_all(found)


def test_the_operations_page_reads_no_more_as_rows_grow(admin_client: Client, owed: Delivery) -> None:
    with plans() as found:
        assert admin_client.get("/operations/").status_code == 200
    assert found
    assert not reads_all(found)
