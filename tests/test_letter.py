"""A form letter that is filled in is, byte by byte, what would have been composed."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from feedback import letter
from feedback.compose import compose
from feedback.flatten import flattened
from feedback.letter import Letter
from feedback.models import Delivery, Feedback, Kind

LANGUAGES = ["", "en", "de", "fr", "es", "pt", "ar", "zh-hans"]


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    letter._form.cache_clear()
    yield
    letter._form.cache_clear()


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch) -> list[Delivery]:
    """Return those that were composed, form letters included."""
    seen: list[Delivery] = []

    def noted(delivery: Delivery) -> EmailMultiAlternatives:
        seen.append(delivery)
        return compose(delivery)

    monkeypatch.setattr(letter, "compose", noted)
    return seen


def thanks(to: str = "ada@example.org", kind: Kind = Kind.ACKNOWLEDGEMENT, **said: Any) -> Delivery:
    feedback = Feedback(email=to, message="The door is too heavy.", **said)
    return Delivery.owed(feedback, kind, to)


def in_full(delivery: Delivery) -> bytes:
    return flattened(compose(delivery).message())


@given(
    to=st.one_of(st.emails(), st.sampled_from(["a@" + "b" * 63 + ".example.org", "björn@exämple.org"])),
    language=st.sampled_from(LANGUAGES),
    key=st.uuids(),
    at=st.datetimes(datetime(1990, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC)),
    domain=st.sampled_from(["localhost", "x" * 60 + ".example.org", letter.REFERENCE, "blank.invalid"]),
)
def test_it_is_what_would_have_been_composed(
    to: str, language: str, key: uuid.UUID, at: datetime, domain: str
) -> None:
    delivery = thanks(to, language=language, id=key)
    delivery.created_at, delivery.message_id = at, f"<{key}@{domain}>"
    assert Letter(delivery).text == in_full(delivery)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_composed_once_for_a_language_where_its_blanks_can_be_read(
    language: str, composed: list[Delivery]
) -> None:
    for number in range(3):
        delivery = thanks(f"visitor{number}@example.org", language=language)
        assert Letter(delivery).text == in_full(delivery)
    hidden = language in ("ar", "zh-hans")  # their subjects go out in Base64
    assert len(composed) == (1 + 3 if hidden else 1)


def test_each_site_has_its_own(settings: LazySettings) -> None:
    for site in ("https://one.example", "https://other.example"):
        settings.SITE_URL = site
        settings.DEFAULT_FROM_EMAIL = f"us@{site.removeprefix('https://')}"
        delivery = thanks()
        assert f"{site}/feedback/".encode() in Letter(delivery).text
        assert Letter(delivery).text == in_full(delivery)


def test_an_owner_s_email_holds_what_was_said(composed: list[Delivery]) -> None:
    delivery = thanks(kind=Kind.NOTIFICATION)
    assert b"The door is too heavy." in Letter(delivery).text
    assert composed == [delivery]


@pytest.mark.parametrize(
    "more",
    [
        "{{ feedback.message }}",
        "{% if feedback.name and site_url %}{{ site_url }}{% else %}-{% endif %}",
        "{{ feedback }}",
        "{{ feedback.created_at }}",
        "{% if feedback.name == '' %}nobody{% endif %}",
    ],
)
def test_a_template_that_shows_more_is_composed_for_each(more: str, tmp_path: Path, settings: Any) -> None:
    _write(tmp_path, "{{ feedback.reference }} " + more)
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}]
    for name in ("Ada", ""):
        delivery = thanks(name=name)
        assert Letter(delivery).text == in_full(delivery)
    assert letter._form("en", settings.SITE_URL, settings.DEFAULT_FROM_EMAIL) is None


@pytest.mark.django_db
def test_a_template_that_shows_more_costs_one_query_for_each(
    owed: Delivery, tmp_path: Path, settings: Any
) -> None:
    _write(tmp_path, "{{ feedback.name }}, {{ feedback.email }}: {{ feedback.message }}")
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}]
    claimed = Delivery.objects.claim(owed.pk)
    assert claimed
    with CaptureQueriesContext(connection) as captured:
        text = Letter(claimed).text
    assert len(captured) == 1
    assert text == in_full(owed)


def test_a_template_that_breaks_breaks_each(tmp_path: Path, settings: Any) -> None:
    _write(tmp_path, "{% include 'nowhere.txt' %}")
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}]
    for _ in range(2):
        with pytest.raises(Exception, match=r"nowhere\.txt"):
            _ = Letter(thanks()).text


def _write(folder: Path, text: str) -> None:
    path = folder / "feedback/email/acknowledgement.txt"
    path.parent.mkdir(parents=True)
    path.write_text(text)
