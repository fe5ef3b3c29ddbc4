"""The whole story of one email: claim, compose, open, transmit, mark."""

import logging
import random
import time
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from feedback.compose import compose
from feedback.faults import Verdict, judge
from feedback.models import Delivery
from feedback.smtp import EmailBackend

log = logging.getLogger(__name__)

BACKOFF_SECONDS = (5, 10, 30, 60, 300, 900)
HOURLY = 3600
BUDGET = 125  # attempts: the quick ones above, then hourly for five days, as mail servers do


class Overtaken(Exception):
    """Somebody else holds this delivery now: our lease ran out."""


def deliver(delivery_id: int) -> None:
    """Send one email if it is due, and record what became of it.

    Safe to call at any time, any number of times, from anywhere: only who wins the claim sends.
    """
    delivery = Delivery.objects.claim(delivery_id)
    if delivery is None:
        return
    time.sleep(settings.SIMULATED_WORK_SECONDS)
    connection = get_connection()
    try:
        message = compose(delivery)
        connection.open()
        reply = _transmit(connection, message, delivery)
    except Overtaken:
        log.warning("delivery %s: overtaken before the end, so nothing was sent", delivery.pk)
    except Exception as error:
        _record_fault(delivery, error)
    else:
        delivery.mark_sent(reply)
        log.info("delivery %s: sent, %s", delivery.pk, reply)
    _close(connection)


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


def _record_fault(delivery: Delivery, error: Exception) -> None:
    verdict, why = judge(error, transmitting=delivery.transmitting)
    log.warning("delivery %s: %s, %s", delivery.pk, verdict.value, why)
    if verdict is Verdict.UNCONFIRMED:
        delivery.mark_unconfirmed(why)
    elif verdict is Verdict.FAILED or delivery.attempt >= BUDGET:
        delivery.mark_failed(why)
    else:
        delivery.retry_later(why, _pause(delivery.attempt))


def _pause(attempt: int) -> timedelta:
    """Return how long to wait after the given attempt; spread, so that a backlog does not march."""
    seconds = BACKOFF_SECONDS[attempt - 1] if attempt <= len(BACKOFF_SECONDS) else HOURLY
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except OSError as error:
        log.info("the mail server did not take our goodbye: %s", error)
