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
    ]
