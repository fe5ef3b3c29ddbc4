"""An email as the text that goes over the line.

The thanks to visitors differ in six values only. So they are composed once for a language, as a form
letter, and filled in for each, which takes 0.01 ms instead of 0.35 or, at rest, 1.3. Whatever is not
that simple, such as a template that shows more of a feedback, is composed for each email.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from feedback.address import sanitized
from feedback.compose import compose
from feedback.flatten import flattened, is_sent_as_it_is
from feedback.models import Delivery, Feedback, Kind

# What stands in the blanks: as long as what they are filled with where a line may be folded, and
# found nowhere else.
REFERENCE, ID = "b1a4c001", "b1a4c002-5f3e-4c1d-9a7b-d0c6e82f4a91"
LOCAL_PART, RECIPIENT = "b1a4c003-7d2c-4e9f-8b15-a3f0c4d6e728", "b1a4c004@blank.invalid"
MESSAGE_ID = f"<{LOCAL_PART}@blank.invalid>"
CREATED_AT = datetime(1971, 2, 3, 4, 5, 6, tzinfo=UTC)
DATE = format_datetime(CREATED_AT)


class Letter:
    """One email, as Django's backends take it (`message`) or as our own does (`text`)."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery

    def compose(self) -> EmailMultiAlternatives:
        self.message = compose(self.delivery)
        return self.message

    @property
    def sender(self) -> str:
        return sanitized(settings.DEFAULT_FROM_EMAIL)

    @property
    def recipient(self) -> str:
        return sanitized(self.delivery.recipient)

    @property
    def text(self) -> bytes:
        return _filled(self.delivery) or flattened(self.compose().message())


@dataclass
class Blank:
    """A feedback of which only what stands in a form letter can be asked, and that notes what else is."""

    reference = REFERENCE
    language: str
    asked_for_more = False

    def get_absolute_url(self) -> str:
        return reverse("feedback:show", args=[UUID(ID)])

    def __getattr__(self, name: str) -> Any:
        self.asked_for_more = True
        raise AttributeError(name)

    def __str__(self) -> str:
        self.asked_for_more = True
        return ""


def _filled(delivery: Delivery) -> bytes | None:
    """Return the text of what a form letter will do for; None if it will not."""
    if delivery.kind != Kind.ACKNOWLEDGEMENT:
        return None
    headers = {"To": delivery.recipient, "Message-ID": delivery.message_id}
    if not all(is_sent_as_it_is(name, value) for name, value in headers.items()):
        return None
    language = delivery.feedback.language or settings.LANGUAGE_CODE
    form = _form(language, settings.SITE_URL, settings.DEFAULT_FROM_EMAIL)
    return form and _fill(form, delivery, delivery.feedback)


def _fill(form: bytes, delivery: Delivery, feedback: Feedback) -> bytes:
    blanks = {
        REFERENCE: feedback.reference,
        ID: str(feedback.id),
        MESSAGE_ID: delivery.message_id,
        LOCAL_PART: delivery.message_id.partition("@")[0].strip("<"),
        RECIPIENT: delivery.recipient,
        DATE: _date(delivery.created_at.replace(microsecond=0)),
    }
    for blank, value in blanks.items():
        form = form.replace(blank.encode(), value.encode())
    return form


@lru_cache(maxsize=100)  # of what waits much came within the same seconds; it takes 4 % of an email
def _date(second: datetime) -> str:
    return format_datetime(second)


@lru_cache
def _form(language: str, *_settings: str) -> bytes | None:
    blank = Blank(language)
    thanks: Any = SimpleNamespace(
        kind=Kind.ACKNOWLEDGEMENT,
        recipient=RECIPIENT,
        message_id=MESSAGE_ID,
        created_at=CREATED_AT,
        feedback=blank,
    )
    message = compose(thanks)
    text = flattened(message.message())
    return None if blank.asked_for_more or _hides_a_blank(text, message) else text


def _hides_a_blank(text: bytes, message: EmailMultiAlternatives) -> bool:
    """Whether not every blank can be read in the text: in Base64, or folded in the middle."""
    words = [message.subject, message.body, *(str(content) for content, _ in message.alternatives)]
    return any(
        text.count(blank.encode()) != sum(part.count(blank) for part in words) for blank in (REFERENCE, ID)
    )
