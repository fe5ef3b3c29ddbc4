"""What was said (`Feedback`), the emails it owes (`Delivery`), and every move a delivery can make.

A move is one conditional UPDATE, the same on SQLite and PostgreSQL, and tells whether it won: of
any number of processes that try the same move, one does. The attempt number fences a claim: who
claimed attempt 3 can do nothing to a delivery that is in attempt 4. Nothing here does I/O beyond
the database.
"""

import json
import uuid
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils import timezone

LEASE = timedelta(seconds=15)
RING_GRACE = timedelta(seconds=6)  # how long the first ring may take before the sweeper rings
WORKER_PATIENCE = timedelta(seconds=15)


class State(models.TextChoices):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"


class Kind(models.TextChoices):
    ACKNOWLEDGEMENT = "acknowledgement"  # to the visitor
    NOTIFICATION = "notification"  # to an owner


class Move(NamedTuple):
    """One line of a delivery's history."""

    at: datetime
    to: State
    why: str


class FeedbackManager(models.Manager["Feedback"]):
    def submit(self, *, email: str, message: str, name: str = "") -> "tuple[Feedback, list[Delivery]]":
        """Save a feedback together with every email it owes, or nothing at all."""
        with transaction.atomic():
            feedback = self.create(email=email, message=message, name=name)
            owed = [Delivery.owed(feedback, Kind.ACKNOWLEDGEMENT, email)]
            owed += [Delivery.owed(feedback, Kind.NOTIFICATION, to) for to in settings.FEEDBACK_OWNERS]
            return feedback, Delivery.objects.bulk_create(owed)


class Feedback(models.Model):
    """What a visitor said. Its id is the only key to the visitor's page, so it is random."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField()
    name = models.CharField(max_length=100, blank=True)
    message = models.TextField(max_length=5000)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = FeedbackManager()

    class Meta:
        verbose_name_plural = "feedback"

    def __str__(self) -> str:
        return f"feedback {self.reference}"

    def get_absolute_url(self) -> str:
        return reverse("feedback:show", args=[self.id])

    @property
    def reference(self) -> str:
        """What a visitor can read out on the telephone."""
        return self.id.hex[:8]

    @property
    def acknowledgement(self) -> "Delivery":
        """The visitor's own email: the one their page tells about."""
        return self.deliveries.get(kind=Kind.ACKNOWLEDGEMENT)


class DeliveryManager(models.Manager["Delivery"]):
    def claim(self, pk: int) -> "Delivery | None":
        """Take a delivery that is due, for the time of a lease; None if there is nothing to take.

        A delivery whose last holder died before the transmission began can be taken again.
        """
        now = timezone.now()
        due = Q(state=State.QUEUED) | Q(state=State.SENDING, transmitting=False)
        won = self.filter(due, pk=pk, due_at__lte=now).update(
            state=State.SENDING,
            attempt=F("attempt") + 1,
            due_at=now + LEASE,
            ring_at=now + LEASE,
            history=_appended(State.SENDING, "claimed"),
        )
        return self.select_related("feedback").get(pk=pk) if won else None

    def oldest_owed_seconds(self) -> int | None:
        """Return for how long the oldest email that is due has waited; None if none is."""
        due = self.filter(state__in=[State.QUEUED, State.SENDING], due_at__lte=timezone.now())
        oldest = due.aggregate(oldest=models.Min("due_at"))["oldest"]
        return int((timezone.now() - oldest).total_seconds()) if oldest else None


def _message_id() -> str:
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ")
    return f"<{uuid.uuid4()}@{domain}>"


class Delivery(models.Model):
    """One email owed to one recipient, and where it stands.

    `due_at` is when the row may next be claimed: the next attempt of a queued one, the end of the
    lease of one being sent. `ring_at` is when the sweeper next looks at it.
    """

    id = models.BigAutoField(primary_key=True)
    feedback = models.ForeignKey(Feedback, models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=15, choices=Kind.choices)
    recipient = models.EmailField()
    message_id = models.CharField(max_length=255, default=_message_id, editable=False, unique=True)
    state = models.CharField(max_length=11, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    transmitting = models.BooleanField(default=False)
    due_at = models.DateTimeField(default=timezone.now)
    ring_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)
    history = models.TextField(default="", editable=False)

    objects = DeliveryManager()

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(
                fields=["ring_at"], name="owed", condition=Q(state__in=[State.QUEUED, State.SENDING])
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} ({self.status})"

    @classmethod
    def owed(cls, feedback: Feedback, kind: Kind, recipient: str) -> Self:
        return cls(
            feedback=feedback,
            kind=kind,
            recipient=recipient,
            created_at=feedback.created_at,
            due_at=feedback.created_at,
            ring_at=feedback.created_at + RING_GRACE,
            history=_line(State.QUEUED, "saved"),
        )

    @property
    def status(self) -> str:
        """The word people read: the state, but a queued email that was tried before is retrying."""
        return "retrying" if self.state == State.QUEUED and self.attempt else str(self.state)

    @property
    def in_flight(self) -> bool:
        return self.state in (State.QUEUED, State.SENDING)

    @property
    def moves(self) -> list[Move]:
        lines = map(json.loads, self.history.splitlines())
        return [Move(datetime.fromisoformat(at), State(to), why) for at, to, why in lines]

    def begin_transmission(self) -> bool:
        """Leave the mark that from here on nobody may send this again without asking.

        To be called before the first moment at which the mail server may have taken the email.
        """
        self.transmitting = self._move(self._claimed(), transmitting=True, due_at=timezone.now() + LEASE)
        return self.transmitting

    def mark_sent(self, reply: str) -> bool:
        """Record the server's acceptance, also where the delivery was held for lost meanwhile."""
        mine = Q(attempt=self.attempt, state__in=[State.SENDING, State.UNCONFIRMED])
        return self._move(mine, State.SENT, reply, sent_at=timezone.now())

    def mark_failed(self, why: str) -> bool:
        return self._move(self._claimed(), State.FAILED, why)

    def mark_unconfirmed(self, why: str) -> bool:
        return self._move(self._claimed(), State.UNCONFIRMED, why)

    def retry_later(self, why: str, delay: timedelta) -> bool:
        due_at = timezone.now() + delay
        return self._move(
            self._claimed(), State.QUEUED, why, transmitting=False, due_at=due_at, ring_at=due_at
        )

    def _claimed(self) -> Q:
        return Q(attempt=self.attempt, state=State.SENDING)

    def _move(self, guard: Q, to: State | None = None, why: str = "", **changes: Any) -> bool:
        if to:
            changes |= {"state": to, "history": _appended(to, why)}
        return Delivery.objects.filter(guard, pk=self.pk).update(**changes) == 1


def _line(to: State, why: str) -> str:
    return json.dumps([timezone.now().isoformat(), to, why[:500]]) + "\n"


def _appended(to: State, why: str) -> Concat:
    # In the same UPDATE as the move itself, so that the two cannot disagree.
    return Concat(F("history"), Value(_line(to, why)), output_field=models.TextField())


class WorkerManager(models.Manager["Worker"]):
    def beat(self, name: str) -> None:
        self.update_or_create(name=name, defaults={"seen_at": timezone.now()})
        self.filter(seen_at__lt=timezone.now() - timedelta(days=1)).delete()

    def seen(self) -> bool:
        return self.filter(seen_at__gte=timezone.now() - WORKER_PATIENCE).exists()


class Worker(models.Model):
    """A worker process and when it was last known to live."""

    name = models.CharField(max_length=255, primary_key=True)
    seen_at = models.DateTimeField()

    objects = WorkerManager()

    def __str__(self) -> str:
        return self.name
