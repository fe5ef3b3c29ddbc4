"""One email owed to one recipient, and every move it can make.

A move is one conditional UPDATE, the same on SQLite and PostgreSQL, and tells whether it won: of
any number of processes that try the same move, one does. The attempt number fences a claim: who
claimed attempt 3 can do nothing to a delivery that is in attempt 4. Its history is written by that
same UPDATE, so that the two cannot disagree.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, Q, QuerySet
from django.db.models.expressions import Combinable
from django.utils.encoding import punycode

from feedback.models.alarm import Alarm
from feedback.models.clock import now
from feedback.models.history import Kind, Move, State, appended, begun, line, parsed, request_of
from feedback.models.operated import OperatedManager
from feedback.models.pause import Pause
from feedback.models.worker import Worker

if TYPE_CHECKING:
    from feedback.models.feedback import Feedback

LEASE = timedelta(seconds=15)
FIRST_RING = timedelta(seconds=6)  # what the ring after the commit is given before the sweeper rings
NEXT_RING = timedelta(seconds=20)


class DeliveryManager(OperatedManager["Delivery"]):
    def claim(self, pk: int, *, probe: bool = False) -> "Delivery | None":
        """Take a delivery that is due, for the time of a lease; None if there is nothing to take.

        While sending is paused everything waits. While an alarm is raised everything waits, except
        the one that a probe sends.
        """
        claim = self.due().select_related("feedback").filter(pk=pk).first()
        if claim is None:
            return None
        # What we hold is what we have written, never what is read afterwards: between the two this
        # process may freeze, and then it would read, and use, somebody else's attempt.
        seen = self.due().filter(pk=pk, attempt=claim.attempt).exclude(Exists(Pause.objects.all()))
        claim.state, claim.transmitting = State.SENDING, False
        claim.attempt, claim.due_at = claim.attempt + 1, now() + LEASE
        won = (seen if probe else seen.exclude(Exists(Alarm.objects.all()))).update(
            state=claim.state,
            transmitting=claim.transmitting,
            attempt=claim.attempt,
            due_at=claim.due_at,
            history=appended(State.SENDING, "claimed"),
        )
        return claim if won else None

    def renew(self, claims: Iterable["Delivery"]) -> None:
        """Hold on to these claims for another lease; those that are over stay as they are."""
        mine = [Q(pk=claim.pk, attempt=claim.attempt) for claim in claims]
        if mine:
            any_of_mine = Q(*mine, _connector=Q.OR)
            self.filter(any_of_mine, state=State.SENDING).update(due_at=now() + LEASE)

    def lost(self) -> QuerySet["Delivery"]:
        """The claims whose holder is gone: no live one lets its lease run out."""
        return self.filter(state=State.SENDING, due_at__lte=now())

    def doubt(self, until: datetime, why: str, by: str) -> int:
        """Take what was owed at a moment for unconfirmed; return how many emails that were.

        What was held stays so, for a person has to look at it anyway, and then reads why.
        """
        then = self.filter(created_at__lte=until)
        then.filter(state=State.HELD).update(history=appended(State.HELD, why, by))
        return then.filter(state__in=(State.QUEUED, State.SENDING)).update(
            state=State.UNCONFIRMED, ended_at=now(), history=appended(State.UNCONFIRMED, why, by)
        )

    def due(self) -> QuerySet["Delivery"]:
        return self.filter(state=State.QUEUED, due_at__lte=now())

    def followed(self) -> QuerySet["Delivery"]:
        """With whether anything is sent at all just now (`halted`), in one query."""
        halted = Exists(Alarm.objects.all()) | Exists(Pause.objects.all()) | ~Exists(Worker.objects.alive())
        return self.select_related("feedback").annotate(halted=halted)

    def take_unrung(self, limit: int) -> list[int]:
        """Win up to `limit` due deliveries that nobody has rung lately, the oldest first."""
        quiet = self.filter(state=State.QUEUED, ring_at__lte=now())
        ids = list(quiet.order_by("ring_at").values_list("pk", flat=True)[:limit])
        if not ids:
            return []
        # Another sweeper may be at the same rows: those that now carry our time are ours.
        until = now() + NEXT_RING
        won = quiet.filter(pk__in=ids).update(ring_at=until)
        if won == len(ids):
            return ids
        return list(self.filter(pk__in=ids, ring_at=until).values_list("pk", flat=True))

    def oldest_owed_seconds(self) -> int | None:
        """Return for how long the oldest email that is due has waited; None if none is."""
        oldest = self.due().aggregate(oldest=models.Min("due_at"))["oldest"]
        return int((now() - oldest).total_seconds()) if oldest else None


def _message_id() -> str:
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ")
    return f"<{uuid.uuid4()}@{punycode(domain)}>"


class Delivery(models.Model):
    """`due_at` is when the next attempt of a queued one is due, and when the lease of one being sent
    ends. `ring_at` is when the sweeper rings for it. `attempt` counts claims, `retries` those that
    were the email's own fault or bad luck: they are what its budget is spent on.
    """

    id = models.BigAutoField(primary_key=True)
    # Only a digest has none, and whoever has one in hand knows it by its kind.
    feedback: "models.ForeignKey[Feedback | Combinable, Feedback]" = models.ForeignKey(  # type: ignore[misc]
        "feedback.Feedback", models.CASCADE, null=True, related_name="deliveries"
    )
    kind = models.CharField(max_length=15, choices=Kind.choices)
    recipient = models.EmailField()
    message_id = models.CharField(max_length=255, default=_message_id, editable=False, unique=True)
    state = models.CharField(max_length=11, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    retries = models.PositiveIntegerField(default=0)
    transmitting = models.BooleanField(default=False)
    due_at = models.DateTimeField(default=now)
    ring_at = models.DateTimeField()
    created_at = models.DateTimeField(default=now, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    history = models.TextField(default="", editable=False)

    objects = DeliveryManager()

    class Meta:
        verbose_name_plural = "deliveries"
        permissions = [("operate_delivery", "Can resend, cancel, release, pause and mark as spam")]
        indexes = [
            # The due time is in it so that the oldest that is owed is found in the index alone.
            models.Index(
                fields=["ring_at", "due_at"], name="queued_by_ring", condition=Q(state=State.QUEUED)
            ),
            models.Index(fields=["due_at"], name="sending_by_due", condition=Q(state=State.SENDING)),
            models.Index(fields=["created_at"], name="thanks_by_age", condition=Q(kind=Kind.ACKNOWLEDGEMENT)),
            models.Index(fields=["created_at"], name="held_by_age", condition=Q(state=State.HELD)),
            # Written once, when an email has come to its end: it costs no POST and no claim.
            models.Index(
                fields=["state", "ended_at"], name="ended_by_state", condition=Q(ended_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} ({self.status})"

    @classmethod
    def owed(cls, feedback: "Feedback", kind: Kind, recipient: str, held: str = "") -> Self:
        """Return a delivery to be saved; `held` is why a person has to release it first, if so."""
        state = State.HELD if held else State.QUEUED
        return cls(
            state=state,
            feedback=feedback,
            kind=kind,
            recipient=recipient,
            created_at=feedback.created_at,
            due_at=feedback.created_at,
            ring_at=feedback.created_at + FIRST_RING,
            history=line(state, held or begun("saved")),
        )

    @property
    def status(self) -> str:
        """The word people read: the state, but a queued email that was tried before is retrying.

        Unless it was a person who queued it again, which is a new beginning.
        """
        tried = self.state == State.QUEUED and self.attempt and not self.moves[-1].by
        return "retrying" if tried else str(self.state)

    @property
    def in_flight(self) -> bool:
        return self.state in (State.QUEUED, State.SENDING)

    @property
    def moves(self) -> list[Move]:
        return parsed(self.history)

    @property
    def request_id(self) -> str:
        return request_of(self.moves[0])

    def begin_transmission(self) -> bool:
        """Leave the mark that from here on nobody may send this again without asking.

        To be called before the first moment at which the mail server may have taken the email.
        """
        not_yet = self._claimed() & Q(transmitting=False)
        self.transmitting = self._move(not_yet, transmitting=True, due_at=now() + LEASE)
        return self.transmitting

    def mark_sent(self, reply: str) -> bool:
        """Record the server's acceptance, also where the claim was given up for lost meanwhile."""
        mine = Q(attempt=self.attempt, state__in=[State.SENDING, State.UNCONFIRMED])
        return self._move(mine, State.SENT, reply, ended_at=now())

    def mark_failed(self, why: str) -> bool:
        return self._move(self._claimed(), State.FAILED, why, ended_at=now())

    def mark_unconfirmed(self, why: str) -> bool:
        return self._move(self._claimed(), State.UNCONFIRMED, why, ended_at=now())

    def retry(self, why: str, delay: timedelta) -> bool:
        """Queue this again, at the cost of one retry of its budget."""
        return self._queue(why, delay, retries=F("retries") + 1)

    def wait(self, why: str) -> bool:
        """Queue this again at no cost: what went wrong was not about this email."""
        return self._queue(why, timedelta())

    def _queue(self, why: str, delay: timedelta, **changes: Any) -> bool:
        then = now() + delay
        return self._move(self._claimed(), State.QUEUED, why, due_at=then, ring_at=then, **changes)

    def _claimed(self) -> Q:
        # Also that the mark is as we know it: who takes a claim for lost must not win over its
        # holder that has just begun to transmit.
        return Q(attempt=self.attempt, state=State.SENDING, transmitting=self.transmitting)

    def _move(self, guard: Q, to: State | None = None, why: str = "", **changes: Any) -> bool:
        if to:
            changes |= {"state": to, "history": appended(to, why)}
        return Delivery.objects.filter(guard, pk=self.pk).update(**changes) == 1
