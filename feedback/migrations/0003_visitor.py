from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("feedback", "0002_write_ahead_log")]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="state",
            field=models.CharField(
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
        migrations.AddField(
            model_name="feedback",
            name="language",
            field=models.CharField(default="", editable=False, max_length=10),
        ),
        migrations.AddField(
            model_name="feedback",
            name="sender",
            field=models.CharField(default="", editable=False, max_length=22),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("kind", "acknowledgement")), fields=["created_at"], name="thanks_by_age"
            ),
        ),
        migrations.AddIndex(
            model_name="feedback",
            index=models.Index(
                condition=models.Q(("sender", ""), _negated=True), fields=["created_at"], name="sender_known"
            ),
        ),
    ]
