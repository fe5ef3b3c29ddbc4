from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from feedback.backup import Unusable, mark_as_copy, restore
from feedback.models import Worker

NEXT = """Nothing is sent yet. Bring the database up to date: python -m project.serve prepare
Then start everything and resume sending, at /operations/ or by: manage.py resume
What was owed when the copy was made then becomes unconfirmed, for it may have been sent after that."""


class Command(BaseCommand):
    help = (
        "Puts a copy in the place of the database. Without a file: says that this was done by other means, "
        "such as a snapshot of the disk."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?")

    def handle(self, *args: Any, file: str | None, **options: Any) -> None:
        if _is_in_use():
            raise CommandError("Nothing was restored: a worker runs. Stop them and the web server first.")
        try:
            restore(Path(file)) if file else mark_as_copy()
        except (Unusable, OSError, DatabaseError) as error:
            raise CommandError(f"Nothing was restored. {error}") from None
        self.stdout.write(NEXT)


def _is_in_use() -> bool:
    try:
        return Worker.objects.seen()
    except DatabaseError:  # there is no database yet
        return False
