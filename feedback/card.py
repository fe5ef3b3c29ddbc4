"""The status card: what a visitor reads about their email, sentence by sentence."""

from datetime import datetime
from typing import NamedTuple

from django.urls import reverse
from django.utils.functional import Promise, cached_property
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from feedback.models import Delivery, Move, State
from feedback.models.clock import now

SENTENCES: dict[str, str | Promise] = {
    "queued": _("Your confirmation email is next in line and goes out by itself."),
    "delayed": _(
        "Our email is slow at the moment, so your confirmation comes later than usual. "
        "It goes out by itself; there is no need to send your message again."
    ),
    "held": _(
        "Your confirmation email waits until a person on our team has looked at your message. "
        "There is nothing you need to do, and no need to send it again."
    ),
    "sending": _("We are handing your confirmation email to our mail server right now."),
    "retrying": _(
        "Our mail server could not take your confirmation email yet. We try again by ourselves at {time}; "
        "there is no need to send your message again."
    ),
    "trying again": _(
        "Our mail server could not take your confirmation email yet. We are about to try again by ourselves; "
        "there is no need to send your message again."
    ),
    "sent": _(
        "Our mail server has accepted your confirmation email. "
        "If you cannot find it in a few minutes, please look in your spam folder."
    ),
    "cancelled": _(
        "We have decided not to send a confirmation email this time. "
        "Your message has reached us all the same; there is no need to send it again."
    ),
    "failed": _(
        "The confirmation email could not be sent to the address you gave. "
        "Your message has reached us all the same; there is no need to send it again."
    ),
    "unconfirmed": _(
        "The line broke just as our mail server was answering, so we cannot tell whether your confirmation "
        "email went out. We will not send it twice by ourselves. Your message has reached us all the same; "
        "there is no need to send it again."
    ),
}
# Added to the sentence of an email that has not come to its end when we stop asking.
NO_LONGER_FOLLOWED = _(
    "This has taken more than a day, so this page no longer updates by itself. The email is still owed to "
    "you and we go on trying. Please bookmark this page and come back to it."
)
HELD_FOR_LONG = _(
    "This has taken more than a day, so this page no longer updates by itself. "
    "Please bookmark this page and come back to it."
)
STEPS: dict[str, str | Promise] = {
    "queued": _("Queued"),
    "held": _("Waiting"),
    "sending": _("Sending"),
    "retrying": _("Retrying"),
    "sent": _("Sent"),
    "failed": _("Failed"),
    "unconfirmed": _("Unconfirmed"),
}
REACHED: dict[str, str | Promise] = {
    "queued": _("Saved at {time}"),
    "held": _("Saved at {time}"),
    "sending": _("Begun at {time}"),
    "retrying": _("Last tried at {time}"),
    "sent": _("Accepted by our mail server at {time}"),
    "failed": _("Given up at {time}"),
    "unconfirmed": _("Line lost at {time}"),
}
# The longer it takes, the rarer anything new: age in seconds up to which to ask every so many seconds.
POLLING = ((20, 1), (120, 3), (900, 10), (24 * 3600, 60))


class Step(NamedTuple):
    state: str
    mark: str  # done, now, next or problem: how it looks
    at: datetime | None = None

    @property
    def name(self) -> str | Promise:
        return STEPS[self.state]

    @property
    def reached(self) -> str:
        return format_html(str(REACHED[self.state]), time=_clock(self.at)) if self.at else ""


class Card:
    """One delivery as its visitor sees it: `arrived` where the card has just replaced the form,
    `embedded` where both stand in a frame on another site.
    """

    def __init__(self, delivery: Delivery, *, arrived: bool = False, embedded: bool = False) -> None:
        self.delivery = delivery
        self.feedback = delivery.feedback
        self.arrived = arrived
        self.embedded = embedded
        # To be held is no state of an email that a visitor must learn: it has not set out yet.
        self.status = "queued" if delivery.state == State.HELD else delivery.status

    @property
    def url(self) -> str:
        return self._address("show")

    @property
    def status_url(self) -> str:
        return self._address("status")

    @property
    def situation(self) -> str:
        """Which of the sentences is true now."""
        delivery = self.delivery
        if delivery.state == State.QUEUED and delivery.slow:
            return "delayed"
        if delivery.status == "retrying" and delivery.due_at <= now():
            return "trying again"
        if delivery.state == State.FAILED and delivery.cancelled:
            return "cancelled"  # no mail server has refused it
        return delivery.status

    @property
    def sentence(self) -> str:
        return format_html(str(SENTENCES[self.situation]), time=_clock(self.delivery.due_at))

    @property
    def no_longer_followed(self) -> str | Promise:
        if not self._owed or self.poll_seconds:
            return ""
        return HELD_FOR_LONG if self.delivery.state == State.HELD else NO_LONGER_FOLLOWED

    @cached_property
    def poll_seconds(self) -> int | None:
        """How long to wait before asking again; None once there is nothing more to come, or for too long."""
        age = (now() - self._begun_at).total_seconds()
        return next((every for limit, every in POLLING if age < limit), None) if self._owed else None

    @property
    def version(self) -> str:
        """What the visitor's page has seen; equal versions look the same."""
        return f"{self.delivery.attempt}.{self.situation.replace(' ', '-')}.{self.poll_seconds or 0}"

    @property
    def steps(self) -> list[Step]:
        moved = {move.to: move.at for move in self._moves}
        saved, sent = Step("queued", "done", self.feedback.created_at), Step("sent", "next")
        begun = Step("sending", "done", moved.get(State.SENDING))
        match self.delivery.status:
            case "queued" | "held" as status:
                return [saved._replace(state=status, mark="now"), Step("sending", "next"), sent]
            case "sending":
                return [saved, begun._replace(mark="now"), sent]
            case "retrying":
                return [saved, begun._replace(state="retrying", mark="problem"), sent]
            case status:
                mark = "done" if status == "sent" else "problem"
                tried = begun if begun.at else begun._replace(mark="next")  # or cancelled before
                return [saved, tried, Step(status, mark, moved.get(State(status)))]

    def _address(self, page: str) -> str:
        place = "embed-" if self.embedded else ""
        return reverse(f"feedback:{place}{page}", args=[self.feedback.pk])

    @property
    def _begun_at(self) -> datetime:
        """When it was saved, or when a person last set it going again."""
        by_hand = [move.at for move in self._moves if move.by]
        return by_hand[-1] if by_hand else self.feedback.created_at

    @cached_property
    def _moves(self) -> list[Move]:
        return self.delivery.moves

    @property
    def _owed(self) -> bool:
        return self.delivery.state in (State.QUEUED, State.SENDING, State.HELD)


def _clock(at: datetime) -> str:
    """Return a time of day, with its date if that is not today; scripts make it the visitor's own."""
    words = f"{at:%H:%M:%S}" if at.date() == now().date() else f"{at:%Y-%m-%d %H:%M:%S}"
    return format_html('<time datetime="{}">{} UTC</time>', at.isoformat(), words)
