"""Which emails are owed and due, and whose turn it is: the queue is a view of the rows."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection, models
from django.db.models import Q, QuerySet

from feedback.models.clock import now
from feedback.models.history import State, appended, line
from feedback.models.operated import OperatedManager
from feedback.models.statement import columns, fetch, first, read
from feedback.models.worker import PATIENCE

if TYPE_CHECKING:
    from feedback.models.delivery import Delivery

LEASE = timedelta(seconds=15)
FIRST_RING = timedelta(seconds=6)  # what the ring after the commit is given before the sweeper rings
NEXT_RING = timedelta(seconds=20)
LATE = timedelta(seconds=60)  # what has been due for longer shows that the queue is old

# One statement, so that what we hold is what we have written: between two this process may freeze,
# and then read, and use, somebody else's attempt. Nobody waits for a row that another is claiming.
CLAIM = """
UPDATE feedback_delivery
SET state = 'sending', transmitting = false, attempt = attempt + 1, due_at = %s, history = history || %s
WHERE id = (
    SELECT id FROM feedback_delivery
    WHERE state = 'queued' AND due_at <= %s AND {whose_turn}
        AND NOT EXISTS (SELECT 1 FROM feedback_pause)
        AND (%s OR NOT EXISTS (SELECT 1 FROM feedback_alarm))
    ORDER BY ring_at LIMIT 1 {skip_locked}
)
RETURNING {columns}
"""
FEEDBACK = """
SELECT {columns} FROM feedback_feedback
WHERE id = (SELECT feedback_id FROM feedback_delivery WHERE id = %s)
"""
# What is due was rung for before `now() + NEXT_RING`, so the index need not be searched further.
FOLLOWED = """
SELECT {columns},
    EXISTS (SELECT 1 FROM feedback_alarm) OR EXISTS (SELECT 1 FROM feedback_pause)
    OR NOT EXISTS (SELECT 1 FROM feedback_worker WHERE seen_at >= %s)
    OR EXISTS (SELECT 1 FROM feedback_delivery WHERE state = 'queued' AND ring_at <= %s AND due_at < %s)
FROM feedback_delivery JOIN feedback_feedback ON feedback_feedback.id = feedback_id
WHERE feedback_id = %s AND kind = 'acknowledgement'
"""


class DeliveryManager(OperatedManager["Delivery"]):
    def claim(self, pk: int, *, probe: bool = False) -> "Delivery | None":
        """Take a delivery that is due, for the time of a lease; None if there is nothing to take.

        While sending is paused everything waits. While an alarm is raised everything waits, except
        the one that a probe sends.
        """
        return self._claim("id = %s", pk, probe=probe)

    def claim_next(self) -> "Delivery | None":
        """Take the delivery that has been due for longest, whoever was rung for it."""
        # Whatever is due is rung for before that time, so of those that wait for a later attempt no
        # more are looked at than the index shows there.
        return self._claim("ring_at <= %s", now() + NEXT_RING, probe=False)

    def _claim(self, whose_turn: str, value: object, *, probe: bool) -> "Delivery | None":
        moment = now()
        statement = CLAIM.format(
            whose_turn=whose_turn,
            skip_locked="FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update else "",
            columns=columns(self.model),
        )
        change = (moment + LEASE, line(State.SENDING, "claimed"))
        claim = fetch(self.model, statement, *change, moment, value, probe)
        if not claim:
            return None
        claim.in_hand = True
        if claim.feedback_id:
            feedback = self._feedback_model()
            said: Any = fetch(feedback, FEEDBACK.format(columns=columns(feedback)), claim.pk)
            claim.feedback = said
        return claim

    def renew(self, claims: Iterable["Delivery"]) -> None:
        """Hold on to these claims for another lease; those that are over stay as they are."""
        mine = [Q(pk=claim.pk, attempt=claim.attempt) for claim in claims]
        if mine:
            any_of_mine = Q(*mine, _connector=Q.OR)
            self.filter(any_of_mine, state=State.SENDING).update(due_at=now() + LEASE)

    def lost(self) -> QuerySet["Delivery"]:
        """The claims whose holder is gone: no live one lets its lease run out."""
        return self.filter(state=State.SENDING, due_at__lte=now())

    def doubt(self, until: datetime, why: str, by: str) -> int:
        """Take what was owed at a moment for unconfirmed; return how many emails that were.

        What was held stays so, for a person has to look at it anyway, and then reads why.
        """
        then = self.filter(created_at__lte=until)
        then.filter(state=State.HELD).update(history=appended(State.HELD, why, by))
        return then.filter(state__in=(State.QUEUED, State.SENDING)).update(
            state=State.UNCONFIRMED, ended_at=now(), history=appended(State.UNCONFIRMED, why, by)
        )

    def due(self) -> QuerySet["Delivery"]:
        return self.filter(state=State.QUEUED, due_at__lte=now())

    def followed(self, feedback_pk: UUID) -> "Delivery | None":
        """Return a feedback's acknowledgement with whether email is late just now (`slow`), this one or
        those before it; None if there is no such feedback.
        """
        feedback = self._feedback_model()
        statement = FOLLOWED.format(columns=f"{columns(self.model)}, {columns(feedback)}")
        moment = now()
        row = first(statement, moment - PATIENCE, moment + NEXT_RING, moment - LATE, feedback_pk)
        if not row:
            return None
        delivery = read(self.model, row)
        delivery.feedback = read(feedback, row[len(self.model._meta.concrete_fields) :])
        delivery.slow = bool(row[-1])
        return delivery

    def take_unrung(self, limit: int) -> list[int]:
        """Win up to `limit` due deliveries that nobody has rung lately, the oldest first."""
        quiet = self.filter(state=State.QUEUED, ring_at__lte=now())
        ids = list(quiet.order_by("ring_at").values_list("pk", flat=True)[:limit])
        if not ids:
            return []
        # Another sweeper may be at the same rows: those that now carry our time are ours.
        until = now() + NEXT_RING
        won = quiet.filter(pk__in=ids).update(ring_at=until)
        if won == len(ids):
            return ids
        return list(self.filter(pk__in=ids, ring_at=until).values_list("pk", flat=True))

    def oldest_due_seconds(self) -> int | None:
        """Return for how long the oldest email that is due has waited; None if none is."""
        oldest = self.due().aggregate(oldest=models.Min("due_at"))["oldest"]
        return int((now() - oldest).total_seconds()) if oldest else None

    def _feedback_model(self) -> Any:
        return self.model._meta.get_field("feedback").related_model  # which imports us
