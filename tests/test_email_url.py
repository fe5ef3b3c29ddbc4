from typing import Any

import pytest

from project.email_url import parse_email_url


def parsed(url: str, *names: str) -> list[Any]:
    settings = parse_email_url(url)
    return [settings[f"EMAIL_{name}"] for name in names]


@pytest.mark.parametrize(
    ("url", "port", "starttls", "tls"),
    [
        ("smtp://mail.example.org", 25, False, False),
        ("smtp+starttls://mail.example.org", 587, True, False),
        ("smtps://mail.example.org", 465, False, True),
        ("smtps://mail.example.org:2465", 2465, False, True),
    ],
)
def test_the_scheme_decides_how_safe_the_line_is(url: str, port: int, starttls: bool, tls: bool) -> None:
    assert parsed(url, "HOST", "PORT", "USE_TLS", "USE_SSL") == ["mail.example.org", port, starttls, tls]


def test_user_and_password_are_decoded() -> None:
    url = "smtps://me%40example.org:p%40ss%2Fw%3Ard@mail.example.org"
    assert parsed(url, "HOST_USER", "HOST_PASSWORD") == ["me@example.org", "p@ss/w:rd"]


def test_every_command_has_a_timeout() -> None:
    assert parsed("smtp://localhost", "TIMEOUT") == [10]
    assert parsed("smtp://localhost?timeout=2.5", "TIMEOUT") == [2.5]


def test_the_console_prints_emails() -> None:
    assert parsed("console:", "BACKEND") == ["django.core.mail.backends.console.EmailBackend"]


def test_a_password_may_go_unencrypted_to_this_machine_only() -> None:
    assert parsed("smtp://me:secret@127.0.0.1:2525", "PORT") == [2525]
    with pytest.raises(ValueError, match="unencrypted"):
        parse_email_url("smtp://me:secret@mail.example.org")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "must start with"),
        ("mail.example.org", "must start with"),
        ("smtp+tls://mail.example.org", "must start with"),
        ("smtp+ssl://mail.example.org", "must start with"),
        ("submission://mail.example.org", "must start with"),
        ("smtp://", "names no mail server"),
        ("smtp://:25", "names no mail server"),
        ("smtp://mail.example.org:0", "port"),
        ("smtp://mail.example.org:99999", "port"),
        ("smtp://mail.example.org:smtp", "port"),
        ("smtps://me@mail.example.org", "both a user and a password"),
        ("smtps://:secret@mail.example.org", "both a user and a password"),
        ("smtps://me:a/b@mail.example.org", "port"),
        ("smtp://mail.example.org/folder", "after the port"),
        ("smtp://mail.example.org?timeout=0", "timeout"),
        ("smtp://mail.example.org?timeout=soon", "timeout"),
        ("smtp://mail.example.org?timeout=inf", "timeout"),
        ("smtp://mail.example.org?tls=true", "unknown option; only timeout is known"),
        ("smtp://[::1", "IPv6"),
    ],
)
def test_a_bad_url_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_email_url(url)
