from datetime import timedelta

import pytest

from feedback import clock
from feedback.models import Slot

pytestmark = pytest.mark.django_db


def test_a_job_runs_once_in_its_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    monkeypatch.setattr(clock, "JOBS", {"report": (timedelta(hours=1), lambda: ran.append(1))})
    clock.run_due_jobs()
    clock.run_due_jobs()
    assert ran == [1]


def test_a_job_that_fails_gives_its_slot_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError

    monkeypatch.setattr(clock, "JOBS", {"report": (timedelta(hours=1), fail)})
    with pytest.raises(RuntimeError):
        clock.run_due_jobs()
    assert Slot.objects.is_due("report", timedelta(hours=1))


def test_the_jobs_we_have_run() -> None:
    clock.run_due_jobs()
    assert set(Slot.objects.values_list("job", flat=True)) == set(clock.JOBS)
