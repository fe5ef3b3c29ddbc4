"""`peer PEER owe N` has a peer owe so many emails, `peer PEER sent` prints how many it has sent."""

from argparse import ArgumentParser
from typing import Any

import redis
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.management.base import BaseCommand
from mailer.models import RESULT_SUCCESS, MessageLog
from post_office import mail
from post_office.models import STATUS, Email

from bench.peers.models import Note
from bench.peers.tasks import body, thank

SENDER = "feedback@localhost"
MESSAGE = "The door is too heavy. " * 5


class Command(BaseCommand):
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("peer", choices=["celery", "post_office", "mailer", "note"])
        parser.add_argument("what", choices=["owe", "sent"])
        parser.add_argument("count", type=int, nargs="?", default=0)

    def handle(self, *, peer: str, what: str, count: int, **options: Any) -> None:
        work = globals()[f"{what}_{peer}"]
        self.stdout.write(str(work(count) if what == "owe" else work()))


def owe_celery(count: int) -> None:
    for index in range(count):
        thank.delay(address(index), MESSAGE)


def owe_post_office(count: int) -> None:
    words = {"sender": SENDER, "subject": "Your Feedback", "message": body(MESSAGE)}
    mail.send_many([words | {"recipients": [address(index)]} for index in range(count)])


def owe_mailer(count: int) -> None:
    connection = get_connection("mailer.backend.DbBackend")
    connection.send_messages(
        [EmailMessage("Your Feedback", body(MESSAGE), SENDER, [address(index)]) for index in range(count)]
    )


def owe_note(count: int) -> None:
    Note.objects.bulk_create(Note(email=address(index), message=MESSAGE) for index in range(count))


def sent_celery() -> int:
    client = redis.Redis.from_url(settings.REDIS_URL)
    return sum(b'"SUCCESS"' in client.get(key) for key in client.scan_iter("celery-task-meta-*", 1000))


def sent_post_office() -> int:
    return Email.objects.filter(status=STATUS.sent).count()


def sent_mailer() -> int:
    return MessageLog.objects.filter(result=RESULT_SUCCESS).count()


def address(index: int) -> str:
    return f"visitor{index}@example.org"
