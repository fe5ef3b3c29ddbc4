import re
from datetime import timedelta

import pytest
from django.db import connection

from feedback.models import Delivery, Kind, State
from feedback.models.queue import BEGIN_TRANSMISSION, MARK_SENT, RING
from tests.test_plans import plans


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no dead entries in its indexes")
@pytest.mark.parametrize("statement", [BEGIN_TRANSMISSION, MARK_SENT, RING])
def test_a_mark_looks_for_its_emails_alone(owed: Delivery, statement: str) -> None:
    """Not among all that are being sent: until a vacuum that index keeps those that were."""
    listing = statement.replace("{values}", f"({owed.pk}, 1, '')")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {listing}", dict.fromkeys(("lease", "now", "until"), "now"))
        plan = "\n".join(row for (row,) in cursor.fetchall())
    assert "using feedback_delivery_pkey" in plan
    assert "_by_" not in plan


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps to the index in any case")
@pytest.mark.parametrize("take", ["claim_next", "take_unrung"])
def test_what_comes_first_is_taken_without_sorting_all_that_waits(owed: Delivery, take: str) -> None:
    """However few rows PostgreSQL takes it for: it counts them now and then."""
    deliveries = [Delivery.owed(owed.feedback, Kind.ACKNOWLEDGEMENT, owed.recipient) for _ in range(2000)]
    for number, delivery in enumerate(deliveries):
        delivery.ring_at -= timedelta(seconds=10 + number * 7919 % 2000)  # not in the order of the table
        delivery.state = State.SENT if number > 10 else State.QUEUED
    Delivery.objects.bulk_create(deliveries)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE feedback_delivery")
    with plans() as found:
        getattr(Delivery.objects, take)(16)
    assert "Index Scan using queued_by_ring" in found[0]
    assert not re.search("Sort Key: .*ring_at", found[0])
    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_bitmapscan")
        assert cursor.fetchone() == ("on",), "for whoever has the connection next"
