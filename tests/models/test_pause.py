import pytest

from feedback.models import Alarm, Delivery, Pause
from feedback.sweeper import EVERY_SECONDS, sweep


def test_while_sending_is_paused_nothing_is_claimed_not_even_by_a_probe(owed: Delivery) -> None:
    Pause.objects.begin("grace")
    Alarm.objects.raise_for("535 bad password")
    assert Delivery.objects.claim(owed.pk) is None
    assert Delivery.objects.claim(owed.pk, probe=True) is None
    Pause.objects.end()
    assert Delivery.objects.claim(owed.pk, probe=True)


def test_while_sending_is_paused_the_sweeper_rings_for_nothing(owed: Delivery) -> None:
    Pause.objects.begin("grace")
    before = owed.ring_at
    Delivery.objects.filter(pk=owed.pk).update(ring_at=owed.created_at)
    assert sweep() == EVERY_SECONDS
    assert Delivery.objects.get(pk=owed.pk).ring_at == owed.created_at < before


def test_an_email_in_hand_is_finished_while_sending_is_paused(owed: Delivery) -> None:
    claimed = Delivery.objects.claim(owed.pk)
    Pause.objects.begin("grace")
    assert claimed
    Delivery.objects.begin_transmission([claimed])
    assert claimed.transmitting
    assert claimed.mark_sent("250 ok")


@pytest.mark.django_db
def test_pausing_twice_keeps_who_was_first_and_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    assert Pause.objects.begin("grace")
    assert not Pause.objects.begin("ada")
    assert Pause.objects.get().by == "grace"
    assert caplog.text.count("paused sending") == 1
    assert Pause.objects.end()
    assert not Pause.objects.end()
