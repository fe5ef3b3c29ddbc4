from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from feedback.models import LEASE, Delivery, Feedback, State, Worker


def claim(delivery: Delivery) -> Delivery:
    claimed = Delivery.objects.claim(delivery.pk)
    assert claimed
    return claimed


def expire(delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(due_at=timezone.now() - timedelta(seconds=1))


def state_of(delivery: Delivery) -> str:
    return Delivery.objects.get(pk=delivery.pk).state


def test_only_one_claim_wins(owed: Delivery) -> None:
    assert claim(owed).attempt == 1
    assert Delivery.objects.claim(owed.pk) is None


def test_a_delivery_that_is_not_due_cannot_be_claimed(owed: Delivery) -> None:
    claim(owed).retry_later("451 busy", timedelta(minutes=5))
    assert Delivery.objects.claim(owed.pk) is None


def test_an_expired_claim_can_be_taken_again(owed: Delivery) -> None:
    claim(owed)
    expire(owed)
    assert claim(owed).attempt == 2


def test_an_expired_claim_whose_transmission_began_cannot_be_taken_again(owed: Delivery) -> None:
    assert claim(owed).begin_transmission()
    expire(owed)
    assert Delivery.objects.claim(owed.pk) is None


@pytest.mark.parametrize("end", ["mark_sent", "mark_failed", "mark_unconfirmed"])
def test_a_final_state_cannot_be_claimed(owed: Delivery, end: str) -> None:
    getattr(claim(owed), end)("because")
    expire(owed)
    assert Delivery.objects.claim(owed.pk) is None


@pytest.mark.parametrize("move", ["begin_transmission", "mark_sent", "mark_failed", "mark_unconfirmed"])
def test_who_lost_the_claim_can_move_nothing(owed: Delivery, move: str) -> None:
    frozen = claim(owed)
    expire(owed)
    claim(owed)
    words = [] if move == "begin_transmission" else ["late"]
    assert getattr(frozen, move)(*words) is False
    assert state_of(owed) == State.SENDING


def test_an_acceptance_that_was_given_up_for_lost_is_still_recorded(owed: Delivery) -> None:
    claimed = claim(owed)
    claimed.mark_unconfirmed("no answer")
    assert claimed.mark_sent("250 ok")
    assert state_of(owed) == State.SENT


def test_sent_is_final(owed: Delivery) -> None:
    claimed = claim(owed)
    claimed.mark_sent("250 ok")
    assert not claimed.mark_failed("late")
    assert not claimed.retry_later("late", timedelta())
    assert state_of(owed) == State.SENT


def test_every_move_is_recorded_with_its_reason(owed: Delivery) -> None:
    claim(owed).retry_later("451 please\ncome back", timedelta())
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
    claim(owed).retry_later("451 busy", timedelta())
    assert Delivery.objects.get(pk=owed.pk).status == "retrying"


def test_a_claim_holds_for_the_time_of_a_lease(owed: Delivery) -> None:
    left = claim(owed).due_at - timezone.now()
    assert LEASE - timedelta(seconds=2) < left <= LEASE


def test_a_feedback_is_saved_with_all_its_emails_or_not_at_all(
    submit: Callable[..., Delivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Delivery.objects, "bulk_create", fail)
    with pytest.raises(RuntimeError):
        submit()
    assert not Feedback.objects.exists()


def test_the_oldest_owed_email_is_told_in_seconds(owed: Delivery) -> None:
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=90))
    assert Delivery.objects.oldest_owed_seconds() == 90
    Delivery.objects.update(state=State.SENT)
    assert Delivery.objects.oldest_owed_seconds() is None


def test_a_worker_is_seen_for_a_while_after_its_last_beat(db: None) -> None:
    assert not Worker.objects.seen()
    Worker.objects.beat("host:1")
    assert Worker.objects.seen()
    Worker.objects.update(seen_at=timezone.now() - timedelta(seconds=20))
    assert not Worker.objects.seen()
