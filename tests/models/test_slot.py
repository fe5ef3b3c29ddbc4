from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from feedback.models import Slot, clock, slot

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_a_slot_is_won_once() -> None:
    assert Slot.objects.is_due("digest", DAY)
    assert Slot.objects.take("digest", DAY)
    assert not Slot.objects.is_due("digest", DAY)
    assert not Slot.objects.take("digest", DAY)


def test_slots_that_were_missed_are_won_once_late() -> None:
    Slot.objects.take("digest", DAY)
    Slot.objects.filter(job="digest").update(number=100)
    assert Slot.objects.take("digest", DAY)
    assert not Slot.objects.take("digest", DAY)


def test_jobs_have_slots_of_their_own() -> None:
    assert Slot.objects.take("digest", DAY)
    assert Slot.objects.take("retention", DAY)


def test_a_week_begins_on_monday(monkeypatch: pytest.MonkeyPatch) -> None:
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    numbers = []
    for moment in (monday - timedelta(seconds=1), monday, monday + timedelta(days=6)):
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        numbers.append(slot._current(timedelta(days=7)))
    assert numbers[0] + 1 == numbers[1] == numbers[2]


def test_what_people_ask_for_is_won_once_for_each_question() -> None:
    asked = clock.now()
    assert Slot.objects.win("digest on request", asked)
    assert not Slot.objects.win("digest on request", asked)
    assert Slot.objects.win("digest on request", clock.now() + timedelta(seconds=1))
