import pytest
from django.db import connection

from feedback.models import Delivery
from feedback.models.queue import BEGIN_TRANSMISSION, MARK_SENT


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no dead entries in its indexes")
@pytest.mark.parametrize("statement", [BEGIN_TRANSMISSION, MARK_SENT])
def test_a_mark_looks_for_its_emails_alone(owed: Delivery, statement: str) -> None:
    """Not among all that are being sent: until a vacuum that index keeps those that were."""
    listing = statement.replace("{values}", f"({owed.pk}, 1, '')")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {listing}", {"lease": "now", "now": "now"})
        plan = "\n".join(row for (row,) in cursor.fetchall())
    assert "using feedback_delivery_pkey" in plan
    assert "sending_by_due" not in plan
