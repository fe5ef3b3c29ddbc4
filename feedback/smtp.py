"""Django's SMTP backend, with one more moment to act in: just before the final dot.

Until the dot of DATA has left, the server cannot have taken the email (RFC 5321, section 4.1.1.4);
once its reply is read, all is known. Only between the two can nobody tell.
"""

import re
import smtplib
import socket
from collections.abc import Callable, Sequence
from typing import cast

from django.core.mail import EmailMessage
from django.core.mail.backends import smtp

from feedback.address import sanitized
from feedback.flatten import flattened

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
        sender, *to = (sanitized(one) for one in (message.from_email, *message.recipients()))
        self.connection.sendmail(sender, to, flattened(message.message()))
        return self.connection.final_reply


class SMTP(smtplib.SMTP):
    before_final_dot: Callable[[], None]
    final_reply = ""

    def sendmail(self, from_addr: str, to_addrs: Sequence[str], msg: bytes, *_: object) -> None:  # type: ignore[override]
        """Send `msg`, whose lines end in CRLF, to its one recipient; whatever fails ends the line."""
        try:
            self._begin(from_addr, to_addrs[0], len(msg))
            self._transmit(msg)
        except BaseException:
            self.close()  # a goodbye might be read as more text, and waited for
            raise

    def quit(self) -> tuple[int, bytes]:
        """Say goodbye and wait for no answer: whoever closes may have emails in hand.

        One should wait (RFC 5321, section 4.1.1.10), but Postfix does not either (smtp_skip_quit_response).
        """
        self.putcmd("quit")
        self.close()
        return 221, b""

    def _begin(self, sender: str, recipient: str, size: int) -> None:
        self.ehlo_or_helo_if_needed()
        commands = [
            f"MAIL FROM:{smtplib.quoteaddr(sender)}",
            f"RCPT TO:{smtplib.quoteaddr(recipient)}",
            "DATA",
        ]
        if self.has_extn("size"):
            commands[0] += f" SIZE={size}"
        together = self.has_extn("pipelining")  # one round trip instead of three (RFC 2920)
        if together:
            self.send("".join(f"{command}\r\n" for command in commands))
        for command, good in zip(commands, ((250,), (250, 251), (354,)), strict=True):
            code, reply = self.getreply() if together else self.docmd(command)
            if code not in good:
                raise _refusal(command, code, reply, sender, recipient)

    def _transmit(self, msg: bytes) -> None:
        # The dot must not wait for the acknowledgement of the text before it (40 ms with Nagle).
        sock = cast(socket.socket, self.sock)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send(_dot_stuffed(msg))
        self.before_final_dot()
        usual = sock.gettimeout()
        sock.settimeout(FINAL_REPLY_SECONDS)
        self.send(b".\r\n")
        code, reply = self.getreply()
        sock.settimeout(usual)
        if code != 250:
            raise smtplib.SMTPDataError(code, reply)
        self.final_reply = f"{code} {reply.decode(errors='replace')}"


class SMTP_SSL(SMTP, smtplib.SMTP_SSL):  # noqa: N801  (named as in smtplib)
    pass


def _refusal(command: str, code: int, reply: bytes, sender: str, recipient: str) -> smtplib.SMTPException:
    if command.startswith("MAIL"):
        return smtplib.SMTPSenderRefused(code, reply, sender)
    if command.startswith("RCPT"):
        return smtplib.SMTPRecipientsRefused({recipient: (code, reply)})
    return smtplib.SMTPDataError(code, reply)


def _dot_stuffed(msg: bytes) -> bytes:
    stuffed = re.sub(rb"(?m)^\.", b"..", msg)
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"
