"""What `manage.py check --deploy` looks at beside Django's own: what a site of its own needs."""

import re
from collections.abc import Callable, Iterator
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.http.request import validate_host

# Domains at which nobody can be answered: RFC 2606 and 6761, and names of one machine.
NOWHERE = re.compile(r"(^|\.)(localhost|local|localdomain|test|invalid|example(\.(com|net|org))?)$|^[^.]*$")

Look = Callable[[], Iterator[CheckMessage]]


def in_production(look: Look) -> Look:
    def check(**_: Any) -> list[CheckMessage]:
        return list(look())

    register(check, Tags.security, deploy=True)
    return look


@in_production
def sender() -> Iterator[CheckMessage]:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower()
    if NOWHERE.search(domain):
        yield _warn(
            "W001",
            f"DEFAULT_FROM_EMAIL is at {domain}, so mail servers will refuse our email and bounces are lost.",
            "Give an address of your own that can receive email, such as Feedback <feedback@your-domain>.",
        )


@in_production
def owners() -> Iterator[CheckMessage]:
    if not settings.FEEDBACK_OWNERS:
        yield _warn(
            "W002",
            "FEEDBACK_OWNERS is empty, so nobody is told of new feedback.",
            "Name who is to read it, separated by commas.",
        )


@in_production
def hosts() -> Iterator[CheckMessage]:
    if "*" in settings.ALLOWED_HOSTS:
        yield _warn(
            "W003",
            "ALLOWED_HOSTS has *, so anyone can forge the links in our emails.",
            "List the names this site answers to.",
        )
    host = urlsplit(settings.SITE_URL).hostname or ""
    if not validate_host(host, settings.ALLOWED_HOSTS):
        yield _warn(
            "W004",
            f"SITE_URL leads to {host}, which is not in ALLOWED_HOSTS: the links in our emails fail.",
            f"Add {host} to ALLOWED_HOSTS, or correct SITE_URL.",
        )


@in_production
def https() -> Iterator[CheckMessage]:
    if not settings.SITE_URL.startswith("https://"):
        yield _warn(
            "W005",
            "SITE_URL is not https://, so logins and messages can be read on the way.",
            "Put a proxy with a certificate in front (deploy/ has two) and let SITE_URL begin with https://.",
        )
    elif not settings.TRUSTED_PROXIES:
        yield _warn(
            "W006",
            "SITE_URL is https:// but TRUSTED_PROXIES is empty, so every visitor is taken for the proxy: all "
            "share one rate limit, and from another machine it cannot even say that they came by https://.",
            "Name the proxy's address in TRUSTED_PROXIES, for instance 127.0.0.1.",
        )
    if any(network.prefixlen == 0 for network in settings.TRUSTED_PROXIES):
        yield _warn(
            "W007",
            "TRUSTED_PROXIES is the whole internet, so anyone can pretend to be anywhere and to use https://.",
            "Name the addresses of your own proxies only.",
        )


@in_production
def mail() -> Iterator[CheckMessage]:
    if settings.EMAIL_BACKEND != "feedback.smtp.EmailBackend":
        yield _warn(
            "W008",
            f"EMAIL_URL names no mail server: email goes to {settings.EMAIL_BACKEND}.",
            "Give smtp+starttls://user:password@host or smtps://user:password@host.",
        )
    elif not settings.EMAIL_TIMEOUT:
        yield _warn(
            "W009",
            "EMAIL_TIMEOUT is not set, so a mail server that says nothing holds up a worker for ever.",
            "Leave it to EMAIL_URL, which sets 10 seconds for each command.",
        )


def _warn(name: str, what: str, hint: str) -> CheckMessage:
    return checks.Warning(what, hint=hint, id=f"feedback.{name}")
