"""Erases what need not or must not be kept. What is left are counts."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import connection, transaction
from django.db.models import Q

from feedback.models import Delivery, Feedback, State, Tally
from feedback.models.clock import now
from project.mailbox import store

AT_ONCE = 1000  # feedback that one round erases, so that nobody waits long for the database
OWED = (State.QUEUED, State.SENDING)
ERASED = "(erased)"


class Erased(NamedTuple):
    feedback: int
    emails: int
    files: int
    mentions: int  # what other people wrote that names the address; it is theirs, so it stays

    def __str__(self) -> str:
        said = f"Erased: {self.feedback} feedback, {self.emails} emails, {self.files} files of the mailbox."
        if self.mentions:
            said += f" {self.mentions} messages by other people mention this address; please look at them."
        return said


def forget(address: str) -> Erased:
    """Erase everything about a person: what they said, every email to them, its history and its copies.

    An email about them that is being sent right now still goes out; what was rung for finds nothing.
    """
    address = address.strip()
    with _leaving_no_trace():
        with transaction.atomic():
            Tally.objects.take_now()
            theirs = Feedback.objects.filter(email__iexact=address)
            emails = Delivery.objects.filter(Q(feedback__in=theirs) | Q(recipient__iexact=address))
            counts = theirs.count(), emails.count()
            emails.delete()
            theirs.delete()
            _blank_the_record(address)
        files = store.forget(Path(settings.MAILBOX_DIR), address) if settings.MAILBOX_DIR else 0
    return Erased(*counts, files, Feedback.objects.filter(message__icontains=address).count())


def forget_the_old() -> None:
    """Erase what is older than FEEDBACK_KEEP_DAYS, unless an email about it is still owed."""
    if not settings.FEEDBACK_KEEP_DAYS:
        return
    before = now() - timedelta(days=settings.FEEDBACK_KEEP_DAYS)
    owed = Delivery.objects.filter(state__in=OWED, feedback__isnull=False).values("feedback")
    old = Feedback.objects.filter(created_at__lt=before).exclude(pk__in=owed).order_by("created_at")
    Feedback.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:AT_ONCE])).delete()
    for state in (State.SENT, State.FAILED, State.UNCONFIRMED):
        Delivery.objects.filter(state=state, ended_at__lt=before, feedback=None).delete()
    if settings.MAILBOX_DIR:
        store.forget_before(Path(settings.MAILBOX_DIR), before)


@contextmanager
def _leaving_no_trace() -> Iterator[None]:
    """Have SQLite overwrite what it deletes, in its file and in its log."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete=ON")
        try:
            yield
        finally:
            cursor.execute("PRAGMA secure_delete=OFF")
            if not connection.in_atomic_block:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _blank_the_record(address: str) -> None:
    """Who filtered by an address left it in the record of what was done."""
    named = re.compile(re.escape(address), re.IGNORECASE)
    for entry in LogEntry.objects.filter(change_message__icontains=address):
        entry.change_message = named.sub(ERASED, entry.change_message)
        entry.save(update_fields=["change_message"])
