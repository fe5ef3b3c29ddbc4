"""Every language is whole, and visitor, card and email speak the same one."""

import re
from collections.abc import Callable

import pytest
from babel.messages.catalog import Message
from django.test import Client
from pytest_django import Settings

from docs.messages import LANGUAGES, compiled, extract, path, read, strings
from feedback.compose import compose
from feedback.models import Delivery, Feedback, Kind
from feedback.sentences import SENTENCES

FIELDS = {"email": "ada@example.org", "message": "The door is too heavy."}
THANKS = {
    "de": "Vielen Dank",
    "fr": "Merci",
    "es": "Gracias",
    "pt": "Obrigado",
    "ar": "شكرًا",
    "zh-hans": "感谢",
    "en": "Thank you",
}
each_language = pytest.mark.parametrize("language", LANGUAGES)


def translatable(language: str) -> list[Message]:
    return [message for message in read(language) if message.id]


@each_language
def test_every_text_is_there_and_none_is_left_over(language: str) -> None:
    assert {message.id for message in translatable(language)} == {text.id for text in extract() if text.id}


@each_language
def test_every_text_is_translated_and_none_is_a_guess(language: str) -> None:
    open_ones = [message.id for message in translatable(language) if not all(strings(message.string))]
    assert not open_ones
    assert not [message.id for message in translatable(language) if message.fuzzy]


@each_language
def test_every_plural_form_is_there(language: str) -> None:
    plurals = [message for message in translatable(language) if message.pluralizable]
    assert {len(strings(message.string)) for message in plurals} == {read(language).num_plurals}


@each_language
def test_every_translation_keeps_the_placeholders(language: str) -> None:
    for message in translatable(language):
        if not message.pluralizable:  # "two minutes" may be one word, and is so in Arabic
            assert placeholders(message.string) == placeholders(message.id)


def placeholders(text: object) -> list[str]:
    return sorted(re.findall(r"\{\w*\}|%\(\w+\)s", str(text)))


@each_language
def test_what_the_product_reads_is_what_the_translator_wrote(language: str) -> None:
    assert path(language, "mo").read_bytes() == compiled(read(language)), "run: make messages"


def test_the_words_are_found_in_code_and_templates() -> None:
    found = {text.id for text in extract()}
    assert set(map(str, SENTENCES.values())) <= found
    assert {
        "Send",
        "Sending…",
        "Copy link",
        "Link copied",
        "Thank you for your feedback (%(reference)s)",
    } <= found


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("de-AT,de;q=0.9", "de"),
        ("zh-CN", "zh-hans"),
        ("ar", "ar"),
        ("tlh", "en"),
        ("", "en"),
        ("x" * 999, "en"),
    ],
)
@pytest.mark.django_db
def test_the_page_speaks_as_the_browser_asks(client: Client, asked: str, language: str) -> None:
    response = client.get("/", headers={"Accept-Language": asked})
    assert response.headers["Content-Language"] == language
    assert f'<html lang="{language}"' in response.text


def test_arabic_is_written_from_right_to_left(client: Client) -> None:
    assert 'dir="rtl"' in client.get("/?lang=ar").text
    assert 'dir="ltr"' in client.get("/?lang=fr").text


@pytest.mark.parametrize("lang", ["", "xx", "de\x00", "../../etc"])
def test_a_language_that_we_do_not_speak_changes_nothing(client: Client, lang: str) -> None:
    response = client.get("/", {"lang": lang}, headers={"Accept-Language": "fr"})
    assert response.headers["Content-Language"] == "fr"


def test_a_language_is_chosen_without_a_cookie_and_stays_chosen(client: Client) -> None:
    response = client.get("/?lang=de")
    assert list(response.cookies) == ["csrftoken"]
    assert 'action="/?lang=de&amp;send=1"' in response.text
    assert 'aria-current="true">Deutsch</a>' in response.text


@pytest.mark.parametrize("language", THANKS)
def test_every_language_is_named_in_itself(client: Client, language: str) -> None:
    named = re.findall(r'hreflang="[\w-]+"[^>]*>([^<]+)</a>', client.get(f"/?lang={language}").text)
    assert named == ["English", "Deutsch", "Français", "Español", "Português", "العربيّة", "简体中文"]


@pytest.mark.usefixtures("broker")
@pytest.mark.parametrize("language", THANKS)
@pytest.mark.django_db
def test_card_and_email_speak_the_visitors_language(client: Client, language: str) -> None:
    client.post(f"/?lang={language}", FIELDS)
    feedback = Feedback.objects.get()
    assert feedback.language == language
    assert f'<html lang="{language}"' in client.get(feedback.get_absolute_url()).text
    message = compose(feedback.deliveries.get(kind=Kind.ACKNOWLEDGEMENT))
    assert message.subject.startswith(THANKS[language])
    assert f'<html lang="{language}"' in str(message.alternatives[0][0])


def test_the_owners_read_the_sites_language(submit: Callable[..., Delivery]) -> None:
    feedback = submit(language="ar").feedback
    assert compose(feedback.deliveries.get(kind=Kind.NOTIFICATION)).subject.startswith("Feedback from Ada")


def test_the_card_of_a_feedback_may_be_read_in_another_language(client: Client, owed: Delivery) -> None:
    Feedback.objects.update(language="de")
    page = client.get(f"{owed.feedback.get_absolute_url()}?lang=es").text
    assert "Gracias. Su mensaje está guardado." in page
    assert "status/?lang=es&amp;seen=" in page


def test_a_language_that_is_no_longer_spoken_is_no_fault(
    client: Client, submit: Callable[..., Delivery], settings: Settings
) -> None:
    owed = submit(language="tlh")
    assert client.get(owed.feedback.get_absolute_url()).status_code == 200
    assert compose(owed).subject.startswith("Thank you")


@pytest.mark.parametrize("language", THANKS)
@pytest.mark.django_db
def test_a_mistake_is_said_in_the_visitors_language(client: Client, language: str) -> None:
    page = client.post(f"/?lang={language}", FIELDS | {"email": "x", "message": "a" * 5001}).text
    english = ("does not look like", "at most 5000 characters (it has")
    assert [words in page for words in english] == [language == "en"] * 2
