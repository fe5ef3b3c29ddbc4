"""What a person may do with emails, one or many: each a conditional UPDATE that tells how many it won.

Pressed twice, or at the same time as a worker or a sweeper moves the same row, one of the two does
nothing. Who did it stands in the history, written by that same UPDATE.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Exists, F, OuterRef

from feedback.models.clock import now
from feedback.models.history import State, appended

M = TypeVar("M", bound=models.Model, covariant=True)


class OperatedQuerySet(models.QuerySet[M]):
    def unsettled(self) -> Self:
        """Without those that a person has cancelled: nobody waits for them."""
        return self.filter(cancelled=False)

    def no_spam(self) -> Self:
        # A condition and not a join, which an UPDATE would put where no other process is waited for.
        spam = self.model._default_manager.filter(pk=OuterRef("pk"), feedback__spam=True)
        return self.exclude(Exists(spam))

    def resend(self, by: str) -> int:
        """Send again what has ended and is no spam, with its whole budget and the same Message-ID."""
        ended = (State.FAILED, State.UNCONFIRMED, State.SENT)
        return self._queued_by(by, ended, "sent again")

    def release(self, by: str) -> int:
        """Send what was held as suspected spam."""
        return self._queued_by(by, (State.HELD,), "released")

    def doubt(self, until: datetime, why: str, by: str) -> int:
        """Take what was owed at a moment for unconfirmed; return how many emails that were.

        What was held stays so, for a person has to look at it anyway, and then reads why.
        """
        then = self.filter(created_at__lte=until)
        then.filter(state=State.HELD).update(history=appended(State.HELD, why, by))
        return then.filter(state__in=(State.QUEUED, State.SENDING)).update(
            state=State.UNCONFIRMED, ended_at=now(), history=appended(State.UNCONFIRMED, why, by)
        )

    def mark_as_sent(self, by: str) -> int:
        """Settle what nobody could know: a person has seen that the mail server took it."""
        # Its end stays when it was: how long the server took is measured by it.
        return self._moved_by(by, (State.UNCONFIRMED,), State.SENT, "marked as sent", ended_at=F("ended_at"))

    def cancel(self, by: str) -> int:
        """Never send what still waits. It reads as failed: it will not arrive, and a person said so."""
        return self._moved_by(by, (State.QUEUED, State.HELD), State.FAILED, "cancelled", cancelled=True)

    def _queued_by(self, by: str, states: Sequence[State], why: str) -> int:
        at_once = now()
        return self.no_spam()._moved_by(
            by,
            states,
            State.QUEUED,
            why,
            retries=0,
            transmitting=False,
            cancelled=False,
            due_at=at_once,
            ring_at=at_once,
            ended_at=None,
        )

    def _moved_by(self, by: str, states: Sequence[State], to: State, why: str, **changes: Any) -> int:
        changes = {"state": to, "history": appended(to, why, by), "ended_at": now()} | changes
        return self.filter(state__in=states).update(**changes)


OperatedManager = models.Manager.from_queryset(OperatedQuerySet)
