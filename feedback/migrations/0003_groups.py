from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

VIEWER = [
    ("feedback", "feedback", "view_feedback", "Can view feedback"),
    ("feedback", "delivery", "view_delivery", "Can view delivery"),
    ("admin", "logentry", "view_logentry", "Can view log entry"),
]
OPERATOR = [
    *VIEWER,
    ("feedback", "delivery", "operate_delivery", "Can resend, cancel, release, pause and mark as spam"),
    ("feedback", "feedback", "erase_feedback", "Can erase all data of a person"),
]


def make_groups(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # Django makes its permissions after all migrations; those made here it then finds there already.
    for name, permissions in (("viewer", VIEWER), ("operator", OPERATOR)):
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        group.permissions.add(*(_permission(apps, *permission) for permission in permissions))


def _permission(apps: StateApps, app: str, model: str, codename: str, name: str) -> models.Model:
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label=app, model=model)
    permission: models.Model
    permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind, codename=codename, defaults={"name": name}
    )
    return permission


class Migration(migrations.Migration):
    dependencies = [
        ("feedback", "0002_write_ahead_log"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
