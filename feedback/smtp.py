"""Django's SMTP backend, with one more moment to act in: just before the final dot.

Until the dot of DATA has left, the server cannot have taken the email (RFC 5321, section 4.1.1.4);
once its reply is read, all is known. Only between the two can nobody tell.
"""

import re
import smtplib
import socket
from collections.abc import Callable
from typing import cast

from django.core.mail import EmailMessage
from django.core.mail.backends import smtp

FINAL_REPLY_SECONDS = 300  # RFC 5321, section 4.5.3.2.6: a short wait makes second copies


class EmailBackend(smtp.EmailBackend):
    @property
    def connection_class(self) -> type["SMTP"]:
        return SMTP_SSL if self.use_ssl else SMTP

    def transmit(self, message: EmailMessage, before_final_dot: Callable[[], None]) -> str:
        """Send one email over the open connection and return the server's reply.

        Whatever `before_final_dot` raises ends the transmission with the email not taken.
        """
        assert isinstance(self.connection, SMTP), "open() comes first"
        self.connection.before_final_dot = before_final_dot
        self._send(message)  # type: ignore[attr-defined]
        return self.connection.final_reply


class SMTP(smtplib.SMTP):
    before_final_dot: Callable[[], None]
    final_reply = ""

    def data(self, msg: bytes) -> tuple[int, bytes]:  # type: ignore[override]
        """Transmit `msg` (lines end in CRLF) and return the code and text of the final reply."""
        code, reply = self.docmd("data")
        if code != 354:
            raise smtplib.SMTPDataError(code, reply)
        # The dot must not wait for the acknowledgement of the text before it (40 ms with Nagle).
        sock = cast(socket.socket, self.sock)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send(_dot_stuffed(msg))
        try:
            self.before_final_dot()
        except BaseException:
            self.close()  # a goodbye would be read as more text, and waited for
            raise
        usual = sock.gettimeout()
        sock.settimeout(FINAL_REPLY_SECONDS)
        self.send(b".\r\n")
        code, reply = self.getreply()
        sock.settimeout(usual)
        self.final_reply = f"{code} {reply.decode(errors='replace')}"
        return code, reply


class SMTP_SSL(SMTP, smtplib.SMTP_SSL):  # noqa: N801  (named as in smtplib)
    pass


def _dot_stuffed(msg: bytes) -> bytes:
    stuffed = re.sub(rb"(?m)^\.", b"..", msg)
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"
