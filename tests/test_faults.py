import smtplib
import socket
import ssl

import pytest

from feedback.faults import Verdict, judge

HERE = "ada@example.org"


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (ConnectionRefusedError("refused"), Verdict.LATER),
        (socket.gaierror(-2, "Name or service not known"), Verdict.LATER),
        (TimeoutError("timed out"), Verdict.LATER),
        (smtplib.SMTPServerDisconnected("closed"), Verdict.LATER),
        (smtplib.SMTPConnectError(421, b"too busy"), Verdict.LATER),
        (smtplib.SMTPConnectError(554, b"go away"), Verdict.OPERATOR),
        (smtplib.SMTPHeloError(501, b"bad name"), Verdict.OPERATOR),
        (smtplib.SMTPAuthenticationError(535, b"bad password"), Verdict.OPERATOR),
        (smtplib.SMTPAuthenticationError(454, b"try later"), Verdict.OPERATOR),
        (smtplib.SMTPNotSupportedError("STARTTLS not supported"), Verdict.OPERATOR),
        (smtplib.SMTPResponseException(554, b"STARTTLS refused"), Verdict.OPERATOR),
        (smtplib.SMTPResponseException(454, b"TLS not available now"), Verdict.LATER),
        (smtplib.SMTPResponseException(500, "Line too long."), Verdict.LATER),
        (smtplib.SMTPException("No suitable authentication method found."), Verdict.OPERATOR),
        (ssl.SSLCertVerificationError("self-signed"), Verdict.OPERATOR),
        (ssl.SSLError("wrong version number"), Verdict.OPERATOR),
        (ssl.SSLEOFError("EOF occurred in violation of protocol"), Verdict.LATER),
        (smtplib.SMTPSenderRefused(451, b"busy", HERE), Verdict.LATER),
        (smtplib.SMTPSenderRefused(550, b"not you", HERE), Verdict.OPERATOR),
        (smtplib.SMTPSenderRefused(552, b"too big", HERE), Verdict.FAILED),
        (smtplib.SMTPRecipientsRefused({HERE: (450, b"greylisted")}), Verdict.LATER),
        (smtplib.SMTPRecipientsRefused({HERE: (550, b"no such user")}), Verdict.FAILED),
        (smtplib.SMTPDataError(451, b"busy"), Verdict.LATER),
        (smtplib.SMTPDataError(554, b"spam"), Verdict.FAILED),
        (KeyError("name"), Verdict.LATER),
    ],
)
def test_a_fault_before_the_final_dot(error: Exception, verdict: Verdict) -> None:
    assert judge(error, transmitting=False)[0] is verdict


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (smtplib.SMTPServerDisconnected("closed"), Verdict.UNCONFIRMED),
        (TimeoutError("timed out"), Verdict.UNCONFIRMED),
        (ssl.SSLError("broken record"), Verdict.UNCONFIRMED),
        (smtplib.SMTPDataError(-1, b"?"), Verdict.UNCONFIRMED),
        (smtplib.SMTPResponseException(500, "Line too long."), Verdict.UNCONFIRMED),
        (KeyError("a bug"), Verdict.UNCONFIRMED),
        (smtplib.SMTPDataError(451, b"busy"), Verdict.LATER),
        (smtplib.SMTPDataError(421, b"closing"), Verdict.LATER),
        (smtplib.SMTPDataError(552, b"too big"), Verdict.FAILED),
        (smtplib.SMTPRecipientsRefused({HERE: (550, b"no such user")}), Verdict.FAILED),
    ],
)
def test_a_fault_when_the_server_may_have_it(error: Exception, verdict: Verdict) -> None:
    assert judge(error, transmitting=True)[0] is verdict


def test_the_servers_own_words_are_kept() -> None:
    assert judge(smtplib.SMTPDataError(554, b"5.7.1 spam"), transmitting=False)[1] == "554 5.7.1 spam"
    assert judge(TimeoutError("timed out"), transmitting=False)[1] == "TimeoutError: timed out"
