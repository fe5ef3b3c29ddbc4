"""Django's SMTP backend, an email in steps, so that there are moments to act in between them.

Until the dot of DATA has left, the server cannot have taken the email (RFC 5321, section 4.1.1.4);
once its reply is read, all is known. Only between the two can nobody tell.
"""

import re
import smtplib
import socket
import time
from multiprocessing.connection import wait
from typing import cast

from django.core.mail.backends import smtp

from feedback.address import quoted

FINAL_REPLY_SECONDS = 300  # RFC 5321, section 4.5.3.2.6: a short wait makes second copies
GOOD = {"MAIL": (250,), "RCPT": (250, 251), "DATA": (354,)}


class EmailBackend(smtp.EmailBackend):
    @property
    def connection_class(self) -> type["SMTP"]:
        return SMTP_SSL if self.use_ssl else SMTP


class SMTP(smtplib.SMTP):
    """Sends an email in steps: `ask`, `go_on` once for each command, `end`, `hear`.

    None of them waits for an answer to what it sends itself, so that others can be asked meanwhile.
    The server takes nothing before `end`.
    """

    def ask(self, sender: str, recipient: str, text: bytes) -> None:
        """Offer an email, whose lines end in CRLF, to its one recipient."""
        self.ehlo_or_helo_if_needed()
        # The dot must not wait for the acknowledgement of the text before it (40 ms with Nagle).
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._usual = self._sock.gettimeout()
        self._text = text
        room = f" SIZE={len(text)}" if self.has_extn("size") else ""
        self._commands = [
            f"MAIL FROM:{quoted(sender)}{room}",
            f"RCPT TO:{quoted(recipient)}",
            "DATA",
        ]
        self._together = self.has_extn("pipelining")  # one round trip instead of three (RFC 2920)
        self._put(self._commands if self._together else self._commands[:1])

    def go_on(self) -> None:
        """Read the answer to a command and send the next one; after the last, all but the final dot."""
        # Where others were waited for before, this one has had its time already.
        self._sock.settimeout(max(self._until - time.monotonic(), 0.1))
        code, reply = self.getreply()
        self._sock.settimeout(self._usual)
        command = self._commands.pop(0)
        if code not in GOOD[command[:4]]:
            raise _refusal(command, code, reply)
        if not self._commands:
            self.send(_dot_stuffed(self._text))
        elif not self._together:
            self._put(self._commands[:1])

    def has_been_left(self) -> bool:
        """Whether the server has hung up, or has said something before the final dot, which comes to it."""
        return bool(wait([self._sock], 0))

    def end(self) -> None:
        """Send the final dot."""
        self.send(b".\r\n")

    def hear(self, seconds: float) -> str:
        """Return the server's reply to the final dot, for which it has so many seconds."""
        self._sock.settimeout(seconds)
        code, reply = self.getreply()
        self._sock.settimeout(self._usual)
        if code != 250:
            raise smtplib.SMTPDataError(code, reply)
        return f"{code} {reply.decode(errors='replace')}"

    def quit(self) -> tuple[int, bytes]:
        """Say goodbye and wait for no answer: whoever closes may have emails in hand.

        One should wait (RFC 5321, section 4.1.1.10), but Postfix does not either (smtp_skip_quit_response).
        """
        self.putcmd("quit")
        self.close()
        return 221, b""

    @property
    def _sock(self) -> socket.socket:
        return cast(socket.socket, self.sock)

    def _put(self, commands: list[str]) -> None:
        self._until = time.monotonic() + (self._usual or FINAL_REPLY_SECONDS)
        self.send("".join(f"{command}\r\n" for command in commands))


class SMTP_SSL(SMTP, smtplib.SMTP_SSL):  # noqa: N801  (named as in smtplib)
    pass


def _refusal(command: str, code: int, reply: bytes) -> smtplib.SMTPException:
    who = command.partition(":")[2]
    if command.startswith("MAIL"):
        return smtplib.SMTPSenderRefused(code, reply, who)
    if command.startswith("RCPT"):
        return smtplib.SMTPRecipientsRefused({who: (code, reply)})
    return smtplib.SMTPDataError(code, reply)


def _dot_stuffed(msg: bytes) -> bytes:
    stuffed = re.sub(rb"(?m)^\.", b"..", msg)
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"
