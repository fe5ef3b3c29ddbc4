import uuid

import django.db.models.deletion
from django.db import migrations, models

import feedback.models.clock
import feedback.models.delivery


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("id", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("why", models.TextField()),
                ("since", models.DateTimeField()),
                ("probe_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="LoginTries",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("since", models.DateTimeField()),
                ("count", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Pause",
            fields=[
                ("id", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("by", models.CharField(max_length=150)),
                ("since", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Slot",
            fields=[
                ("job", models.CharField(max_length=50, primary_key=True, serialize=False)),
                ("number", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("at", models.DateTimeField(primary_key=True, serialize=False)),
                ("submitted", models.BigIntegerField(default=0)),
                ("sent", models.BigIntegerField(default=0)),
                ("failed", models.BigIntegerField(default=0)),
                ("unconfirmed", models.BigIntegerField(default=0)),
                ("seconds", models.FloatField(default=0)),
                ("within", models.JSONField(default=list)),
                ("median", models.FloatField(null=True)),
                ("p95", models.FloatField(null=True)),
                ("standing", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="Worker",
            fields=[
                ("name", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Feedback",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("submission", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("email", models.EmailField(max_length=254)),
                ("name", models.CharField(blank=True, max_length=100)),
                ("message", models.TextField(max_length=5000)),
                ("language", models.CharField(default="", editable=False, max_length=10)),
                ("sender", models.CharField(default="", editable=False, max_length=22)),
                (
                    "created_at",
                    models.DateTimeField(db_index=True, default=feedback.models.clock.now, editable=False),
                ),
                ("spam", models.BooleanField(default=False)),
            ],
            options={
                "verbose_name_plural": "feedback",
                "permissions": [("erase_feedback", "Can erase all data of a person")],
                "indexes": [
                    models.Index(
                        condition=models.Q(("sender", ""), _negated=True),
                        fields=["created_at"],
                        name="sender_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("acknowledgement", "Acknowledgement"),
                            ("notification", "Notification"),
                            ("test", "Test"),
                            ("digest", "Digest"),
                        ],
                        max_length=15,
                    ),
                ),
                ("recipient", models.EmailField(max_length=254)),
                (
                    "message_id",
                    models.CharField(
                        default=feedback.models.delivery._message_id,
                        editable=False,
                        max_length=255,
                        unique=True,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("sending", "Sending"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("unconfirmed", "Unconfirmed"),
                            ("held", "Held"),
                        ],
                        default="queued",
                        max_length=11,
                    ),
                ),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("retries", models.PositiveIntegerField(default=0)),
                ("transmitting", models.BooleanField(default=False)),
                ("due_at", models.DateTimeField(default=feedback.models.clock.now)),
                ("ring_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(default=feedback.models.clock.now, editable=False)),
                ("ended_at", models.DateTimeField(editable=False, null=True)),
                ("history", models.TextField(default="", editable=False)),
                (
                    "feedback",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="feedback.feedback",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "permissions": [("operate_delivery", "Can resend, cancel, release, pause and mark as spam")],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "queued")),
                        fields=["ring_at", "due_at"],
                        name="queued_by_ring",
                    ),
                    models.Index(
                        condition=models.Q(("state", "sending")), fields=["due_at"], name="sending_by_due"
                    ),
                    models.Index(
                        condition=models.Q(("kind", "acknowledgement")),
                        fields=["created_at"],
                        name="thanks_by_age",
                    ),
                    models.Index(
                        condition=models.Q(("state", "held")), fields=["created_at"], name="held_by_age"
                    ),
                    models.Index(
                        condition=models.Q(("ended_at__isnull", False)),
                        fields=["state", "ended_at"],
                        name="ended_by_state",
                    ),
                ],
            },
        ),
    ]
