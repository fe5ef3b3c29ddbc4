import os
import shutil
import sqlite3
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from feedback.backup import Unusable, back_up


class Command(BaseCommand):
    help = "Copies the whole database into a new file, while everything runs; - writes it to standard output."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file")

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        to = None if file == "-" else Path(file)
        try:
            with tempfile.TemporaryDirectory(prefix=".backup-", dir=to and to.parent) as folder:
                copy = Path(folder) / "copy"
                back_up(copy)
                self._hand_over(copy, to)
        except (Unusable, OSError, DatabaseError, sqlite3.Error) as error:
            raise CommandError(f"Nothing was copied. {error}") from None

    def _hand_over(self, copy: Path, to: Path | None) -> None:
        """Give the file its name when it is whole and on the disk, and never to another's place."""
        with copy.open("rb") as file:
            if to is None:
                shutil.copyfileobj(file, sys.stdout.buffer)
                return
            os.fsync(file.fileno())
        copy.chmod(0o600)
        to.hardlink_to(copy)
        self.stdout.write(f"{to} holds a copy. Restored, it sends nothing before somebody resumes sending.")
