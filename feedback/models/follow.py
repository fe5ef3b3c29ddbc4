"""The email whose way a visitor follows, read in one statement: this is what every poll asks."""

from datetime import timedelta
from uuid import UUID

from feedback.models.clock import now
from feedback.models.delivery import Delivery
from feedback.models.feedback import Feedback
from feedback.models.queue import LAST_RING
from feedback.models.statement import columns, read, rows
from feedback.models.worker import PATIENCE

LATE = timedelta(seconds=60)  # what has been due for longer shows that the queue is old

# What a card shows, which is not the message.
OF_DELIVERY = ("id", "state", "attempt", "cancelled", "due_at", "history")
OF_FEEDBACK = ("id", "language", "created_at")
FOLLOWED = """
SELECT {columns},
    EXISTS (SELECT 1 FROM feedback_alarm) OR EXISTS (SELECT 1 FROM feedback_pause)
    OR NOT EXISTS (SELECT 1 FROM feedback_worker WHERE seen_at >= %(alive)s)
    OR EXISTS (
        SELECT 1 FROM feedback_delivery WHERE state = 'queued' AND ring_at <= %(rung)s AND due_at < %(late)s
    )
FROM feedback_delivery JOIN feedback_feedback ON feedback_feedback.id = feedback_id
WHERE feedback_id = %(feedback)s AND kind = 'acknowledgement'
"""


def follow(feedback_pk: UUID) -> Delivery | None:
    """Return a feedback's acknowledgement with whether email is late just now (`slow`), this one or
    those before it; None if there is no such feedback.
    """
    both = f"{columns(Delivery, *OF_DELIVERY)}, {columns(Feedback, *OF_FEEDBACK)}"
    moment = now()
    times = {"alive": moment - PATIENCE, "rung": moment + LAST_RING, "late": moment - LATE}
    found = rows(FOLLOWED.replace("{columns}", both), feedback=feedback_pk, **times)
    if not found:
        return None
    row = found[0]
    delivery = read(Delivery, row, *OF_DELIVERY)
    delivery.feedback = read(Feedback, row[len(OF_DELIVERY) :], *OF_FEEDBACK)
    delivery.slow = bool(row[-1])
    return delivery
