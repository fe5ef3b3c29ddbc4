from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from feedback.models import LEASE, Alarm, Delivery, State, statement
from feedback.models.queue import NEXT_RING


def claim(delivery: Delivery) -> Delivery:
    claimed = Delivery.objects.claim(delivery.pk)
    assert claimed
    return claimed


def expire(delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(due_at=timezone.now() - timedelta(seconds=1))


def release(delivery: Delivery) -> bool:
    return bool(Delivery.objects.filter(pk=delivery.pk).release("grace"))


def begun(claimed: Delivery) -> bool:
    Delivery.objects.begin_transmission([claimed])
    return claimed.transmitting


def taken_back(delivery: Delivery) -> Delivery:
    assert Delivery.objects.get(pk=delivery.pk).retry("its worker is gone", timedelta())
    return delivery


def state_of(delivery: Delivery) -> str:
    return Delivery.objects.get(pk=delivery.pk).state


def test_only_one_claim_wins(owed: Delivery) -> None:
    assert claim(owed).attempt == 1
    assert Delivery.objects.claim(owed.pk) is None


def test_a_delivery_that_is_not_due_cannot_be_claimed(owed: Delivery) -> None:
    claim(owed).retry("451 busy", timedelta(minutes=5))
    assert Delivery.objects.claim(owed.pk) is None


def test_a_claim_whose_lease_ran_out_is_lost(owed: Delivery) -> None:
    claim(owed)
    assert not Delivery.objects.lost().exists()
    expire(owed)
    assert list(Delivery.objects.lost()) == [owed]


def test_a_lost_claim_is_not_taken_from_a_holder_that_has_begun_to_transmit(owed: Delivery) -> None:
    slow = claim(owed)
    expire(owed)
    lost = Delivery.objects.lost().get()
    assert begun(slow)
    assert not lost.retry("its worker is gone", timedelta())
    assert slow.mark_sent("250 ok")


def test_a_renewed_lease_is_not_lost(owed: Delivery) -> None:
    mine = claim(owed)
    expire(owed)
    Delivery.objects.renew([mine])
    assert not Delivery.objects.lost().exists()


def test_who_lost_the_claim_renews_nothing(owed: Delivery) -> None:
    frozen = claim(owed)
    claim(taken_back(owed))
    expire(owed)
    Delivery.objects.renew([frozen])
    assert list(Delivery.objects.lost()) == [owed]


@pytest.mark.parametrize("end", ["mark_sent", "mark_failed", "mark_unconfirmed"])
def test_a_final_state_cannot_be_claimed(owed: Delivery, end: str) -> None:
    getattr(claim(owed), end)("because")
    expire(owed)
    assert Delivery.objects.claim(owed.pk) is None


@pytest.mark.parametrize("move", ["mark_sent", "mark_failed", "mark_unconfirmed"])
def test_who_lost_the_claim_can_move_nothing(owed: Delivery, move: str) -> None:
    frozen = claim(owed)
    claim(taken_back(owed))
    assert getattr(frozen, move)("late") is False
    assert not begun(frozen)
    assert state_of(owed) == State.SENDING


def test_an_acceptance_that_was_given_up_for_lost_is_still_recorded(owed: Delivery) -> None:
    claimed = claim(owed)
    claimed.mark_unconfirmed("no answer")
    assert claimed.mark_sent("250 ok")
    assert state_of(owed) == State.SENT


@pytest.mark.parametrize(("move", "end"), [("mark_failed", State.FAILED), ("wait", State.QUEUED)])
def test_who_holds_a_claim_knows_better_than_who_gave_it_up_for_lost(
    owed: Delivery, move: str, end: State
) -> None:
    mine = claim(owed)
    assert begun(mine)
    assert Delivery.objects.get(pk=owed.pk).mark_unconfirmed("its worker is gone")
    assert getattr(mine, move)("554 spam")
    assert state_of(owed) == end


def test_sent_is_final(owed: Delivery) -> None:
    claimed = claim(owed)
    claimed.mark_sent("250 ok")
    assert not claimed.mark_failed("late")
    assert not claimed.retry("late", timedelta())
    assert state_of(owed) == State.SENT


def test_every_move_is_recorded_with_its_reason(owed: Delivery) -> None:
    claim(owed).retry("451 please\ncome back", timedelta())
    claim(owed).mark_sent("250 queued as 42")
    moves = Delivery.objects.get(pk=owed.pk).moves
    assert [(move.to, move.why) for move in moves] == [
        ("queued", "saved"),
        ("sending", "claimed"),
        ("queued", "451 please\ncome back"),
        ("sending", "claimed"),
        ("sent", "250 queued as 42"),
    ]
    assert [move.at for move in moves] == sorted(move.at for move in moves)


def test_a_queued_delivery_that_was_tried_reads_as_retrying(owed: Delivery) -> None:
    assert owed.status == "queued"
    claim(owed).retry("451 busy", timedelta())
    assert Delivery.objects.get(pk=owed.pk).status == "retrying"


def test_a_claim_holds_for_the_time_of_a_lease(owed: Delivery) -> None:
    left = claim(owed).due_at - timezone.now()
    assert LEASE - timedelta(seconds=2) < left <= LEASE


def test_the_oldest_due_email_is_told_in_seconds(owed: Delivery) -> None:
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=90))
    assert Delivery.objects.oldest_due_seconds() == 90
    Delivery.objects.update(state=State.SENT)
    assert Delivery.objects.oldest_due_seconds() is None


def test_each_due_delivery_is_taken_for_ringing_by_one_sweeper(submit: Callable[..., Delivery]) -> None:
    for _ in range(3):
        submit()
    Delivery.objects.update(ring_at=timezone.now())
    first, second = Delivery.objects.take_unrung(4), Delivery.objects.take_unrung(4)
    assert (len(first), len(second)) == (4, 2)
    assert len({*first, *second}) == 6
    assert Delivery.objects.take_unrung(4) == []


def before_the_mark(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Have this happen between a sweeper's look and its mark."""
    mark = statement.listed

    def late(*given: Any, **values: Any) -> Any:
        happens()
        return mark(*given, **values)

    monkeypatch.setattr("feedback.models.queue.listed", late)


def test_rows_that_another_sweeper_takes_meanwhile_are_not_ours(
    submit: Callable[..., Delivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = submit()
    Delivery.objects.update(ring_at=timezone.now())
    later = timezone.now() + timedelta(minutes=1)
    before_the_mark(monkeypatch, lambda: Delivery.objects.filter(pk=theirs.pk).update(ring_at=later))
    ids = Delivery.objects.take_unrung(10)
    assert theirs.pk not in ids
    assert len(ids) == 1


def test_what_is_taken_between_a_sweepers_look_and_its_mark_is_not_rung_for(
    owed: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    Delivery.objects.update(ring_at=timezone.now())
    before_the_mark(monkeypatch, lambda: Delivery.objects.update(state=State.SENDING))
    assert Delivery.objects.take_unrung(10) == []


def test_who_has_waited_for_longest_is_rung_for_first(submit: Callable[..., Delivery]) -> None:
    for minutes, delivery in enumerate([submit(), submit(), submit()]):
        rung = timezone.now() - timedelta(minutes=minutes)
        Delivery.objects.filter(feedback=delivery.feedback).update(ring_at=rung)
    assert [Delivery.objects.get(pk=pk).feedback for pk in Delivery.objects.take_unrung(2)] == [
        delivery.feedback
    ] * 2


def test_what_was_just_saved_is_left_to_its_own_ring(owed: Delivery) -> None:
    assert Delivery.objects.take_unrung(10) == []


def test_while_an_alarm_is_raised_only_a_probe_claims(owed: Delivery) -> None:
    Alarm.objects.raise_for("535 bad password")
    assert Delivery.objects.claim(owed.pk) is None
    assert Delivery.objects.claim(owed.pk, probe=True)


def test_waiting_for_the_operator_costs_no_retry(owed: Delivery) -> None:
    claim(owed).wait("535 bad password")
    assert Delivery.objects.get(pk=owed.pk).retries == 0
    claim(owed).retry("451 busy", timedelta())
    assert Delivery.objects.get(pk=owed.pk).retries == 1


def test_a_transmission_is_begun_once(owed: Delivery) -> None:
    mine = claim(owed)
    assert begun(mine)
    assert not begun(mine)


def test_what_is_held_is_not_sent_until_it_is_released(owed: Delivery) -> None:
    Delivery.objects.filter(pk=owed.pk).update(state=State.HELD)
    assert Delivery.objects.claim(owed.pk) is None
    assert release(owed)
    assert claim(owed).attempt == 1


def test_only_what_is_held_can_be_released_and_only_once(owed: Delivery) -> None:
    assert not release(owed)
    Delivery.objects.filter(pk=owed.pk).update(state=State.HELD)
    assert (release(owed), release(owed)) == (True, False)
    assert Delivery.objects.get(pk=owed.pk).moves[-1].why == "released"


def test_a_released_email_is_rung_for_by_the_next_sweep(owed: Delivery) -> None:
    Delivery.objects.filter(pk=owed.pk).update(state=State.HELD)
    release(owed)
    assert Delivery.objects.take_unrung(10) == [owed.pk]


def test_the_next_is_what_has_been_due_for_longest(submit: Callable[..., Delivery]) -> None:
    submit(), submit()
    late = Delivery.objects.order_by("pk").last()
    assert late
    Delivery.objects.filter(pk=late.pk).update(ring_at=timezone.now() - timedelta(minutes=1))
    assert Delivery.objects.claim_next(1) == [late]


def test_the_next_is_taken_once_and_never_before_it_is_due(owed: Delivery) -> None:
    Delivery.objects.exclude(pk=owed.pk).update(due_at=timezone.now() + timedelta(seconds=5))
    (claimed,) = Delivery.objects.claim_next(1)
    assert claimed == owed
    assert claimed.attempt == 1
    assert not Delivery.objects.claim_next(1)


def test_what_a_host_whose_clock_is_ahead_rang_for_just_now_is_next(owed: Delivery) -> None:
    Delivery.objects.exclude(pk=owed.pk).delete()
    Delivery.objects.update(ring_at=timezone.now() + NEXT_RING + timedelta(seconds=1.9))
    assert Delivery.objects.claim_next(1) == [owed]


def test_nothing_is_next_while_an_alarm_is_raised(owed: Delivery) -> None:
    Alarm.objects.raise_for("535 bad password")
    assert not Delivery.objects.claim_next(1)


def test_several_are_claimed_begun_and_marked_together(submit: Callable[..., Delivery]) -> None:
    owed = [submit(email=f"visitor{number}@example.org") for number in range(3)]
    Delivery.objects.exclude(pk__in=[one.pk for one in owed]).delete()
    assert len(Delivery.objects.claim_next(2)) == 2
    Delivery.objects.update(state="queued", due_at=timezone.now())
    claims = Delivery.objects.claim_next(16)
    assert sorted(one.pk for one in claims) == [one.pk for one in owed]
    assert all((one.state, one.transmitting) == ("sending", False) for one in claims)
    Delivery.objects.begin_transmission(claims)
    assert all(one.transmitting for one in claims)
    assert Delivery.objects.mark_sent({one: f"250 queued as {one.pk}" for one in claims}) == 3
    for one in Delivery.objects.all():
        assert (one.state, one.moves[-1].why) == ("sent", f"250 queued as {one.pk}")
        assert one.ended_at


def test_who_was_overtaken_begins_nothing_and_the_others_do(submit: Callable[..., Delivery]) -> None:
    overtaken, mine = claim(submit()), claim(submit())
    Delivery.objects.filter(pk=overtaken.pk).update(attempt=2)
    Delivery.objects.begin_transmission([overtaken, mine])
    assert (overtaken.transmitting, mine.transmitting) == (False, True)
    assert Delivery.objects.mark_sent({overtaken: "250 ok", mine: "250 ok"}) == 1
    assert (state_of(overtaken), state_of(mine)) == ("sending", "sent")
    assert not Delivery.objects.get(pk=overtaken.pk).transmitting


@pytest.mark.parametrize("state", ["failed", "held", "queued"])
def test_what_came_to_another_end_is_not_marked_as_sent(owed: Delivery, state: str) -> None:
    sent = claim(owed)
    Delivery.objects.filter(pk=owed.pk).update(state=state, due_at=timezone.now() + timedelta(seconds=5))
    assert not sent.mark_sent("250 OK")
    owed.refresh_from_db()
    assert (owed.state, owed.ended_at) == (state, None)


def test_a_claim_holds_what_stands_in_the_rows(owed: Delivery) -> None:
    claimed = claim(owed)
    Delivery.objects.read_feedback([claimed])
    kept = Delivery.objects.select_related("feedback").get(pk=owed.pk)
    for ours, theirs in ((claimed, kept), (claimed.feedback, kept.feedback)):
        assert {f.attname: getattr(ours, f.attname) for f in ours._meta.concrete_fields} == {
            f.attname: getattr(theirs, f.attname) for f in theirs._meta.concrete_fields
        }
