"""The words of an email: a delivery in, a message ready to send out."""

from email.mime.image import MIMEImage
from email.utils import format_datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import sanitize_address
from django.template.loader import render_to_string
from django.utils.translation import override

from feedback.digest import Digest
from feedback.models import Delivery, Kind

# RFC 3834: what an automatic message is, so that no other machine answers it.
AUTO_SUBMITTED = {
    Kind.ACKNOWLEDGEMENT: "auto-replied",
    Kind.NOTIFICATION: "auto-generated",
    Kind.TEST: "auto-generated",
    Kind.DIGEST: "auto-generated",
}


class Email(EmailMultiAlternatives):
    def message(self, **options: Any) -> Any:
        """Return it with a boundary of its own: to search the text for a free one took 0.1 ms."""
        message = super().message(**options)
        message.set_boundary(self.extra_headers["Message-ID"].partition("@")[0].strip("<"))
        return message


def compose(delivery: Delivery) -> EmailMultiAlternatives:
    """Return the email, the same at every attempt: Message-ID and Date live in the row.

    It is in the language of whom it goes to: the visitor's, or the site's for its owners.
    """
    feedback = delivery.feedback if delivery.kind == Kind.ACKNOWLEDGEMENT else None
    language = feedback.language if feedback else ""
    with override(language or settings.LANGUAGE_CODE):
        return _composed(delivery)


def _composed(delivery: Delivery) -> EmailMultiAlternatives:
    digest = Digest(delivery.created_at) if delivery.kind == Kind.DIGEST else None
    context = {"feedback": delivery.feedback, "digest": digest, "site_url": settings.SITE_URL}
    folder = f"feedback/email/{delivery.kind}"
    message = Email(
        subject=_one_line(render_to_string(f"{folder}_subject.txt", context)),
        body=render_to_string(f"{folder}.txt", context),
        to=[delivery.recipient],
        reply_to=_reply_to(delivery),
        headers={
            "Message-ID": delivery.message_id,
            "Date": format_datetime(delivery.created_at),
            "Auto-Submitted": AUTO_SUBMITTED[Kind(delivery.kind)],
        },
    )
    message.attach_alternative(render_to_string(f"{folder}.html", context), "text/html")
    if digest:
        message.attach(_inline(digest.plot, "plot"))
    return message


def _reply_to(delivery: Delivery) -> list[str] | None:
    """An answer to what is told about one feedback goes to who wrote it."""
    if delivery.kind != Kind.NOTIFICATION:
        return None
    name = _one_line(delivery.feedback.name)
    # A long name comes back in several lines, which Django itself then refuses.
    return [_one_line(sanitize_address((name, delivery.feedback.email), "utf-8"))]


def _inline(png: bytes, name: str) -> MIMEImage:
    """Return a picture that the HTML beside it can show as cid:name."""
    picture = MIMEImage(png, "png")
    picture["Content-ID"] = f"<{name}>"
    picture["Content-Disposition"] = f'inline; filename="{name}.png"'
    return picture


def _one_line(text: str) -> str:
    return " ".join(text.split())
