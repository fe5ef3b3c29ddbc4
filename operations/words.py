"""Numbers and faults as people say them."""

import re

from feedback.models import State
from feedback.models.standing import MANY

STEPS = ((60, 1, "s"), (3600, 60, "min"), (48 * 3600, 3600, "h"), (float("inf"), 24 * 3600, "days"))

# What the server or the line said, and what helps; the first that fits.
FIXES = (
    (
        r"^(Connection|Timeout|gaierror|OSError|SMTPServerDisconnected|SMTPConnectError)",
        "Check that the mail server runs, that EMAIL_URL names its host and port, and that no firewall "
        "stands between.",
    ),
    (
        r"^4[0-9]{2}",
        "The mail server puts us off; often that passes by itself. Where it lasts, ask who runs that server.",
    ),
    (
        r"^53[0-9]|authenticat",
        "Check the user and the password in EMAIL_URL, and whether the account is locked.",
    ),
    (
        r"certificate|CERTIFICATE",
        "Check that EMAIL_URL names the server as its certificate does, and that the certificate is valid.",
    ),
    (
        r"^SSL|WRONG_VERSION",
        "Check the scheme and port of EMAIL_URL: smtps:// with 465, smtp+starttls:// with 587.",
    ),
    (
        r"STARTTLS|not supported",
        "The server does not offer what EMAIL_URL asks for; check its scheme and port.",
    ),
    (
        r"sender|from|MAIL",
        "Check that DEFAULT_FROM_EMAIL is an address from which this server may send.",
    ),
)
ANY_FIX = "Check EMAIL_URL and DEFAULT_FROM_EMAIL, and ask who runs the mail server what it objects to."

WHAT_HELPS: dict[str, str] = {
    State.FAILED: "The mail server refused it for good, or every retry is spent. Once the cause is mended, "
    "it can be sent again.",
    State.UNCONFIRMED: "The line broke while the mail server was answering. Look into the server's log, then "
    "mark the email as sent or send it again.",
    State.HELD: "It looks like spam, so nothing was sent. Release it, or mark it as spam.",
}


def age(seconds: float) -> str:
    """Return a span of time in its largest sensible unit."""
    unit, name = next((unit, name) for limit, unit, name in STEPS if seconds < limit)
    return f"{max(seconds, 0) // unit:.0f} {name}"


def took(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s" if seconds < 10 else age(seconds)


def number(count: int) -> str:
    """Return a count of `standing`, which ends at MANY."""
    return f"{count:,}" if count < MANY else f"{MANY:,} or more"


def emails(count: int) -> str:
    return f"{number(count)} email{'' if count == 1 else 's'}"


def fix(why: str) -> str:
    """Return what an operator can do about the reason of an alarm."""
    return next((what for pattern, what in FIXES if re.search(pattern, why)), ANY_FIX)
