"""EMAIL_URL: one variable that says how mail leaves, and never less safely than it reads.

`smtp://host:25`, `smtp+starttls://user:password@host:587`, `smtps://user:password@host:465`
or `console:`; `?timeout=10` sets the seconds allowed for each SMTP command.
"""

from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

TIMEOUT_SECONDS = 10
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


def parse_email_url(url: str) -> dict[str, Any]:
    """Return Django's EMAIL_* settings for `url`; raise ValueError saying what is wrong with it."""
    if url in ("console:", "console://"):
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    parts = _split(url)
    if parts.scheme not in PORTS:
        raise ValueError("must start with smtp://, smtp+starttls://, smtps:// or be console:")
    if not parts.hostname:
        raise ValueError("names no mail server; write smtp://host:port")
    if parts.path not in ("", "/") or parts.fragment:
        raise ValueError("has text after the port; write %-escapes for / # ? in a password")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        raise ValueError("must give both a user and a password, or neither")
    if user and parts.scheme == "smtp" and not _is_loopback(parts.hostname):
        raise ValueError(
            "would send the password unencrypted; write smtp+starttls:// or smtps:// instead of smtp://"
        )
    return {
        "EMAIL_BACKEND": "feedback.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": _port(parts),
        "EMAIL_HOST_USER": user,
        "EMAIL_HOST_PASSWORD": password,
        "EMAIL_USE_TLS": parts.scheme == "smtp+starttls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": _timeout(parts.query),
    }


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # which may repeat the password
        raise ValueError(
            "cannot be read; write %-escapes for special characters in a password and [::1] for IPv6"
        ) from None


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        raise ValueError("has a port that is not a number from 1 to 65535") from None
    if port == 0:
        raise ValueError("has a port that is not a number from 1 to 65535")
    return port or PORTS[parts.scheme]


def _timeout(query: str) -> float:
    options = dict(parse_qsl(query, keep_blank_values=True))
    seconds = options.pop("timeout", str(TIMEOUT_SECONDS))
    if options:  # they may be half a password, so none is repeated
        raise ValueError("has an unknown option; only timeout is known; a ? in a password is %3F")
    try:
        timeout = float(seconds)
    except ValueError:
        timeout = 0
    if not 0 < timeout <= 600:
        raise ValueError("has a timeout that is not a number of seconds from 1 to 600")
    return timeout


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
