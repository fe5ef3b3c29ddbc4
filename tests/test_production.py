from ipaddress import ip_network
from typing import Any

import pytest
from django.core.checks import Tags, run_checks

GOOD = {
    "DEFAULT_FROM_EMAIL": "Feedback <feedback@mail.internal>",
    "FEEDBACK_OWNERS": ["team@mail.internal"],
    "ALLOWED_HOSTS": [".example.org"],
    "SITE_URL": "https://feedback.example.org",
    "TRUSTED_PROXIES": [ip_network("127.0.0.1")],
    "EMAIL_BACKEND": "feedback.smtp.EmailBackend",
    "EMAIL_TIMEOUT": 10,
}


@pytest.fixture(autouse=True)
def good(settings: Any) -> None:
    for name, value in GOOD.items():
        setattr(settings, name, value)


def found() -> dict[str, str]:
    messages = run_checks(tags=[Tags.security], include_deployment_checks=True)
    assert all(message.hint for message in messages if str(message.id).startswith("feedback."))
    return {str(m.id): str(m.msg) for m in messages if str(m.id).startswith("feedback.")}


def test_a_good_site_is_not_bothered() -> None:
    assert found() == {}


def test_outside_of_production_nobody_is_bothered(settings: Any) -> None:
    settings.FEEDBACK_OWNERS = []
    assert not [m for m in run_checks(tags=[Tags.security]) if str(m.id).startswith("feedback.")]


@pytest.mark.parametrize(
    ("name", "value", "number", "says"),
    [
        ("DEFAULT_FROM_EMAIL", "feedback@localhost", "W001", "DEFAULT_FROM_EMAIL is at localhost, so"),
        (
            "DEFAULT_FROM_EMAIL",
            "Us <us@mail.Example.org>",
            "W001",
            "DEFAULT_FROM_EMAIL is at mail.",
        ),
        ("DEFAULT_FROM_EMAIL", "us@our.test", "W001", "DEFAULT_FROM_EMAIL is at our.test"),
        ("DEFAULT_FROM_EMAIL", "us@web1", "W001", "DEFAULT_FROM_EMAIL is at web1"),
        ("FEEDBACK_OWNERS", [], "W002", "FEEDBACK_OWNERS is empty, so nobody is told"),
        ("ALLOWED_HOSTS", ["*"], "W003", "ALLOWED_HOSTS has *"),
        ("ALLOWED_HOSTS", ["example.com"], "W004", "SITE_URL leads to feedback.example.org, which is not in"),
        ("SITE_URL", "http://feedback.example.org", "W005", "SITE_URL is not https://"),
        ("TRUSTED_PROXIES", [], "W006", "SITE_URL is https:// but TRUSTED_PROXIES is empty"),
        ("TRUSTED_PROXIES", [ip_network("::/0")], "W007", "TRUSTED_PROXIES is the whole internet"),
        (
            "EMAIL_BACKEND",
            "django.core.mail.backends.console.EmailBackend",
            "W008",
            "EMAIL_URL names no",
        ),
        ("EMAIL_TIMEOUT", None, "W009", "EMAIL_TIMEOUT is not set"),
    ],
)
def test_each_fault_is_named_by_its_variable(
    settings: Any, name: str, value: object, number: str, says: str
) -> None:
    setattr(settings, name, value)
    ((identity, message),) = found().items()
    assert identity == f"feedback.{number}"
    assert message.startswith(says)


@pytest.mark.parametrize("domain", ["attest.org", "example.io", "localhost.org", "my-example.org"])
def test_a_domain_that_only_looks_like_nowhere_is_fine(settings: Any, domain: str) -> None:
    settings.DEFAULT_FROM_EMAIL = f"us@{domain}"
    assert found() == {}
