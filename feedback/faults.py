"""The one place that judges what went wrong with an email, and so what happens to it next."""

import smtplib
import ssl
from enum import Enum


class Verdict(Enum):
    LATER = "later"  # nothing was sent; try again after a while
    FAILED = "failed"  # the server will never take this email
    OPERATOR = "operator"  # no email would be taken; the settings or the server are to blame
    UNCONFIRMED = "unconfirmed"  # nobody can know whether the server took it


OPERATOR_FAULTS = (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError, ssl.SSLError)
TOO_LONG = "Line too long."  # with code 500, and yet by smtplib: the server's own code was never read
DROPPED = (ssl.SSLEOFError, ssl.SSLZeroReturnError)  # TLS errors by class, but no more than a lost line


def judge(error: Exception, *, transmitting: bool) -> tuple[Verdict, str]:
    """Return the verdict on a fault and the reason in words, the server's own where it gave any.

    `transmitting` tells whether the server may already have had the whole email. Reply codes are
    those of RFC 5321, section 4.2: 4xx for now, 5xx for good.
    """
    code, why = reply(error)
    if transmitting and not 400 <= code < 600:
        return Verdict.UNCONFIRMED, why
    if isinstance(error, OPERATOR_FAULTS) and not isinstance(error, DROPPED):
        return Verdict.OPERATOR, why
    if type(error) is smtplib.SMTPException:  # no way to log in that both sides know
        return Verdict.OPERATOR, why
    if 500 <= code < 600:
        starttls = type(error) is smtplib.SMTPResponseException  # whose other faults have their own classes
        greeting = starttls or isinstance(error, smtplib.SMTPConnectError | smtplib.SMTPHeloError)
        sender = isinstance(error, smtplib.SMTPSenderRefused) and code != 552  # 552: this one is too big
        return (Verdict.OPERATOR if greeting or sender else Verdict.FAILED), why
    return Verdict.LATER, why


def is_about_the_email(error: Exception) -> bool:
    """Whether the server had let us in and refused this one email, for now or for good."""
    return isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError)


def reply(error: Exception) -> tuple[int, str]:
    """Return the server's reply, or code 0 and the error in words where there was none."""
    text: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException) and error.smtp_error != TOO_LONG:
        code, text = error.smtp_code, error.smtp_error
    else:
        return 0, f"{type(error).__name__}: {error}"
    words = text if isinstance(text, str) else text.decode(errors="replace")
    return code, f"{code} {words}"
