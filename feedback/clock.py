"""The periodic jobs. They ride in the workers, so there is no process more to run."""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import transaction

from feedback.digest import PERIODS
from feedback.models import Feedback, Pause, Slot, Tally, Worker
from feedback.privacy import forget_the_old
from feedback.tasks import deliver_digests

log = logging.getLogger(__name__)


def _send_digests() -> None:
    if Feedback.objects.exists():  # a site that nobody has written to yet needs no report
        deliver_digests()


JOBS: dict[str, tuple[timedelta, Callable[[], None]]] = {
    "tally": (timedelta(minutes=1), Tally.objects.catch_up),
    "thin out tallies": (timedelta(days=1), Tally.objects.thin_out),
    "forget old feedback": (timedelta(minutes=10), forget_the_old),
    "forget senders": (timedelta(hours=1), Feedback.objects.forget_senders),
    "forget dead workers": (timedelta(days=1), Worker.objects.forget_the_dead),
}
if settings.DIGEST in PERIODS:
    JOBS["digest"] = (PERIODS[settings.DIGEST], _send_digests)


def run_due_jobs() -> None:
    """Run every job whose time slot has come and that no other worker has run in it."""
    if Pause.objects.of_a_copy().exists():
        return  # its slots are those of then: the digest of today may have gone out
    for name, (every, job) in JOBS.items():
        if Slot.objects.is_due(name, every):
            _run(name, every, job)


def _run(name: str, every: timedelta, job: Callable[[], None]) -> None:
    try:
        with transaction.atomic():  # a job that fails gives its slot back
            if Slot.objects.take(name, every):
                job()
    except Exception as error:  # the other jobs, and the emails that are owed, must not wait for it
        log.error("the job %r met %s: %s; it is tried again", name, type(error).__name__, error)
