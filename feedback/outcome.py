"""What becomes of an email that was in hand: its reply, a fault, or a worker that is gone."""

import logging
import random
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from django.db import DatabaseError, close_old_connections

from feedback.faults import Verdict, is_about_the_email, judge
from feedback.models import LEASE, Alarm, Delivery
from project.logs import about

log = logging.getLogger(__name__)

BACKOFF_SECONDS = (5, 10, 30, 60, 300, 900)
HOURLY = 3600
BUDGET = 125  # retries: the quick ones above, then hourly for five days, as mail servers do
BATCH = 100
SAVE_SECONDS = 60  # how long to hold on to an outcome that the database does not take


def record_acceptance(replies: Mapping[Delivery, str], *, probe: bool) -> None:
    """Keep what the mail server said as it took these."""
    _save(lambda: Delivery.objects.mark_sent(replies))
    for delivery in replies:
        with about(request=delivery.request_id, delivery=delivery.pk):
            log.info("delivery %s: sent", delivery.pk)
    if probe:
        Alarm.objects.clear()


def record_fault(delivery: Delivery, error: Exception, *, probe: bool) -> None:
    verdict, why = judge(error, transmitting=delivery.transmitting)
    # The reply itself may hold the address, so it is kept in the row and not in the log.
    log.warning("delivery %s: %s after %s", delivery.pk, verdict.value, why.partition(" ")[0].rstrip(":"))
    match verdict:
        case Verdict.UNCONFIRMED:
            _save(lambda: delivery.mark_unconfirmed(why))
        case Verdict.FAILED:
            _save(lambda: delivery.mark_failed(why))
        case Verdict.LATER:
            _save(lambda: _retry(delivery, why))
        case Verdict.OPERATOR:
            _save(lambda: Alarm.objects.raise_for(why))
            _save(lambda: delivery.wait(why))
    if probe and (verdict is Verdict.UNCONFIRMED or is_about_the_email(error)):
        Alarm.objects.clear()


def recover_lost() -> None:
    """Decide what becomes of the emails whose workers ended without a word."""
    for lost in Delivery.objects.lost()[:BATCH]:
        recover(lost)


def recover(lost: Delivery) -> None:
    log.warning("delivery %s: its worker is gone", lost.pk)
    if lost.transmitting:
        lost.mark_unconfirmed("the worker ended while the mail server was answering")
    else:
        _retry(lost, "the worker ended before anything was sent", waited=LEASE)


def _retry(delivery: Delivery, why: str, waited: timedelta = timedelta()) -> bool:
    if delivery.retries >= BUDGET:
        return delivery.mark_failed(f"given up after {BUDGET} retries; at last: {why}")
    return delivery.retry(why, max(_pause(delivery.retries) - waited, timedelta()))


def _pause(retries: int) -> timedelta:
    """Return how long to wait after so many retries; spread, so that a backlog does not march."""
    seconds = BACKOFF_SECONDS[retries] if retries < len(BACKOFF_SECONDS) else HOURLY
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))


def _save(move: Callable[[], object]) -> None:
    """Make a move that must not be lost only because the database is away for a moment."""
    deadline = time.monotonic() + SAVE_SECONDS
    while time.monotonic() < deadline:
        try:
            move()
        except DatabaseError as error:
            log.error("the database does not take an outcome (%s); trying again", error)
            close_old_connections()
            time.sleep(0.25)
        else:
            return
    log.error("the database did not take an outcome for %s s; it will be taken for lost", SAVE_SECONDS)
