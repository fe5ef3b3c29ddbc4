"""What each kind of environment variable may hold.

Every parser takes the raw text and returns the value, or raises EnvError saying what is wrong
and what to write instead. No value is repeated in a message: it may be a secret.
"""

import re
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from math import isfinite
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from environs import EnvError

from project.database_url import parse_database_url
from project.email_url import parse_email_url
from project.redis_url import connect

__all__ = [
    "database_url",
    "days",
    "digest",
    "email_url",
    "folder",
    "hosts",
    "log_format",
    "networks",
    "origins",
    "owners",
    "port",
    "rates",
    "redis_url",
    "seconds",
    "secret_key",
    "sender",
    "site_url",
    "size",
    "token",
]

PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def secret_key(value: str) -> str:
    if len(value) < 50 or len(set(value)) < 5 or value.startswith("django-insecure-"):
        raise EnvError(
            "is too easy to guess; give at least 50 random characters, such as those of: openssl rand -hex 32"
        )
    return value


def hosts(value: str) -> list[str]:
    names = _items(value)
    if not names:
        raise EnvError("is empty; list the names this site answers to, for instance feedback.example.org")
    if "*" in names:
        raise EnvError("must not be *, which lets anyone forge links in our emails; list the names")
    return names


def origins(value: str) -> list[str]:
    for origin in (items := _items(value)):
        parts = _split(origin)
        if (
            parts.scheme not in ("http", "https")
            or not parts.netloc
            or parts.path
            or parts.query
            or parts.fragment
        ):
            raise EnvError("must list origins such as https://www.example.org, without a path")
    return items


def site_url(value: str) -> str:
    parts = _split(value)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
    ):
        raise EnvError("must be the address people use, such as https://feedback.example.org")
    return value.rstrip("/")


def database_url(value: str) -> dict[str, Any]:
    try:
        return parse_database_url(value)
    except ValueError as error:
        raise EnvError(str(error)) from None


def redis_url(value: str) -> str:
    try:
        connect(value)
    except ValueError as error:
        raise EnvError(str(error)) from None
    return value


def email_url(value: str) -> dict[str, Any]:
    try:
        return parse_email_url(value)
    except ValueError as error:
        raise EnvError(str(error)) from None


def sender(value: str) -> str:
    if not value.isprintable() or not _is_address(parseaddr(value)[1]):
        raise EnvError("must be an address such as Feedback <feedback@example.org>")
    return value


def owners(value: str) -> list[str]:
    if not all(map(_is_address, items := _items(value))):
        raise EnvError("must list addresses, separated by commas")
    return items


def seconds(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = -1
    if not (isfinite(number) and number >= 0):
        raise EnvError("must be a number of seconds, 0 or more")
    return number


def rates(value: str) -> list[tuple[int, int]]:
    """Return how many are allowed in how many seconds, of "10/m,60/h"."""
    if value == "off":
        return []
    found = [re.fullmatch(r"([1-9][0-9]{0,8})/([smhd])", item) for item in _items(value)]
    if not found or not all(found):
        raise EnvError("must read like 10/m,60/h (s, m, h or d: second, minute, hour, day), or off")
    return [(int(match[1]), PERIODS[match[2]]) for match in found if match]


def networks(value: str) -> list[IPv4Network | IPv6Network]:
    try:
        return [ip_network(item) for item in _items(value)]
    except ValueError:
        raise EnvError("must list addresses or networks such as 10.0.0.1,192.168.0.0/16") from None


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise EnvError(f"is no address: {error}") from None


def port(value: str) -> int:
    number = _whole(value)
    if not 1 <= number <= 65535:
        raise EnvError("must be a number from 1 to 65535")
    return number


def days(value: str) -> int:
    number = _whole(value)
    if not 0 <= number <= 36500:
        raise EnvError("must be a whole number of days; 0 keeps everything")
    return number


def digest(value: str) -> str:
    if value not in ("off", "daily", "weekly"):
        raise EnvError("must be off, daily or weekly")
    return value


def log_format(value: str) -> str:
    if value not in ("text", "json"):
        raise EnvError("must be text or json")
    return value


def token(value: str) -> str:
    if value and (len(value) < 20 or not value.isascii() or not value.isprintable()):
        raise EnvError("is too easy to guess; give at least 20 random characters: openssl rand -hex 32")
    return value


def size(value: str) -> int:
    number = _whole(value)
    if number < 1:
        raise EnvError("must be a whole number, 1 or more")
    return number


def folder(value: str) -> Path:
    path = Path(value).resolve()
    there = next(parent for parent in (path, *path.parents) if parent.exists())
    if not value or not there.is_dir():
        raise EnvError("must be a folder, or one that can be made")
    return path


def _whole(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() else -1


def _items(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]


def _is_address(value: str) -> bool:
    try:
        validate_email(value)
    except ValidationError:
        return False
    return True
