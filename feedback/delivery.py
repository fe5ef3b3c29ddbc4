"""The whole story of one email: claim, compose, open, transmit, mark."""

import logging
import random
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, close_old_connections

from feedback.compose import compose
from feedback.faults import Verdict, is_about_the_email, judge
from feedback.lease import kept
from feedback.models import LEASE, Alarm, Delivery
from feedback.smtp import EmailBackend
from project.logs import about

log = logging.getLogger(__name__)

BACKOFF_SECONDS = (5, 10, 30, 60, 300, 900)
HOURLY = 3600
BUDGET = 125  # retries: the quick ones above, then hourly for five days, as mail servers do
BATCH = 100
SAVE_SECONDS = 60  # how long to hold on to an outcome that the database does not take


class Overtaken(Exception):
    """Somebody else holds this delivery now: our lease ran out."""


def deliver(delivery_id: int, *, probe: bool = False) -> None:
    """Send one email if it is due, and record what became of it.

    Safe to call at any time, any number of times, from anywhere: only who wins the claim sends.
    """
    delivery = Delivery.objects.claim(delivery_id, probe=probe)
    if delivery is None:
        return
    with kept(delivery), about(request=delivery.request_id, delivery=delivery.pk):
        time.sleep(settings.SIMULATED_WORK_SECONDS)
        connection = get_connection()
        try:
            message = compose(delivery)
            connection.open()
            reply = _transmit(connection, message, delivery)
        except Overtaken:
            log.warning("delivery %s: overtaken before the final dot, so nothing was sent", delivery.pk)
        except Exception as error:
            _record_fault(delivery, error, probe)
        else:
            _record_acceptance(delivery, reply, probe)
        _close(connection)


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


def _transmit(connection: BaseEmailBackend, message: EmailMessage, delivery: Delivery) -> str:
    def mark() -> None:
        if not delivery.begin_transmission():
            raise Overtaken

    if isinstance(connection, EmailBackend):
        return connection.transmit(message, before_final_dot=mark)
    mark()
    if not connection.send_messages([message]):
        raise RuntimeError(f"{type(connection).__module__} sent nothing and did not say why")
    return "accepted"


def _record_acceptance(delivery: Delivery, reply: str, probe: bool) -> None:
    _save(lambda: delivery.mark_sent(reply))
    log.info("delivery %s: sent", delivery.pk)
    if probe:
        Alarm.objects.clear()


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


def _save(move: Callable[[], object]) -> None:
    """Make a move that must not be lost only because the database is away for a moment."""
    deadline = time.monotonic() + SAVE_SECONDS
    while True:
        try:
            move()
            return
        except DatabaseError as error:
            if time.monotonic() > deadline:
                raise
            log.error("the database does not take an outcome (%s); trying again", error)
            close_old_connections()
            time.sleep(0.25)


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except OSError as error:
        log.info("the mail server did not take our goodbye: %s", error)
