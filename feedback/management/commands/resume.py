from typing import Any

from django.core.management.base import BaseCommand

from feedback.resume import resume


class Command(BaseCommand):
    help = "Lets sending go on. In a restored copy, what was owed becomes unconfirmed first."

    def handle(self, *args: Any, **options: Any) -> None:
        doubted = resume()
        if doubted is None:
            self.stdout.write("Nothing was paused.")
            return
        if doubted:
            self.stdout.write(f"Unconfirmed now: {doubted}; they may have been sent after the copy was made.")
        self.stdout.write("Sending goes on.")
