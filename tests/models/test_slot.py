from datetime import timedelta

import pytest

from feedback.models import Slot

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
