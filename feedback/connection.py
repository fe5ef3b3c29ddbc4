"""A connection to the mail server, kept open from one email to the next of a run."""

import logging
import smtplib
import time
from typing import Self

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from feedback.models import Delivery
from feedback.smtp import EmailBackend

log = logging.getLogger(__name__)

LONGEST_SECONDS, LONGEST_IDLE_SECONDS = 300, 2  # as Postfix keeps its own; servers tire of longer ones


class Overtaken(Exception):
    """Somebody else holds this delivery now: our lease ran out."""


class Connection:
    """Opened when first needed; whoever meets a fault must not use it again."""

    def __init__(self) -> None:
        self._backend: BaseEmailBackend | None = None
        self._opened = self._used = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def transmit(self, message: EmailMessage, delivery: Delivery) -> str:
        """Send one email, marked before the server may have it; return the server's reply."""
        reused = self._open()
        try:
            return self._transmit(message, delivery)
        except smtplib.SMTPException as error:
            if not reused or delivery.transmitting or not _hung_up(error):
                raise
        # The server had closed what we kept, which says nothing about this email.
        self._close()
        self._open()
        return self._transmit(message, delivery)

    def _open(self) -> bool:
        """Have an open connection; return whether it was used before."""
        now = time.monotonic()
        if self._backend and (
            now - self._opened > LONGEST_SECONDS or now - self._used > LONGEST_IDLE_SECONDS
        ):
            self._close()
        if self._backend:
            return True
        self._opened = now
        self._backend = get_connection()
        self._backend.open()
        return False

    def _transmit(self, message: EmailMessage, delivery: Delivery) -> str:
        def mark() -> None:
            if not delivery.begin_transmission():
                raise Overtaken

        backend, reply = self._backend, "accepted"
        assert backend
        if isinstance(backend, EmailBackend):
            reply = backend.transmit(message, before_final_dot=mark)
        else:
            mark()
            if not backend.send_messages([message]):
                raise RuntimeError(f"{type(backend).__module__} sent nothing and did not say why")
        self._used = time.monotonic()
        return reply

    def _close(self) -> None:
        backend, self._backend = self._backend, None
        try:
            if backend:
                backend.close()
        except OSError as error:
            log.info("the mail server did not take our goodbye: %s", error)


def _hung_up(error: smtplib.SMTPException) -> bool:
    """Whether the line is gone; 421 announces it (RFC 5321, section 3.8)."""
    code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0
    return code == 421 or isinstance(error, smtplib.SMTPServerDisconnected)
