from collections.abc import Callable
from email.errors import HeaderParseError
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import BadHeaderError
from hypothesis import assume, given
from hypothesis import strategies as st

from feedback.flatten import flattened

HEADERS = st.text(st.characters(codec="utf-8"), max_size=200)
ASCII = st.text(st.characters(codec="ascii"), max_size=100)


@given(subject=HEADERS | ASCII, header=ASCII, text=HEADERS)
def test_an_email_is_the_bytes_that_django_makes_of_it(subject: str, header: str, text: str) -> None:
    email = EmailMultiAlternatives(subject, text, to=["ada@example.org"], headers={"X-Header": header})
    email.attach_alternative(f"<p>{text}</p>", "text/html")
    try:
        message: Any = email.message()  # Django's as_bytes takes more than its type says
    except (BadHeaderError, HeaderParseError):  # Django makes no email of it
        assume(False)
    message.set_boundary("boundary")
    assert result(lambda: flattened(message)) == result(lambda: message.as_bytes(linesep="\r\n"))


@given(length=st.integers(60, 80))
def test_a_header_is_folded_where_django_folds_it(length: int) -> None:
    for words in ("a" * length, ("ab " * length)[:length].strip()):
        message: Any = EmailMultiAlternatives(words, "Text", to=["ada@example.org"]).message()
        assert flattened(message) == message.as_bytes(linesep="\r\n")


def result(flatten: Callable[[], bytes]) -> bytes | type[Exception]:
    try:
        return flatten()
    except HeaderParseError as error:  # one header looks like two
        return type(error)
