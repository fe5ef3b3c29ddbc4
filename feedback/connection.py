"""A connection to the mail server, open from one email to the next."""

import logging
import smtplib
import time
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import wait

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend

from feedback import faults, smtp
from feedback.letter import Letter
from feedback.smtp import SMTP, EmailBackend

log = logging.getLogger(__name__)

# The seconds are those for which Postfix keeps its own; servers tire of longer ones, and of many emails.
LONGEST_SECONDS, LONGEST_IDLE_SECONDS, MOST_EMAILS = 300, 2, 100
ANEW_SECONDS = 10  # in which a kept line that turns out to be closed is replaced: a server that hangs is not
REST_SECONDS = 10  # for the rest of a reply that has begun to come
TOGETHER_SECONDS = 0.005  # in which a reply waits for others, to be marked with them


class Connection:
    """Opened when first needed, and anew after a fault or where it has served for long.

    An email takes these steps: `ask`, three times `go_on`, `stay`, `end` and `hear`. None waits for an
    answer to what it sends itself, and the server takes nothing before `end`.
    """

    def __init__(self) -> None:
        self._backend: BaseEmailBackend | None = None
        self._opened = self._used = self._began = 0.0
        self._emails = 0
        self.was_refused = False  # as we opened it
        self._steps: list[Callable[[], None]] = []  # that this email has taken
        self._reused = False
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

    @property
    def line(self) -> SMTP | None:
        line = self._backend.connection if isinstance(self._backend, EmailBackend) else None
        return line if isinstance(line, SMTP) else None

    def ask(self, letter: Letter) -> None:
        self._letter, self._steps, self._began = letter, [self._offer], time.monotonic()
        self._reused = self._sound  # how fresh it is was looked at as it was taken
        if not self._reused:
            self._open()
        self._sound = False
        self._take_last_step()

    def go_on(self) -> None:
        self._steps.append(self._go_on)
        self._take_last_step()

    def stay(self) -> None:
        """Make sure that the server still listens, for it may have waited for other emails meanwhile."""
        if self.line and self.line.has_been_left():
            raise smtplib.SMTPServerDisconnected("the server hung up before the final dot")

    def end(self) -> None:
        if self.line:
            self.line.end()
        self._ended = time.monotonic()

    def hear(self) -> str:
        """Return the server's reply, which says that it has taken the email."""
        reply = "accepted"
        if self.line:
            left = self._ended + smtp.FINAL_REPLY_SECONDS - time.monotonic()
            reply = self.line.hear(min(max(left, 0.1), REST_SECONDS))
        elif not (self._backend and self._backend.send_messages([self._letter.message])):
            raise RuntimeError(f"{type(self._backend).__module__} sent nothing and did not say why")
        self._used, self._emails, self._sound = time.monotonic(), self._emails + 1, True
        return reply

    def close(self) -> None:
        """Say goodbye; not in the middle of an email, where it might be read as more of its text."""
        if self.line and not self._sound:
            self.line.close()
        backend, self._backend, self._sound = self._backend, None, False
        try:
            if backend:
                backend.close()
        except OSError as error:
            log.info("the mail server did not take our goodbye: %s", error)

    def _take_last_step(self) -> None:
        """Take it; over another line all of them, where the server had closed the one that we kept."""
        try:
            self._steps[-1]()
        except smtplib.SMTPException as error:
            # That it was closed says nothing about this email.
            if not self._reused or not _hung_up(error) or time.monotonic() > self._began + ANEW_SECONDS:
                raise
            self._reused = False
            self._open()
            for step in self._steps:
                step()

    def _open(self) -> None:
        self.close()
        self._opened, self._emails = time.monotonic(), 0
        self._backend = get_connection()
        self.was_refused = True
        self._backend.open()
        self.was_refused = False

    def _offer(self) -> None:
        if self.line:
            self.line.ask(self._letter.sender, self._letter.recipient, self._letter.text)
        else:
            self._letter.compose()

    def _go_on(self) -> None:
        if self.line:
            self.line.go_on()


def as_they_answer(connections: Iterable[Connection]) -> Iterator[list[Connection]]:
    """Give those that have an answer, several where they come together; in the end those without."""
    waiting = list(connections)
    deadline = time.monotonic() + smtp.FINAL_REPLY_SECONDS
    while waiting:
        group, until = list[Connection](), deadline
        while waiting and (come := _answered(waiting, until - time.monotonic())):
            until = until if group else time.monotonic() + TOGETHER_SECONDS
            group += come
            waiting = [connection for connection in waiting if connection not in come]
        yield group or waiting
        if not group:
            return


def _answered(connections: list[Connection], seconds: float) -> list[Connection]:
    lines = {connection.line.sock: connection for connection in connections if connection.line}
    others = [connection for connection in connections if not connection.line]
    return others[:1] or [lines[ready] for ready in wait(list(lines), max(seconds, 0))]  # type: ignore[index,arg-type]


def _hung_up(error: smtplib.SMTPException) -> bool:
    """Whether the line is gone; 421 announces it (RFC 5321, section 3.8)."""
    return faults.reply(error)[0] == 421 or isinstance(error, smtplib.SMTPServerDisconnected)
