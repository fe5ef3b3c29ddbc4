"""The sweeper: finds what is owed and was not rung, and sees to it.

It runs in every worker process. So no ring that was lost, no Redis that was emptied and no worker
that was killed makes us forget an email, and where there is no Redis at all it delivers by itself.
"""

from feedback import tasks
from feedback.delivery import deliver, finishing
from feedback.models import Alarm, Delivery, Pause

EVERY_SECONDS, BUSY_SECONDS = 3.0, 0.2
LONGEST_QUEUE = 100  # messages; for each that a worker takes it may send all that wait
BATCH = 100
ALONE_BATCH = 10


def sweep() -> float:
    """See to a bounded number of emails; return the seconds until the next sweep should be."""
    if Pause.objects.exists():
        return EVERY_SECONDS
    if Alarm.objects.exists():
        _probe()
        return EVERY_SECONDS
    waiting = tasks.queue_length()
    limit = ALONE_BATCH if waiting is None else min(BATCH, LONGEST_QUEUE - waiting)
    ids = Delivery.objects.take_unrung(limit) if limit > 0 else []
    if not tasks.ring(ids):
        _deliver_alone(ids[:ALONE_BATCH])
    return BUSY_SECONDS if len(ids) >= limit else EVERY_SECONDS


def _probe() -> None:
    due = Delivery.objects.due().order_by("due_at").first()
    if due and Alarm.objects.win_probe():
        deliver(due.pk, probe=True)


def _deliver_alone(ids: list[int]) -> None:
    # Each by itself: a run ends at the first fault, and the others would wait for their next ring.
    for delivery_id in ids:
        if finishing.is_set():
            return  # whoever sweeps next finds the rest
        deliver(delivery_id)
