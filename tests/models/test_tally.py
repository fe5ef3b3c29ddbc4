from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from feedback.models import Delivery, Feedback, State, Tally, standing
from feedback.models.tally import BOUNDS, MINUTE

Submit = Callable[..., Delivery]


def ended(delivery: Delivery, state: str, ago: timedelta, took: float = 0.2) -> None:
    at = timezone.now() - ago
    began = at - timedelta(seconds=took)
    Delivery.objects.filter(pk=delivery.pk).update(state=state, ended_at=at, created_at=began)
    Feedback.objects.filter(deliveries=delivery).update(created_at=at)


def last() -> Tally:
    tally = Tally.objects.last_one()
    assert tally
    return tally


def test_totals_are_of_all_that_has_ended(submit: Submit) -> None:
    for state in (State.SENT, State.SENT, State.FAILED, State.UNCONFIRMED):
        ended(submit(), state, 5 * MINUTE)
    Tally.objects.catch_up()
    tally = last()
    assert (tally.submitted, tally.sent, tally.failed, tally.unconfirmed) == (4, 2, 1, 1)


def test_taken_twice_counts_nothing_twice(submit: Submit) -> None:
    ended(submit(), State.SENT, 5 * MINUTE)
    Tally.objects.catch_up()
    Tally.objects.catch_up()
    assert last().sent == 1


def test_what_is_erased_or_sent_again_stays_counted(submit: Submit) -> None:
    again, erased = submit(), submit()
    ended(again, State.FAILED, 5 * MINUTE)
    ended(erased, State.SENT, timedelta())
    Tally.objects.take_now()
    Delivery.objects.filter(pk=again.pk).resend("grace")
    erased.feedback.delete()
    Tally.objects.take_now()
    assert (last().failed, last().sent) == (1, 1)


def test_how_long_it_took_is_counted_by_bounds(submit: Submit) -> None:
    for took in (0.2, 0.2, 0.2, 40):
        ended(submit(), State.SENT, timedelta(), took)
    Tally.objects.take_now()
    counts = dict(zip(BOUNDS, last().within, strict=True))
    assert (counts[0.1], counts[0.25], counts[30], counts[60], counts[3600]) == (0, 3, 3, 4, 4)
    assert last().median == pytest.approx(0.2)
    assert last().p95 == pytest.approx(34.03)
    assert last().seconds == pytest.approx(40.6)


def test_after_a_long_silence_it_goes_by_the_hour(submit: Submit) -> None:
    ended(submit(), State.SENT, timedelta(days=3))
    Tally.objects.catch_up()
    assert 70 < Tally.objects.count() < 200
    assert last().sent == 1


def test_minutes_are_kept_for_two_days_and_days_for_ever(db: None) -> None:
    now = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
    ages = [timedelta(minutes=7), timedelta(days=3), timedelta(days=3, minutes=7), timedelta(days=40)]
    midnight = now - timedelta(days=40, hours=12)
    Tally.objects.bulk_create(Tally(at=at) for at in [*(now - age for age in ages), midnight])
    Tally.objects.thin_out()
    assert set(Tally.objects.values_list("at", flat=True)) == {now - ages[0], now - ages[1], midnight}


def test_how_many_stand_where_is_told_without_those_that_were_sent(submit: Submit) -> None:
    ended(submit(), State.SENT, MINUTE)
    ended(submit(), State.FAILED, MINUTE)
    assert standing() == {"queued": 2, "sending": 0, "failed": 1, "unconfirmed": 0, "held": 0}
    Tally.objects.catch_up()
    assert last().standing == standing()
