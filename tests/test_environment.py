import os
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from django.core.exceptions import ImproperlyConfigured

from project.environment import read_environment

GOOD = {
    "SECRET_KEY": "0123456789" * 6,
    "ALLOWED_HOSTS": "feedback.example.org",
    "SITE_URL": "https://feedback.example.org/",
    "REDIS_URL": "redis://localhost/0",
    "EMAIL_URL": "smtps://user:secret@mail.example.org",
    "DEFAULT_FROM_EMAIL": "Feedback <feedback@example.org>",
}


@pytest.fixture
def environ() -> Iterator[dict[str, str]]:
    with patch.dict(os.environ, GOOD, clear=True):
        yield os.environ  # type: ignore[misc]


def complaint() -> str:
    with pytest.raises(ImproperlyConfigured) as caught:
        read_environment()
    return str(caught.value)


def test_a_good_environment_is_read(environ: dict[str, str]) -> None:
    values = read_environment()
    assert values["SITE_URL"] == "https://feedback.example.org"
    assert values["ALLOWED_HOSTS"] == ["feedback.example.org"]
    assert values["FEEDBACK_OWNERS"] == []
    assert values["DATABASE_URL"]["NAME"].endswith("/var/db.sqlite3")


def test_limits_are_read_as_counts_and_seconds(environ: dict[str, str]) -> None:
    assert read_environment()["RATE_LIMITS"] == [(10, 60), (60, 3600)]
    environ |= {"RATE_LIMITS": "3/s, 9/d", "TRUSTED_PROXIES": "10.0.0.1, 2001:db8::/32"}
    assert read_environment()["RATE_LIMITS"] == [(3, 1), (9, 86400)]
    assert [str(proxy) for proxy in read_environment()["TRUSTED_PROXIES"]] == ["10.0.0.1/32", "2001:db8::/32"]
    environ["RATE_LIMITS"] = "off"
    assert read_environment()["RATE_LIMITS"] == []


def test_an_empty_environment_names_everything_that_is_missing(environ: dict[str, str]) -> None:
    environ.clear()
    named = {line.split(":")[0].strip() for line in complaint().splitlines()[1:]}
    assert named == {
        "ALLOWED_HOSTS",
        "DEFAULT_FROM_EMAIL",
        "EMAIL_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "SITE_URL",
    }


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DEBUG", "maybe", "boolean"),
        ("DIGEST", "hourly", "off, daily or weekly"),
        ("FEEDBACK_KEEP_DAYS", "-1", "0 keeps everything"),
        ("FEEDBACK_KEEP_DAYS", "a year", "0 keeps everything"),
        ("LOG_FORMAT", "xml", "text or json"),
        ("METRICS_TOKEN", "short", "too easy to guess"),
        ("SECRET_KEY", "short", "too easy to guess"),
        ("SECRET_KEY", "django-insecure-" + "0123456789" * 6, "too easy to guess"),
        ("ALLOWED_HOSTS", "", "list the names"),
        ("ALLOWED_HOSTS", "*", "must not be *"),
        ("CSRF_TRUSTED_ORIGINS", "example.org", "such as https://"),
        ("SITE_URL", "feedback.example.org", "such as https://"),
        ("SITE_URL", "https://[::1", "is no address"),
        ("DATABASE_URL", "mysql://localhost/x", "postgres://"),
        ("DATABASE_URL", "nonsense", "postgres://"),
        ("DATABASE_URL", "postgres://user:secret@host", "postgres://"),
        (
            "DATABASE_URL",
            "postgres://user:secret@host/name?timeout=3",
            "an option that libpq does not know",
        ),
        ("REDIS_URL", "localhost:6379", "redis://"),
        ("REDIS_URL", "redis://localhost:notaport", "a port that is no number"),
        ("SITE_URL", "https://feedback.example.org/?x", "such as https://"),
        ("EMAIL_URL", "smtp+tls://host", "smtp+starttls://"),
        ("DEFAULT_FROM_EMAIL", "nobody", "an address"),
        ("DEFAULT_FROM_EMAIL", "a@example.org\nBcc: b@example.org", "an address"),
        ("FEEDBACK_OWNERS", "a@example.org b@example.org", "separated by commas"),
        ("RATE_LIMITS", "10", "10/m,60/h"),
        ("RATE_LIMITS", "0/m", "10/m,60/h"),
        ("RATE_LIMITS", "10/m;60/h", "10/m,60/h"),
        ("RATE_LIMITS", "", "10/m,60/h"),
        ("MIN_FORM_SECONDS", "-1", "0 or more"),
        ("ACKNOWLEDGEMENTS_PER_DAY", "0", "1 or more"),
        ("TRUSTED_PROXIES", "proxy.example.org", "10.0.0.1"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "10.0.0.1"),
        ("SIMULATED_WORK_SECONDS", "-1", "0 or more"),
        ("SIMULATED_WORK_SECONDS", "nan", "0 or more"),
        ("SIMULATED_WORK_SECONDS", "soon", "0 or more"),
    ],
)
def test_a_bad_value_is_named_with_what_to_write(
    environ: dict[str, str], name: str, value: str, words: str
) -> None:
    environ[name] = value
    lines = complaint().splitlines()[1:]
    assert len(lines) == 1
    assert lines[0].startswith(f"  {name}: ")
    assert words in lines[0]


def test_every_bad_variable_is_named_at_once(environ: dict[str, str]) -> None:
    environ |= {"SECRET_KEY": "short", "REDIS_URL": "x", "EMAIL_URL": "y"}
    assert [line.split(":")[0] for line in complaint().splitlines()[1:]] == [
        "  EMAIL_URL",
        "  REDIS_URL",
        "  SECRET_KEY",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "hunter2"),
        ("EMAIL_URL", "smtp://me:hunter2@mail.example.org"),
        ("EMAIL_URL", "smtps://me:hunter2\N{DOUBLE EXCLAMATION MARK}\N{CARE OF}@mail.example.org"),
        ("EMAIL_URL", "smtps://mail.example.org?hunter2@elsewhere"),
        ("REDIS_URL", "redis://:1?hunter2@redis.example.org"),
        ("DATABASE_URL", "postgres://me:hunter2@db.example.org:port/name"),
        ("DATABASE_URL", "postgres://db.example.org/name?hunter2=1"),
    ],
)
def test_no_secret_is_repeated_in_a_complaint(environ: dict[str, str], name: str, value: str) -> None:
    environ[name] = value
    assert "hunter2" not in complaint()


def test_a_development_site_answers_to_this_machine_only(environ: dict[str, str]) -> None:
    del environ["ALLOWED_HOSTS"]
    environ["DEBUG"] = "on"
    assert read_environment()["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
