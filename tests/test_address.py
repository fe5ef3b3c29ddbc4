import smtplib

import pytest
from django.core.mail.message import sanitize_address
from hypothesis import given
from hypothesis import strategies as st

from feedback.address import PLAIN, quoted, sanitized


@given(st.from_regex(PLAIN, fullmatch=True))
def test_a_plain_address_is_what_django_makes_of_it(address: str) -> None:
    assert sanitized(address) == address == sanitize_address(address, "utf-8")
    assert quoted(address) == smtplib.quoteaddr(address)


@pytest.mark.parametrize(
    ("address", "encoded"),
    [
        ("Feedback <feedback@example.org>", "Feedback <feedback@example.org>"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ('"ada lovelace"@example.org', '"ada lovelace"@example.org'),
    ],
)
def test_any_other_is_encoded(address: str, encoded: str) -> None:
    assert sanitized(address) == encoded


@pytest.mark.parametrize("label", ["ü" * 60, "a" * 64])
def test_what_cannot_be_encoded_is_an_error(label: str) -> None:
    with pytest.raises(ValueError, match="long"):
        sanitized(f"ada@{label}.example")


def test_a_mail_server_is_told_no_name() -> None:
    assert quoted("Feedback <feedback@example.org>") == "<feedback@example.org>"
