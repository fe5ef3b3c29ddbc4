"""The words of an email: a delivery in, a message ready to send out."""

from email.utils import format_datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import sanitize_address
from django.template.loader import render_to_string
from django.utils.translation import override

from feedback.models import Delivery, Kind

# RFC 3834: what an automatic message is, so that no other machine answers it.
AUTO_SUBMITTED = {Kind.ACKNOWLEDGEMENT: "auto-replied", Kind.NOTIFICATION: "auto-generated"}


def compose(delivery: Delivery) -> EmailMultiAlternatives:
    """Return the email, the same at every attempt: Message-ID and Date live in the row.

    It is in the language of whom it goes to: the visitor's, or the site's for its owners.
    """
    to_visitor = delivery.kind == Kind.ACKNOWLEDGEMENT
    language = delivery.feedback.language if to_visitor else ""
    with override(language or settings.LANGUAGE_CODE):
        return _composed(delivery, to_visitor)


def _composed(delivery: Delivery, to_visitor: bool) -> EmailMultiAlternatives:
    feedback = delivery.feedback
    context = {"feedback": feedback, "site_url": settings.SITE_URL}
    folder = f"feedback/email/{delivery.kind}"
    message = EmailMultiAlternatives(
        subject=_one_line(render_to_string(f"{folder}_subject.txt", context)),
        body=render_to_string(f"{folder}.txt", context),
        to=[delivery.recipient],
        reply_to=None
        if to_visitor
        else [sanitize_address((_one_line(feedback.name), feedback.email), "utf-8")],
        headers={
            "Message-ID": delivery.message_id,
            "Date": format_datetime(delivery.created_at),
            "Auto-Submitted": AUTO_SUBMITTED[Kind(delivery.kind)],
        },
    )
    message.attach_alternative(render_to_string(f"{folder}.html", context), "text/html")
    return message


def _one_line(text: str) -> str:
    return " ".join(text.split())
