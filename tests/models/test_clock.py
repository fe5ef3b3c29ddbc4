from datetime import datetime, timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from feedback.models import clock

true_now = timezone.now


@pytest.mark.django_db
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_wrong_is_put_right_by_the_databases(
    hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "_ahead", timedelta())
    monkeypatch.setattr(clock, "_measure_at", 0.0)
    monkeypatch.setattr(timezone, "now", lambda: true_now() + timedelta(hours=hours))
    assert abs(clock.now() - true_now()) < timedelta(seconds=1)


@pytest.mark.django_db
def test_a_clock_that_is_right_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_measure_at", 0.0)
    noon = datetime.fromisoformat("2026-11-22T12:00:00+00:00")
    clock.now()
    monkeypatch.setattr(timezone, "now", lambda: noon)
    assert clock.now() == noon


def test_the_time_can_be_told_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        vendor = "sqlite"

        def cursor(self) -> None:
            raise OperationalError("disk I/O error")

    monkeypatch.setattr(clock, "connection", Gone())
    monkeypatch.setattr(clock, "_measure_at", 0.0)
    assert abs(clock.now() - true_now()) < timedelta(seconds=1)
