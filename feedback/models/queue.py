"""Which emails are owed and due, and whose turn it is: the queue is a view of the rows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, models
from django.db.models import QuerySet

from feedback.models.clock import TOLERANCE, now
from feedback.models.history import Kind, State, line
from feedback.models.operated import OperatedManager
from feedback.models.statement import Row, columns, listed, read, rows

if TYPE_CHECKING:
    from feedback.models.delivery import Delivery

LEASE = timedelta(seconds=15)
FIRST_RING = timedelta(seconds=6)  # what the ring after the commit is given before the sweeper rings
NEXT_RING = timedelta(seconds=20)
LAST_RING = NEXT_RING + TOLERANCE  # by whatever host's clock

SKIP_LOCKED = {"sqlite": "", "postgresql": "FOR UPDATE SKIP LOCKED"}
# Where most emails are sent PostgreSQL takes what is queued for a few rows, and would read and sort a
# whole backlog for each claim: with 10,000 that was half of what it had to do for an email.
IN_ORDER = {"sqlite": "", "postgresql": "SET LOCAL enable_bitmapscan = off;"}
# Whatever is due is rung for again by then, so the index need not be searched for later attempts.
LONGEST_DUE = "ring_at <= %(rung)s"
DUE = """
SELECT id FROM feedback_delivery
WHERE state = 'queued' AND due_at <= %(now)s AND {whose_turn}
    AND NOT EXISTS (SELECT 1 FROM feedback_pause)
    AND (%(probe)s OR NOT EXISTS (SELECT 1 FROM feedback_alarm))
ORDER BY ring_at LIMIT %(limit)s
"""
# One statement, so that what we hold is what we have written: between two this process may freeze,
# and then read, and use, somebody else's attempt. Nobody waits for a row that another is claiming.
# IN, for with `=` SQLite, to which a returned column has no type, reads all feedback to find the one.
CLAIM = """
{in_order}
WITH due AS MATERIALIZED ({due} {skip_locked})
UPDATE feedback_delivery
SET state = 'sending', transmitting = false, attempt = attempt + 1, due_at = %(lease)s,
    history = history || %(claimed)s
WHERE id IN (SELECT id FROM due)
RETURNING {columns}, (SELECT language FROM feedback_feedback WHERE feedback_feedback.id IN (feedback_id))
"""
# What sending an email takes of it; whoever asks for more makes Django read that.
IN_HAND = (
    *("id", "feedback_id", "kind", "recipient", "message_id", "created_at"),
    *("state", "attempt", "retries", "transmitting", "history"),
)
# Several emails take a step together, so one commit is enough for all: each waits for the disk.
# LIKE, for with `=` PostgreSQL goes through its index of those that are sending, where those that were
# stay until the next vacuum: with 6,000 of them this took 2.3 ms instead of 1.1.
BEGIN_TRANSMISSION = """
UPDATE feedback_delivery SET transmitting = true, due_at = %(lease)s
FROM (VALUES {values}) AS claim
WHERE id = claim.column1 AND attempt = claim.column2 AND state LIKE 'sending' AND NOT transmitting
RETURNING id
"""
MARK_SENT = """
UPDATE feedback_delivery SET state = 'sent', ended_at = %(now)s, history = history || claim.column3
FROM (VALUES {values}) AS claim
WHERE id = claim.column1 AND attempt = claim.column2 AND state IN ('sending', 'unconfirmed')
RETURNING id
"""
# Nobody waits for a row that is just being marked: two who wait for each other's rows are a deadlock.
RENEW = """
UPDATE feedback_delivery SET due_at = %(lease)s
WHERE id IN (
    SELECT id FROM feedback_delivery
    WHERE (id, attempt) IN (VALUES {values}) AND state = 'sending' {skip_locked}
)
RETURNING id
"""
UNRUNG = """
{in_order}
SELECT id FROM feedback_delivery WHERE state = 'queued' AND ring_at <= %(now)s
ORDER BY ring_at LIMIT %(limit)s
"""
# LIKE here as well: with `=` PostgreSQL looks for each among all that wait, 26 ms with 90,000.
RING = """
UPDATE feedback_delivery SET ring_at = %(until)s
FROM (VALUES {values}) AS unrung
WHERE id = unrung.column1 AND state LIKE 'queued' AND ring_at <= %(now)s
RETURNING id
"""
FEEDBACK = "SELECT {columns} FROM feedback_feedback WHERE id IN (VALUES {values})"


class DeliveryManager(OperatedManager["Delivery"]):
    def claim(self, pk: int, *, probe: bool = False, look: bool = False) -> "Delivery | None":
        """Take a delivery that is due, for the time of a lease; None if there is nothing to take.

        While sending is paused everything waits. While an alarm is raised everything waits, except
        the one that a probe sends. `look` first where there is mostly nothing to take.
        """
        return next(iter(self._claim("id = %(pk)s", look, probe=probe, pk=pk)), None)

    def claim_next(self, limit: int) -> "list[Delivery]":
        """Take up to `limit` deliveries, those that have been due for longest, whoever was rung for them."""
        in_order = IN_ORDER[connection.vendor]
        return self._claim(LONGEST_DUE, look=True, in_order=in_order, limit=limit, rung=now() + LAST_RING)

    def read_feedback(self, claims: Sequence["Delivery"]) -> None:
        """Read the feedback that owners are told of; what thanks say of it came with the claim."""
        feedback = self._feedback_model()
        about = [[claim.feedback_id] for claim in claims if claim.kind == Kind.NOTIFICATION]
        if not about:
            return
        found = listed(FEEDBACK.replace("{columns}", columns(feedback)), about)
        said = {one.pk: one for one in (read(feedback, row) for row in found)}
        for claim in claims:
            if claim.feedback_id in said:  # else it was erased just now
                claim.feedback = said[claim.feedback_id]

    def begin_transmission(self, claims: Sequence["Delivery"]) -> None:
        """Leave the mark that from here on nobody may send these again without asking.

        To be called before the first moment at which the mail server may have taken one of them.
        Those that were not ours any more are left without it: their `transmitting` stays false.
        """
        mine = [[claim.pk, claim.attempt] for claim in claims]
        marked = {pk for (pk,) in listed(BEGIN_TRANSMISSION, mine, lease=now() + LEASE)}
        for claim in claims:
            claim.transmitting = claim.pk in marked

    def mark_sent(self, accepted: "Mapping[Delivery, str]") -> int:
        """Record the server's replies, also where a claim was given up for lost meanwhile."""
        mine = [[claim.pk, claim.attempt, line(State.SENT, reply)] for claim, reply in accepted.items()]
        return len(listed(MARK_SENT, mine, now=now()))

    def renew(self, claims: Iterable["Delivery"]) -> None:
        """Hold on to these claims for another lease; those that are over stay as they are."""
        if mine := [[claim.pk, claim.attempt] for claim in claims]:
            renew = RENEW.replace("{skip_locked}", SKIP_LOCKED[connection.vendor])
            listed(renew, mine, lease=now() + LEASE)

    def lost(self) -> QuerySet["Delivery"]:
        """The claims whose holder is gone: no live one lets its lease run out."""
        return self.filter(state=State.SENDING, due_at__lte=now())

    def due(self) -> QuerySet["Delivery"]:
        return self.filter(state=State.QUEUED, due_at__lte=now())

    def take_unrung(self, limit: int) -> list[int]:
        """Win up to `limit` due deliveries that nobody has rung lately, the oldest first."""
        moment = now()
        unrung = rows(UNRUNG.format(in_order=IN_ORDER[connection.vendor]), now=moment, limit=limit)
        # Another sweeper may be at the same rows: only one of us changes each.
        won = set(listed(RING, unrung, now=moment, until=moment + NEXT_RING)) if unrung else ()
        return [pk for (pk,) in unrung if (pk,) in won]

    def oldest_due_seconds(self) -> int | None:
        """Return for how long the oldest email that is due has waited; None if none is."""
        oldest = self.due().aggregate(oldest=models.Min("due_at"))["oldest"]
        return int((now() - oldest).total_seconds()) if oldest else None

    def _claim(self, whose_turn: str, look: bool, **values: Any) -> "list[Delivery]":
        # On SQLite every write waits for all others, also one that then finds nothing; no read does. At
        # rest a look would be 0.3 ms of 4 from answer to email.
        if look and not SKIP_LOCKED[connection.vendor] and not self._rows(DUE, whose_turn, **values):
            return []
        return [self._in_hand(row) for row in self._rows(CLAIM, whose_turn, **values)]

    def _in_hand(self, row: Row) -> "Delivery":
        claim = read(self.model, row, *IN_HAND)
        claim.in_hand = True
        if claim.kind == Kind.ACKNOWLEDGEMENT:
            known = claim._state.db, ["id", "language"], [claim.feedback_id, row[-1]]
            claim.feedback = self._feedback_model().from_db(*known)
        return claim

    def _rows(
        self,
        statement: str,
        whose_turn: str,
        *,
        in_order: str = "",
        limit: int = 1,
        probe: bool = False,
        **values: Any,
    ) -> list[Row]:
        moment = now()
        statement = statement.format(
            due=DUE.format(whose_turn=whose_turn),
            whose_turn=whose_turn,
            skip_locked=SKIP_LOCKED[connection.vendor],
            in_order=in_order,
            columns=columns(self.model, *IN_HAND),
        )
        claimed = line(State.SENDING, "claimed")
        times = {"now": moment, "lease": moment + LEASE}
        return rows(statement, limit=limit, probe=probe, claimed=claimed, **times, **values)

    def _feedback_model(self) -> Any:
        return self.model._meta.get_field("feedback").related_model  # which imports us
