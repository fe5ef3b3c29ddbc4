from collections.abc import Callable
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr
from urllib.parse import urlencode

import hypothesis
import pytest
from django.conf import settings
from django.http import QueryDict
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from feedback.compose import compose
from feedback.forms import FeedbackForm
from feedback.models import Delivery, Feedback, Kind


@pytest.fixture
def notification(submit: Callable[..., Delivery]) -> Delivery:
    return submit().feedback.deliveries.get(kind=Kind.NOTIFICATION)


def test_an_acknowledgement_thanks_and_links_to_the_status_page(owed: Delivery) -> None:
    message = compose(owed)
    link = f"{settings.SITE_URL}/feedback/{owed.feedback_id}/"
    assert message.subject == f"Thank you for your feedback ({owed.feedback.reference})"
    assert message.to == ["ada@example.org"]
    assert link in str(message.body)
    assert link in str(message.alternatives[0][0])


def test_an_acknowledgement_carries_none_of_the_visitors_text(owed: Delivery) -> None:
    raw = compose(owed).message().as_string()
    assert "The door is too heavy." not in raw
    assert "Ada" not in raw.replace("ada@example.org", "")


def test_a_notification_carries_the_text_and_answers_to_the_visitor(notification: Delivery) -> None:
    message = compose(notification)
    assert message.to == ["owner@example.org"]
    assert message.reply_to == ["Ada <ada@example.org>"]
    assert message.subject == f"Feedback from Ada ({notification.feedback.reference})"
    assert str(message.body).startswith("The door is too heavy.\n")


def test_the_sender_is_always_ours(owed: Delivery, notification: Delivery) -> None:
    assert {compose(owed).from_email, compose(notification).from_email} == {settings.DEFAULT_FROM_EMAIL}


@pytest.mark.parametrize("name", ["Константин Константинопольский", "Ada " * 25, "😀" * 100, "a" * 100])
def test_whoever_has_a_long_name_can_be_answered(submit: Callable[..., Delivery], name: str) -> None:
    message = compose(submit(name=name.strip()).feedback.deliveries.get(kind=Kind.NOTIFICATION))
    written, address = parseaddr(message_from_bytes(message.message().as_bytes())["Reply-To"])
    assert (str(make_header(decode_header(written))), address) == (name.strip(), "ada@example.org")


@given(email=st.one_of(st.emails(), st.emails().map(lambda email: email.rpartition("@")[0] + "@münchen.de")))
@hypothesis.settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_address_the_form_takes_can_be_written_in_an_email(
    submit: Callable[..., Delivery], email: str
) -> None:
    form = FeedbackForm(QueryDict(urlencode({"email": email, "message": "text"})))
    if form.is_valid():
        for delivery in submit(email=form.cleaned_data["email"], name="Ædá").feedback.deliveries.all():
            assert compose(delivery).message().as_bytes()


def test_automatic_messages_say_so(owed: Delivery, notification: Delivery) -> None:
    assert compose(owed).message()["Auto-Submitted"] == "auto-replied"
    assert compose(notification).message()["Auto-Submitted"] == "auto-generated"


def test_every_attempt_has_the_same_message_id_and_date(owed: Delivery) -> None:
    first, second = compose(owed).message(), compose(Delivery.objects.get(pk=owed.pk)).message()
    assert first["Message-ID"] == second["Message-ID"] == owed.message_id
    assert first["Date"] == second["Date"]
    assert owed.message_id.endswith("@example.org>")


def test_text_is_escaped_in_html_and_only_there(submit: Callable[..., Delivery]) -> None:
    feedback = submit(message="<b>1 & 2</b>").feedback
    message = compose(feedback.deliveries.get(kind=Kind.NOTIFICATION))
    assert "<b>1 & 2</b>" in str(message.body)
    assert "&lt;b&gt;1 &amp; 2&lt;/b&gt;" in str(message.alternatives[0][0])


@pytest.mark.parametrize("evil", ["Ada\nBcc: all@example.org", "Ada\r\n\r\nX", 'Ada" <x@y.z>,', "Ada\u2028X"])
def test_no_name_whatever_makes_a_header(submit: Callable[..., Delivery], evil: str) -> None:
    feedback = submit().feedback
    Feedback.objects.filter(pk=feedback.pk).update(name=evil)  # past the form, which refuses it
    message = compose(Delivery.objects.select_related("feedback").get(feedback=feedback, kind="notification"))
    parsed = message.message()
    assert parsed["Bcc"] is None
    assert "\n" not in message.subject
    assert message.recipients() == ["owner@example.org"]
    assert parsed["Reply-To"].count("@example.org>") == 1
