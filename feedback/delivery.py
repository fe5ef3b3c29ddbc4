"""The whole story of one email: claim, compose, open, transmit, mark."""

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from feedback.compose import compose
from feedback.connection import Connection, Overtaken
from feedback.faults import Verdict, is_about_the_email, judge
from feedback.lease import kept
from feedback.models import LEASE, Alarm, Delivery
from feedback.pool import pool
from project.logs import about

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

BACKOFF_SECONDS = (5, 10, 30, 60, 300, 900)
HOURLY = 3600
BUDGET = 125  # retries: the quick ones above, then hourly for five days, as mail servers do
BATCH = 100
SAVE_SECONDS = 60  # how long to hold on to an outcome that the database does not take


finishing = threading.Event()  # set where this process is to end after the emails in hand


def deliver(delivery_id: int, *, probe: bool = False, more: int = 0) -> None:
    """Send one email if it is due, and record what became of it.

    Then go on, over the same connection, with up to `more` others that are due, until a fault. Safe
    to call at any time, any number of times, from anywhere: only who wins the claim sends.
    """
    claim = Delivery.objects.claim(delivery_id, probe=probe)
    if not claim and _goes_on(more):
        claim = Delivery.objects.claim_next()
    if not claim:
        return
    with pool.connection(new=probe) as connection:  # whether we can log in is what a probe asks
        while claim:
            with kept(claim), about(request=claim.request_id, delivery=claim.pk):
                claim = _deliver(claim, connection, probe, more)
            more -= 1


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


def _deliver(delivery: Delivery, connection: Connection, probe: bool, more: int) -> Delivery | None:
    """Return the next one, where all went well and there is one."""
    if settings.SIMULATED_WORK_SECONDS:
        time.sleep(settings.SIMULATED_WORK_SECONDS)
    try:
        if delivery.feedback_id:
            Delivery.objects.read_feedback(delivery)
        reply = connection.transmit(compose(delivery), delivery)
    except Overtaken:
        log.warning("delivery %s: overtaken before the final dot, so nothing was sent", delivery.pk)
    except Exception as error:
        _record_fault(delivery, error, probe)
    else:
        return _record_acceptance(delivery, reply, probe, more)
    return None


def _record_acceptance(delivery: Delivery, reply: str, probe: bool, more: int) -> Delivery | None:
    following = _save(lambda: _mark_sent(delivery, reply, more))
    log.info("delivery %s: sent", delivery.pk)
    if probe:
        Alarm.objects.clear()
    return following


def _mark_sent(delivery: Delivery, reply: str, more: int) -> Delivery | None:
    if _goes_on(more):
        return Delivery.objects.mark_sent_and_claim_next(delivery, reply)
    delivery.mark_sent(reply)
    return None


def _goes_on(more: int) -> bool:
    return more > 0 and not finishing.is_set()


def _record_fault(delivery: Delivery, error: Exception, probe: bool) -> None:
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


def _retry(delivery: Delivery, why: str, waited: timedelta = timedelta()) -> bool:
    if delivery.retries >= BUDGET:
        return delivery.mark_failed(f"given up after {BUDGET} retries; at last: {why}")
    return delivery.retry(why, max(_pause(delivery.retries) - waited, timedelta()))


def _pause(retries: int) -> timedelta:
    """Return how long to wait after so many retries; spread, so that a backlog does not march."""
    seconds = BACKOFF_SECONDS[retries] if retries < len(BACKOFF_SECONDS) else HOURLY
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))


def _save(move: Callable[[], Answer]) -> Answer:
    """Make a move that must not be lost only because the database is away for a moment."""
    deadline = time.monotonic() + SAVE_SECONDS
    while True:
        try:
            return move()
        except DatabaseError as error:
            if time.monotonic() > deadline:
                raise
            log.error("the database does not take an outcome (%s); trying again", error)
            close_old_connections()
            time.sleep(0.25)
