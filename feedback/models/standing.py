from feedback.models.clock import now
from feedback.models.delivery import Delivery
from feedback.models.history import State

MANY = 100_000  # where a count for people ends
UNENDED = (State.QUEUED, State.SENDING, State.HELD)
LOOKED_AT = 20  # emails among which one that was tried in vain is sought


def standing() -> dict[str, int]:
    """Return how many emails stand in each state but sent, counted no further than people care.

    Every count is read from a small index; that of all that was ever sent would be from a large one.
    """
    return {state.value: _count(state) for state in State if state != State.SENT}


def tried_in_vain() -> Delivery | None:
    """Return an email that is owed still after attempts that failed: the one that pauses for longest.

    While the mail server cannot be reached nothing is due for long, since each attempt ends in a pause.
    """
    queued = Delivery.objects.filter(state=State.QUEUED).order_by("-ring_at")[:LOOKED_AT]
    sending = Delivery.objects.filter(state=State.SENDING).order_by("-due_at")[:LOOKED_AT]
    return next((email for email in [*queued, *sending] if email.retries), None)


def oldest_owed_seconds() -> int | None:
    """Return for how long somebody has waited for an email that is due, or was and failed; None if none."""
    due, tried = Delivery.objects.oldest_due_seconds(), tried_in_vain()
    waits = [] if due is None else [due]
    return max([*waits, int((now() - tried.created_at).total_seconds())] if tried else waits, default=None)


def _count(state: State) -> int:
    ended = {} if state in UNENDED else {"ended_at__isnull": False}  # as the index has it
    standing = Delivery.objects.filter(state=state, **ended)
    counted = standing.unsettled() if state == State.FAILED else standing
    return counted.values("pk")[:MANY].count()
