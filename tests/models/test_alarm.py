from datetime import timedelta

import pytest
from django.utils import timezone

from feedback.models import Alarm

pytestmark = pytest.mark.django_db


def passed(seconds: float) -> None:
    alarm = Alarm.objects.get()
    gone = timedelta(seconds=seconds)
    Alarm.objects.update(since=alarm.since - gone, probe_at=alarm.probe_at - gone)


def test_an_alarm_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    Alarm.objects.raise_for("535 bad password")
    Alarm.objects.raise_for("535 bad password")
    assert caplog.text.count("The mail server refuses this site (535 bad password)") == 1


def test_one_worker_wins_the_probe() -> None:
    Alarm.objects.raise_for("535 bad password")
    assert not Alarm.objects.win_probe()
    passed(6)
    assert Alarm.objects.win_probe()
    assert not Alarm.objects.win_probe()


def test_probes_become_rarer_with_the_age_of_the_alarm() -> None:
    Alarm.objects.raise_for("535 bad password")
    pauses = []
    for _ in range(8):
        passed((Alarm.objects.get().probe_at - timezone.now()).total_seconds() + 0.1)
        assert Alarm.objects.win_probe()
        pauses.append(round((Alarm.objects.get().probe_at - timezone.now()).total_seconds()))
    assert pauses == sorted(pauses)
    assert pauses[0] == 5
    assert pauses[-1] == 300


def test_the_end_of_an_alarm_is_said(caplog: pytest.LogCaptureFixture) -> None:
    Alarm.objects.raise_for("535 bad password")
    Alarm.objects.clear()
    Alarm.objects.clear()
    assert not Alarm.objects.exists()
    assert caplog.text.count("takes our email again") == 1
