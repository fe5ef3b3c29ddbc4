import uuid

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.urls import reverse
from django.utils import timezone

from feedback.models.delivery import Delivery
from feedback.models.history import Kind


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
        self, *, email: str, message: str, name: str = "", form_token: uuid.UUID | None = None
    ) -> "tuple[Feedback, list[Delivery]]":
        """Save a feedback together with every email it owes, or nothing at all.

        The same text with the same token, as a double click sends it, is the same feedback: it is
        returned with its emails, and nothing is saved. Another text is another feedback.
        """
        said = {"email": email, "message": message, "name": name}
        form_token = form_token or uuid.uuid4()
        try:
            return self._save(said, form_token)
        except IntegrityError:
            before = self.filter(form_token=form_token, **said).first()
        return (before, list(before.deliveries.order_by("pk"))) if before else self._save(said, uuid.uuid4())

    def _save(self, said: dict[str, str], form_token: uuid.UUID) -> "tuple[Feedback, list[Delivery]]":
        with transaction.atomic():
            feedback = self.create(form_token=form_token, **said)
            owed = [Delivery.owed(feedback, Kind.ACKNOWLEDGEMENT, feedback.email)]
            owed += [Delivery.owed(feedback, Kind.NOTIFICATION, to) for to in settings.FEEDBACK_OWNERS]
            return feedback, Delivery.objects.bulk_create(owed)


class Feedback(models.Model):
    """What a visitor said. Its id is the only key to the visitor's page, so it is random."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    form_token = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    email = models.EmailField()
    name = models.CharField(max_length=100, blank=True)
    message = models.TextField(max_length=5000)
    created_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    spam = models.BooleanField(default=False)

    objects = FeedbackManager()

    class Meta:
        verbose_name_plural = "feedback"
        permissions = [("erase_feedback", "Can erase all data of a person")]

    def __str__(self) -> str:
        return f"feedback {self.reference}"

    def get_absolute_url(self) -> str:
        return reverse("feedback:show", args=[self.id])

    @property
    def reference(self) -> str:
        """What a visitor can read out on the telephone."""
        return self.id.hex[:8]
