import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from feedback.models.clock import now
from feedback.models.delivery import Delivery
from feedback.models.history import Kind, State
from feedback.models.soon import atomic_soon
from feedback.models.statement import insert

CAPPED = "this address has had enough confirmations for today"


class FeedbackQuerySet(models.QuerySet["Feedback"]):
    def mark_as_spam(self, by: str) -> int:
        """Set these apart and send nothing more about them; what is being sent right now is not stopped."""
        with transaction.atomic():
            marked = list(self.filter(spam=False).values_list("pk", flat=True))
            Delivery.objects.filter(feedback__in=marked).cancel(by)
            return self.filter(pk__in=marked, spam=False).update(spam=True)

    def mark_as_no_spam(self) -> int:
        return self.filter(spam=True).update(spam=False)


MarkingManager = models.Manager.from_queryset(FeedbackQuerySet)


class FeedbackManager(MarkingManager["Feedback"]):
    def submit(
        self, *, email: str, message: str, name: str = "", form_token: uuid.UUID | None = None, **more: str
    ) -> "tuple[Feedback, list[Delivery]]":
        """Save a feedback together with every email it owes, or nothing at all.

        The same text with the same token, as a double click sends it, is the same feedback: it is
        returned with its emails, and nothing is saved. Another text is another feedback. `held`, if
        given, is why a person has to look at it before any email goes out.
        """
        said = {"email": email, "message": message, "name": name}
        key = _submission(form_token, **said)
        try:
            return self._save(**said, **more, submission=key)
        except IntegrityError:
            return self._with_deliveries(self.get(submission=key))

    def submitted(
        self, *, form_token: uuid.UUID | None, **said: str
    ) -> "tuple[Feedback, list[Delivery]] | None":
        """Return what this very form has saved before, with its emails; None if it is new."""
        before = self.filter(submission=_submission(form_token, **said)).first() if form_token else None
        return self._with_deliveries(before) if before else None

    def sent_from(self, place: str) -> QuerySet["Feedback"]:
        """Those whose sender is known and begins like that; all places if it is empty."""
        return self.exclude(sender="").filter(sender__startswith=place)

    def forget_senders(self) -> None:
        """Forget where what is older than every limit came from."""
        longest = max((seconds for _, seconds in settings.RATE_LIMITS), default=0)
        self.sent_from("").filter(created_at__lt=now() - timedelta(seconds=longest)).update(sender="")

    def _save(self, held: str = "", **fields: Any) -> "tuple[Feedback, list[Delivery]]":
        feedback = self.model(**fields)
        with atomic_soon():
            capped = settings.RATE_LIMITS and self._has_had_enough(feedback.email)
            first_held = held or (CAPPED if capped else "")
            owed = [Delivery.owed(feedback, Kind.ACKNOWLEDGEMENT, feedback.email, first_held)]
            owed += [Delivery.owed(feedback, Kind.NOTIFICATION, to, held) for to in settings.FEEDBACK_OWNERS]
            insert([feedback], owed)
        return feedback, owed

    def _with_deliveries(self, feedback: "Feedback") -> "tuple[Feedback, list[Delivery]]":
        return feedback, list(feedback.deliveries.order_by("pk"))

    def _has_had_enough(self, recipient: str) -> bool:
        """Whether this address has had all the acknowledgements of a day; its +tags are one address."""
        user, _, domain = recipient.partition("@")
        user = user.partition("+")[0]
        tagged = Q(recipient__istartswith=f"{user}+", recipient__iendswith=f"@{domain}")
        yesterday = now() - timedelta(days=1)
        today = Delivery.objects.filter(kind=Kind.ACKNOWLEDGEMENT, created_at__gt=yesterday)
        had = today.filter(tagged | Q(recipient__iexact=f"{user}@{domain}")).exclude(state=State.HELD)
        return had.count() >= int(settings.ACKNOWLEDGEMENTS_PER_DAY)


class Feedback(models.Model):
    """What a visitor said. Its id is the only key to the visitor's page, so it is random."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    email = models.EmailField()
    name = models.CharField(max_length=100, blank=True)
    message = models.TextField(max_length=5000)
    language = models.CharField(max_length=10, default="", editable=False)
    sender = models.CharField(max_length=22, default="", editable=False)
    created_at = models.DateTimeField(default=now, editable=False, db_index=True)
    spam = models.BooleanField(default=False)

    objects = FeedbackManager()

    class Meta:
        verbose_name_plural = "feedback"
        indexes = [models.Index(fields=["created_at"], name="sender_known", condition=~Q(sender=""))]
        permissions = [("erase_feedback", "Can erase all data of a person")]

    def __str__(self) -> str:
        return f"feedback {self.reference}"

    def get_absolute_url(self) -> str:
        return reverse("feedback:show", args=[self.id])

    def refresh_from_db(
        self, using: str | None = None, fields: Any = None, from_queryset: Any = None
    ) -> None:
        # Of one that was read in part Django would read what is asked for field by field.
        if fields and self.get_deferred_fields().intersection(fields):
            fields = {*fields, *self.get_deferred_fields()}
        super().refresh_from_db(using, fields, from_queryset)

    @property
    def reference(self) -> str:
        """What a visitor can read out on the telephone."""
        return self.id.hex[:8]


def _submission(form_token: uuid.UUID | None, *, email: str, message: str, name: str) -> uuid.UUID:
    """Return what is the same for the same text from the same form, and for nothing else."""
    return uuid.uuid5(form_token, "\0".join((email, message, name))) if form_token else uuid.uuid4()
