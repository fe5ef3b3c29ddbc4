"""The one way in: whoever brings a feedback, it is limited, saved and rung for here."""

import logging
from collections.abc import Sequence

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from feedback.afterwards import afterwards
from feedback.forms import FeedbackForm
from feedback.limits import seconds_to_wait, too_many
from feedback.models import Delivery
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


def take(request: HttpRequest, form: FeedbackForm) -> tuple[Delivery, list[Delivery]]:
    """Save what a valid form holds; return the email its visitor follows, and all that are to be rung for."""
    sender = sender_of(request) if settings.RATE_LIMITS else ""
    try:
        if wait := seconds_to_wait(sender):
            if before := form.submitted():  # a double click at the limit: nothing is to be sent again
                return before[1][0], []
            raise NotTaken(429, too_many(wait), wait)
        owed = form.submit(sender)[1]
        return owed[0], owed
    except DatabaseError as error:
        log.error("a feedback could not be saved: %s", error)
        sentence = _("This could not be saved just now. Please press Send again in a moment.")
        raise NotTaken(503, sentence, retry_after=5) from None


def rung_for(response: HttpResponse, owed: Sequence[Delivery]) -> HttpResponse:
    """Have these emails sent once the answer has left, so that it does not wait for Redis.

    Where this process ends before, the sweeper rings.
    """
    if not owed:
        return response

    def ring() -> None:
        deliver_later(one for one in owed if one.in_flight)
        log.info("a feedback was saved; its deliveries: %s", [one.pk for one in owed])

    return afterwards(response, ring)
