"""The one way in: whoever brings a feedback, it is limited, saved and rung for here."""

import logging

from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from feedback.forms import FeedbackForm
from feedback.limits import seconds_to_wait, too_many
from feedback.models import Delivery, Feedback
from feedback.sender import sender_of
from feedback.tasks import deliver_later

log = logging.getLogger(__name__)


class NotTaken(Exception):
    """A feedback that is well-formed but cannot be taken now; sent again later, it can."""

    def __init__(self, status: int, sentence: str, retry_after: int) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.retry_after = retry_after


def take(request: HttpRequest, form: FeedbackForm) -> tuple[Feedback, list[Delivery]]:
    """Save what a valid form holds and have its emails sent. Once this returns, they are owed."""
    sender = sender_of(request)
    try:
        if wait := seconds_to_wait(sender):
            if before := form.submitted():  # a double click at the limit: nothing is to be sent again
                return before
            raise NotTaken(429, too_many(wait), wait)
        feedback, deliveries = form.submit(sender)
    except DatabaseError as error:
        log.error("a feedback could not be saved: %s", error)
        sentence = _("This could not be saved just now. Please press Send again in a moment.")
        raise NotTaken(503, sentence, retry_after=5) from None
    log.info("a feedback was saved; its deliveries: %s", [owed.pk for owed in deliveries])
    deliver_later(owed for owed in deliveries if owed.in_flight)
    return feedback, deliveries
