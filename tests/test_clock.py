from datetime import timedelta

import pytest
from django.utils import timezone
from dramatiq.brokers.stub import StubBroker

from feedback import clock
from feedback.models import Delivery, Slot
from feedback.worker import Housekeeping

pytestmark = pytest.mark.django_db


def test_a_job_runs_once_in_its_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    monkeypatch.setattr(clock, "JOBS", {"report": (timedelta(hours=1), lambda: ran.append(1))})
    clock.run_due_jobs()
    clock.run_due_jobs()
    assert ran == [1]


def test_a_job_that_fails_gives_its_slot_back_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[int] = []
    hour = timedelta(hours=1)
    monkeypatch.setattr(clock, "JOBS", {"report": (hour, _fail), "next": (hour, lambda: ran.append(1))})
    clock.run_due_jobs()
    assert Slot.objects.is_due("report", hour)
    assert ran == [1]
    assert "the job 'report' met RuntimeError: no paper; it is tried again" in caplog.text


def test_a_job_that_fails_does_not_hold_up_the_emails(
    owed: Delivery, broker: StubBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    Delivery.objects.update(ring_at=timezone.now() - timedelta(seconds=1))
    monkeypatch.setattr(clock, "JOBS", {"report": (timedelta(hours=1), _fail)})
    Housekeeping()._sweep()
    assert broker.queues["email"].qsize() == 2


def test_the_jobs_we_have_run() -> None:
    clock.run_due_jobs()
    assert set(Slot.objects.values_list("job", flat=True)) == set(clock.JOBS)


def _fail() -> None:
    raise RuntimeError("no paper")
