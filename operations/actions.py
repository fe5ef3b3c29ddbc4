"""What an operator can do to emails. Every move is guarded where it is made, in the model."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db.models import Q

from feedback.models import Delivery, Feedback, Pause, State
from feedback.models.operated import OperatedQuerySet
from feedback.record import record
from feedback.resume import resume as go_on
from feedback.tasks import deliver_later
from operations.selection import Selection
from operations.words import emails

AT_ONCE = 10_000  # emails that one press moves: some seconds of work
BATCH = 500  # emails that one UPDATE moves, so that nobody waits long for the database
RUNG = 100  # what is rung for at once; the sweeper rings for the rest
Move = Callable[[OperatedQuerySet[Delivery], str], int]


class Action(NamedTuple):
    label: str
    states: Sequence[State]  # what it can be done to
    move: Move
    question: str
    done: str
    sends: bool = False
    marks_spam: bool = False

    @property
    def spares_spam(self) -> bool:
        return self.sends or self.marks_spam


def _mark_as_spam(rows: OperatedQuerySet[Delivery], by: str) -> int:
    """Return how many of these emails, and not of all that are behind the same feedback, are now spam."""
    theirs = list(rows.no_spam().filter(feedback__isnull=False).values_list("feedback", flat=True))
    Feedback.objects.filter(pk__in=theirs).mark_as_spam(by)
    return len(theirs)


ACTIONS = {
    "resend": Action(
        "Send again",
        (State.FAILED, State.UNCONFIRMED, State.SENT),
        lambda rows, by: rows.resend(by),
        "They are queued with all their retries before them. One that did arrive arrives twice.",
        "queued to be sent again",
        sends=True,
    ),
    "mark-as-sent": Action(
        "Mark as sent",
        (State.UNCONFIRMED,),
        lambda rows, by: rows.mark_as_sent(by),
        "Nothing is sent. Do this where the mail server's log says that it took them.",
        "marked as sent",
    ),
    "release": Action(
        "Release",
        (State.HELD,),
        lambda rows, by: rows.release(by),
        "They are no spam: they are queued and sent now.",
        "released",
        sends=True,
    ),
    "spam": Action(
        "Mark as spam",
        (State.HELD, State.FAILED, State.UNCONFIRMED, State.QUEUED, State.SENT),
        _mark_as_spam,
        "The feedback behind them is set apart as spam, and its emails that still wait are cancelled.",
        "marked as spam",
        marks_spam=True,
    ),
    "cancel": Action(
        "Cancel",
        (State.QUEUED, State.HELD),
        lambda rows, by: rows.cancel(by),
        "They are never sent, and read as failed. What is being sent right now is not stopped.",
        "cancelled",
    ),
}


def possible(delivery: Delivery) -> list[tuple[str, Action]]:
    """Return what can be done to one email."""
    spam, about_none = bool(delivery.feedback and delivery.feedback.spam), delivery.feedback is None
    return [
        (name, action)
        for name, action in ACTIONS.items()
        if delivery.state in action.states
        and not (spam and action.spares_spam)
        and not (about_none and action.marks_spam)
    ]


def chosen(action: Action, selection: Selection, asked: datetime) -> list[int]:
    """Return the emails that are meant and that it can be done to, as many as one press moves."""
    states = [state for state in selection.states if state in action.states]
    return selection.ids(states, AT_ONCE, _as_of(asked), no_spam=action.spares_spam)


def act(name: str, ids: Sequence[int], by: User, about: str, asked: datetime) -> int:
    """Do it, write down who did it, and return how many it was done to.

    What has come, or come to its end, after the question was `asked` is not what was asked about: an
    email is sent again within milliseconds, and a second press would send it once more.
    """
    action, won, left = ACTIONS[name], 0, iter(ids)
    while batch := list(islice(left, BATCH)):
        won += action.move(Delivery.objects.filter(_as_of(asked), pk__in=batch), by.get_username())
    if action.sends:
        deliver_later(Delivery.objects.filter(pk__in=ids[:RUNG]))
    if ids:
        record(
            by, f"{action.label}: {won} of {emails(len(ids))} ({about})", *ids[:1] if len(ids) == 1 else ()
        )
    return won


def _as_of(asked: datetime) -> Q:
    return Q(ended_at__isnull=True, created_at__lte=asked) | Q(ended_at__lte=asked)


def pause(by: User) -> None:
    if Pause.objects.begin(by.get_username()):
        record(by, "Paused all sending")


def resume(by: User) -> None:
    doubted = go_on(by.get_username())
    if doubted is not None:
        record(by, f"Resumed all sending{f', {emails(doubted)} of a copy in doubt' if doubted else ''}")
