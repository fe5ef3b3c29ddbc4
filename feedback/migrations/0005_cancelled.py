from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def take_from_history(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    failed = apps.get_model("feedback", "Delivery").objects.filter(state="failed")
    failed.filter(history__regex=r'"cancelled", "[^\n]*\n$').update(cancelled=True)


class Migration(migrations.Migration):
    dependencies = [("feedback", "0004_idle_transactions")]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="cancelled",
            field=models.BooleanField(default=False, db_default=False, editable=False),
        ),
        migrations.RunPython(take_from_history, migrations.RunPython.noop),
        migrations.RemoveIndex(model_name="delivery", name="ended_by_state"),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", False)),
                fields=["state", "ended_at", "cancelled"],
                name="ended_by_state",
            ),
        ),
    ]
