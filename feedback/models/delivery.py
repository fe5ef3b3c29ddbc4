"""One email owed to one recipient, and every move it can make.

A move is one conditional UPDATE, the same on SQLite and PostgreSQL, and tells whether it won: of
any number of processes that try the same move, one does. The attempt number fences a claim: who
claimed attempt 3 can do nothing to a delivery that is in attempt 4. Its history is written by that
same UPDATE, so that the two cannot disagree.
"""

import uuid
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import Combinable
from django.utils.encoding import punycode
from django.utils.functional import cached_property

from feedback.models.clock import now
from feedback.models.history import Kind, Move, State, appended, begun, last, line, parsed, request_of
from feedback.models.queue import FIRST_RING, DeliveryManager

if TYPE_CHECKING:
    from feedback.models.feedback import Feedback


def _message_id() -> str:
    return f"<{uuid.uuid4()}@{_domain_of(settings.DEFAULT_FROM_EMAIL)}>"


@lru_cache(maxsize=1)
def _domain_of(sender: str) -> str:
    return punycode(sender.rpartition("@")[2].strip("> "))


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
    message_id = models.CharField(max_length=255, default=_message_id, editable=False)
    state = models.CharField(max_length=11, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    retries = models.PositiveIntegerField(default=0)
    transmitting = models.BooleanField(default=False)
    # By a person: nobody waits for it.
    cancelled = models.BooleanField(default=False, db_default=False, editable=False)
    due_at = models.DateTimeField(default=now)
    ring_at = models.DateTimeField()
    created_at = models.DateTimeField(default=now, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    history = models.TextField(default="", editable=False)

    objects = DeliveryManager()

    in_hand = False  # whether it was us who claimed it
    slow = False  # whether email was late when somebody looked

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
                fields=["state", "ended_at", "cancelled"],
                name="ended_by_state",
                condition=Q(ended_at__isnull=False),
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
        tried = self.state == State.QUEUED and self.attempt and not last(self.history).by
        return "retrying" if tried else str(self.state)

    @property
    def in_flight(self) -> bool:
        return self.state in (State.QUEUED, State.SENDING)

    @property
    def moves(self) -> list[Move]:
        return parsed(self.history)

    @cached_property
    def request_id(self) -> str:
        return request_of(self.history)

    def mark_sent(self, reply: str) -> bool:
        return Delivery.objects.mark_sent({self: reply}) == 1

    def mark_failed(self, why: str) -> bool:
        return self._move(State.FAILED, why, ended_at=now())

    def mark_unconfirmed(self, why: str) -> bool:
        return self._move(State.UNCONFIRMED, why, ended_at=now())

    def retry(self, why: str, delay: timedelta) -> bool:
        """Queue this again, at the cost of one retry of its budget."""
        return self._queue(why, delay, retries=F("retries") + 1)

    def wait(self, why: str) -> bool:
        """Queue this again at no cost: what went wrong was not about this email."""
        return self._queue(why, timedelta())

    def _queue(self, why: str, delay: timedelta, **changes: Any) -> bool:
        then = now() + delay
        return self._move(State.QUEUED, why, due_at=then, ring_at=then, ended_at=None, **changes)

    def _move(self, to: State, why: str, **changes: Any) -> bool:
        claimed = Delivery.objects.filter(pk=self.pk, attempt=self.attempt).filter(self._unmoved())
        return claimed.update(state=to, history=appended(to, why), **changes) == 1

    def _unmoved(self) -> Q:
        if self.in_hand:  # we know what became of it, also where others have given it up for lost
            return Q(state__in=(State.SENDING, State.UNCONFIRMED))
        # Only while the mark is as we know it: who takes a claim for lost must not win over its
        # holder that has just begun to transmit.
        return Q(state=State.SENDING, transmitting=self.transmitting)
