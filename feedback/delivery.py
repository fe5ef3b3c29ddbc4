"""The whole story of an email: claim, compose, ask, tell, mark, end, hear, mark.

Those that wait for a sender take each step together, every one over a connection of its own. So we
wait for the mail server's slowest answer instead of for all in turn, and for the disk once.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings

from feedback.connection import Connection, as_they_answer
from feedback.lease import kept
from feedback.letter import Letter
from feedback.models import Delivery
from feedback.outcome import record_acceptance, record_fault
from feedback.pool import pool
from feedback.smtp import GOOD
from feedback.turn import turn
from project.logs import about

log = logging.getLogger(__name__)

finishing = threading.Event()  # set where this process is to end after the emails in hand


class Overtaken(Exception):
    """Somebody else holds this delivery now: our lease ran out."""


@dataclass(eq=False)
class Email:
    delivery: Delivery
    connection: Connection
    probe: bool = False
    reply: str = ""


def deliver(delivery_id: int, *, probe: bool = False, others: bool = False, look: bool = False) -> None:
    """Send one email if it is due, and record what became of it.

    Where it is our turn, go on with all `others` that are due, several at a time, until a fault. Safe
    to call at any time, any number of times, from anywhere: only who wins the claim sends. `look`
    before the claim where somebody may just have sent it.
    """
    goes_well = True
    if claim := Delivery.objects.claim(delivery_id, probe=probe, look=look):
        with pool.connection(new=probe) as connection:  # whether we can log in is what a probe asks
            goes_well = _send([Email(claim, connection, probe)])
    while others and goes_well and not finishing.is_set():
        goes_well = _send_next()


def _send_next() -> bool:
    """Send of those that are due as many as there are connections for; tell whether to go on."""
    turn.get_on()
    with pool.connections() as connections:
        most = 1 if settings.SIMULATED_WORK_SECONDS else len(connections)
        claims = Delivery.objects.claim_next(most)
        return bool(claims) and _send(list(map(Email, claims, connections)))


def _send(emails: list[Email]) -> bool:
    """Send these side by side, and tell whether all went well."""
    with kept([email.delivery for email in emails]):
        told = _each(_ask, _together(Delivery.objects.read_feedback, emails))
        for _ in GOOD:  # the answer to each command
            told = _each(_go_on, told)
        # From here on a server may have them, as far as anybody can know who finds the marks.
        ended = _each(_end, _together(Delivery.objects.begin_transmission, _each(_stay, told)))
        over = {email.connection: email for email in ended}
        accepted = sum(_accepted([over[one] for one in group]) for group in as_they_answer(over))
    return accepted == len(emails)


def _ask(email: Email) -> None:
    if settings.SIMULATED_WORK_SECONDS:
        time.sleep(settings.SIMULATED_WORK_SECONDS)
    email.connection.ask(Letter(email.delivery))


def _go_on(email: Email) -> None:
    email.connection.go_on()


def _stay(email: Email) -> None:
    email.connection.stay()


def _end(email: Email) -> None:
    if not email.delivery.transmitting:
        raise Overtaken
    email.connection.end()


def _accepted(emails: list[Email]) -> int:
    """Hear the replies to these, and return how many of them are good."""
    heard = _each(_hear, emails)
    if heard:
        record_acceptance({email.delivery: email.reply for email in heard}, probe=heard[0].probe)
    return len(heard)


def _hear(email: Email) -> None:
    email.reply = email.connection.hear()


def _together(step: Callable[[Sequence[Delivery]], object], emails: list[Email]) -> list[Email]:
    """Take a step with all at once; where it fails, it fails for all."""
    try:
        if emails:
            step([email.delivery for email in emails])
    except Exception as error:
        for email in emails:
            _drop(email, error)
        return []
    return emails


def _each(step: Callable[[Email], object], emails: list[Email]) -> list[Email]:
    """Take a step with each; return those that took it. What became of the others is recorded."""
    return [email for email in emails if _takes(step, email)]


def _takes(step: Callable[[Email], object], email: Email) -> bool:
    try:
        step(email)
    except Exception as error:
        _drop(email, error)
        return False
    return True


def _drop(email: Email, error: Exception) -> None:
    with about(request=email.delivery.request_id, delivery=email.delivery.pk):
        email.connection.close()
        if isinstance(error, Overtaken):
            log.warning("delivery %s: overtaken before the final dot, so nothing was sent", email.delivery.pk)
        else:
            record_fault(email.delivery, error, probe=email.probe)
