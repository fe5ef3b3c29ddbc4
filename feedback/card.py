"""The status card: what a visitor reads about their email, sentence by sentence."""

from datetime import datetime
from typing import NamedTuple

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from feedback.models import Delivery, State

SENTENCES: dict[str, str | Promise] = {
    "queued": _("Your confirmation email is next in line. This page follows it by itself."),
    "sending": _("We are handing your confirmation email to our mail server right now."),
    "retrying": _(
        "Our mail server could not take your confirmation email yet. "
        "We keep trying by ourselves; there is no need to send your message again."
    ),
    "sent": _(
        "Our mail server has accepted your confirmation email. "
        "If you cannot find it in a few minutes, please look in your spam folder."
    ),
    "failed": _(
        "The confirmation email could not be sent to the address you gave. "
        "Your message has reached us all the same; there is no need to send it again."
    ),
    "unconfirmed": _(
        "The line broke just as our mail server was answering, so we cannot tell whether your confirmation "
        "email went out. We will not send it twice by ourselves. Your message has reached us all the same."
    ),
}
STEPS: dict[str, str | Promise] = {
    "queued": _("Queued"),
    "sending": _("Sending"),
    "retrying": _("Retrying"),
    "sent": _("Sent"),
    "failed": _("Failed"),
    "unconfirmed": _("Unconfirmed"),
}
# The older a feedback, the rarer anything new: age in seconds up to which to ask every so many seconds.
POLLING = ((20, 1), (120, 3), (900, 10), (float("inf"), 60))


class Step(NamedTuple):
    name: str | Promise
    mark: str  # done, now, next or problem: how it looks
    at: datetime | None = None


class Card:
    """One delivery as its visitor sees it; `arrived` where the card has just replaced the form."""

    def __init__(self, delivery: Delivery, *, arrived: bool = False) -> None:
        self.delivery = delivery
        self.feedback = delivery.feedback
        self.arrived = arrived
        self.status = delivery.status
        self.sentence = SENTENCES[self.status]

    @property
    def poll_seconds(self) -> int | None:
        """How long to wait before asking again; None once there is nothing more to come."""
        if not self.delivery.in_flight:
            return None
        age = (timezone.now() - self.feedback.created_at).total_seconds()
        return next(every for limit, every in POLLING if age < limit)

    @property
    def version(self) -> str:
        """What the visitor's page has seen; equal versions look the same."""
        return f"{self.delivery.attempt}.{self.status}.{self.poll_seconds or 0}"

    @property
    def steps(self) -> list[Step]:
        moved = {move.to: move.at for move in self.delivery.moves}
        saved = Step(STEPS["queued"], "done", self.feedback.created_at)
        sent = Step(STEPS["sent"], "next")
        match self.status:
            case "queued":
                return [saved._replace(mark="now"), Step(STEPS["sending"], "next"), sent]
            case "sending":
                return [saved, Step(STEPS["sending"], "now", moved[State.SENDING]), sent]
            case "retrying":
                return [saved, Step(STEPS["retrying"], "problem", moved[State.SENDING]), sent]
        mark = "done" if self.status == "sent" else "problem"
        last = Step(STEPS[self.status], mark, moved[State(self.status)])
        tried = moved.get(State.SENDING)  # it has none if it was cancelled before
        return [saved, Step(STEPS["sending"], "done" if tried else "next", tried), last]
