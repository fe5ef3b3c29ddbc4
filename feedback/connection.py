"""A connection to the mail server, open from one email to the next."""

import logging
import smtplib
import time

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from feedback import faults
from feedback.models import Delivery
from feedback.smtp import EmailBackend

log = logging.getLogger(__name__)

# The seconds are those for which Postfix keeps its own; servers tire of longer ones, and of many emails.
LONGEST_SECONDS, LONGEST_IDLE_SECONDS, MOST_EMAILS = 300, 2, 100


class Overtaken(Exception):
    """Somebody else holds this delivery now: our lease ran out."""


class Connection:
    """Opened when first needed, and anew after a fault or where it has served for long."""

    def __init__(self) -> None:
        self._backend: BaseEmailBackend | None = None
        self._opened = self._used = 0.0
        self._emails = 0
        self._sound = False  # whether the last email over it was accepted

    @property
    def is_fresh(self) -> bool:
        """Whether it is open, and a server will hardly be tired of it."""
        now = time.monotonic()
        return (
            self._sound
            and self._emails < MOST_EMAILS
            and now - self._opened <= LONGEST_SECONDS
            and now - self._used <= LONGEST_IDLE_SECONDS
        )

    def transmit(self, message: EmailMessage, delivery: Delivery) -> str:
        """Send one email, marked before the server may have it; return the server's reply."""
        reused = self._open()
        try:
            return self._transmit(message, delivery)
        except smtplib.SMTPException as error:
            if not reused or delivery.transmitting or not _hung_up(error):
                raise
        # The server had closed what we kept, which says nothing about this email.
        self._open()
        return self._transmit(message, delivery)

    def close(self) -> None:
        backend, self._backend, self._sound = self._backend, None, False
        try:
            if backend:
                backend.close()
        except OSError as error:
            log.info("the mail server did not take our goodbye: %s", error)

    def _open(self) -> bool:
        """Have an open connection; return whether it was used before."""
        if self.is_fresh:
            return True
        self.close()
        self._opened, self._emails = time.monotonic(), 0
        self._backend = get_connection()
        self._backend.open()
        return False

    def _transmit(self, message: EmailMessage, delivery: Delivery) -> str:
        def mark() -> None:
            if not delivery.begin_transmission():
                raise Overtaken

        backend, reply = self._backend, "accepted"
        self._sound = False
        assert backend
        if isinstance(backend, EmailBackend):
            reply = backend.transmit(message, before_final_dot=mark)
        else:
            mark()
            if not backend.send_messages([message]):
                raise RuntimeError(f"{type(backend).__module__} sent nothing and did not say why")
        self._used, self._emails, self._sound = time.monotonic(), self._emails + 1, True
        return reply


def _hung_up(error: smtplib.SMTPException) -> bool:
    """Whether the line is gone; 421 announces it (RFC 5321, section 3.8)."""
    return faults.reply(error)[0] == 421 or isinstance(error, smtplib.SMTPServerDisconnected)
