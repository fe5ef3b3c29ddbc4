"""Django's SMTP backend, an email in steps, so that there are moments to act in between them.

Until the dot of DATA has left, the server cannot have taken the email (RFC 5321, section 4.1.1.4);
once its reply is read, all is known. Only between the two can nobody tell.
"""

import re
import smtplib
import socket
import time
from collections.abc import Sequence
from typing import cast

from django.core.mail.backends import smtp

FINAL_REPLY_SECONDS = 300  # RFC 5321, section 4.5.3.2.6: a short wait makes second copies


class EmailBackend(smtp.EmailBackend):
    @property
    def connection_class(self) -> type["SMTP"]:
        return SMTP_SSL if self.use_ssl else SMTP


class SMTP(smtplib.SMTP):
    """Sends an email in four steps: `ask`, `tell`, `end` and `hear`. Nothing is sent before `end`."""

    def ask(self, sender: str, recipient: str, text: bytes) -> None:
        """Offer an email, whose lines end in CRLF, to its one recipient; `tell` reads the answers."""
        self._text = text
        self.ehlo_or_helo_if_needed()
        # The dot must not wait for the acknowledgement of the text before it (40 ms with Nagle).
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._commands = self._envelope(sender, recipient, len(text))
        self._until = time.monotonic() + self.timeout
        if self.has_extn("pipelining"):  # one round trip instead of three (RFC 2920)
            self.send("".join(f"{command}\r\n" for command in self._commands))

    def tell(self) -> None:
        """Send the text, all but its final dot."""
        together = self.has_extn("pipelining")
        if together:  # and so do those of other lines: each has had its time while we read another's
            self._sock.settimeout(max(self._until - time.monotonic(), 0.1))
        for command, good in zip(self._commands, ((250,), (250, 251), (354,)), strict=True):
            code, reply = self.getreply() if together else self.docmd(command)
            if code not in good:
                raise _refusal(command, code, reply)
        self._sock.settimeout(self.timeout)
        self.send(_dot_stuffed(self._text))

    def end(self) -> None:
        """Send the final dot."""
        self.send(b".\r\n")

    def hear(self, seconds: float) -> str:
        """Return the server's reply to the final dot, for which it has so many seconds."""
        self._sock.settimeout(seconds)
        code, reply = self.getreply()
        self._sock.settimeout(self.timeout)
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

    def _envelope(self, sender: str, recipient: str, size: int) -> Sequence[str]:
        room = f" SIZE={size}" if self.has_extn("size") else ""
        to = smtplib.quoteaddr(recipient)
        return f"MAIL FROM:{smtplib.quoteaddr(sender)}{room}", f"RCPT TO:{to}", "DATA"


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
