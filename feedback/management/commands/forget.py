from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from feedback.privacy import forget


class Command(BaseCommand):
    help = "Erases everything about the person with this address; the counts stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address")

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        try:
            validate_email(address.strip())
        except ValidationError:
            raise CommandError("This is no email address; nothing was erased.") from None
        self.stdout.write(str(forget(address)))
