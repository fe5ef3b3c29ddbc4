from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# Kept with the role, since pgbouncer refuses a connection that asks for it.
ALTER_ROLE = """
DO $$ BEGIN EXECUTE format(
    'ALTER ROLE %I IN DATABASE %I SET idle_in_transaction_session_timeout = ''30s''',
    current_user, current_database()
); END $$
"""


def end_idle_transactions(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # A host that is cut off in a transaction keeps its locks until the server misses it: after hours.
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(ALTER_ROLE, params=None)  # its %I are not ours


class Migration(migrations.Migration):
    dependencies = [("feedback", "0003_groups")]
    operations = [migrations.RunPython(end_idle_transactions, migrations.RunPython.noop)]
