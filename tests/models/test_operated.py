from collections.abc import Callable
from datetime import timedelta

import pytest

from feedback.card import Card
from feedback.models import Delivery, Feedback, State

ENDS = {"failed": "mark_failed", "unconfirmed": "mark_unconfirmed", "sent": "mark_sent"}


def ended(delivery: Delivery, state: str) -> Delivery:
    claimed = Delivery.objects.claim(delivery.pk)
    assert claimed
    assert getattr(claimed, ENDS[state])("because")
    return claimed


def held(delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(state=State.HELD)


def one(delivery: Delivery) -> Delivery:
    return Delivery.objects.select_related("feedback").get(pk=delivery.pk)


def press(delivery: Delivery, move: str) -> int:
    won: int = getattr(Delivery.objects.filter(pk=delivery.pk), move)("grace")
    return won


@pytest.mark.parametrize("state", ENDS)
def test_what_has_ended_can_be_sent_again_once(owed: Delivery, state: str) -> None:
    ended(owed, state)
    assert press(owed, "resend") == 1
    assert press(owed, "resend") == 0
    assert Delivery.objects.claim(owed.pk)


def test_sent_again_is_a_new_beginning_with_the_same_message_id(owed: Delivery) -> None:
    Delivery.objects.filter(pk=owed.pk).update(retries=124)
    ended(owed, "failed")
    press(owed, "resend")
    fresh = one(owed)
    assert (fresh.status, fresh.retries, fresh.ended_at) == ("queued", 0, None)
    assert fresh.message_id == owed.message_id


def test_a_late_acceptance_of_the_attempt_before_changes_nothing(owed: Delivery) -> None:
    late = ended(owed, "unconfirmed")
    press(owed, "resend")
    assert Delivery.objects.claim(owed.pk)
    assert not late.mark_sent("250 ok")


def test_an_unconfirmed_email_can_be_marked_as_sent_and_keeps_its_end(owed: Delivery) -> None:
    ended(owed, "unconfirmed")
    before = one(owed).ended_at
    assert press(owed, "mark_as_sent") == 1
    assert (one(owed).state, one(owed).ended_at) == ("sent", before)


@pytest.mark.parametrize("state", ["failed", "sent"])
def test_only_what_is_unconfirmed_can_be_marked_as_sent(owed: Delivery, state: str) -> None:
    ended(owed, state)
    assert press(owed, "mark_as_sent") == 0


def test_what_is_queued_can_be_cancelled_and_is_never_sent(owed: Delivery) -> None:
    assert press(owed, "cancel") == 1
    assert Delivery.objects.claim(owed.pk) is None
    assert one(owed).moves[-1][1:] == (State.FAILED, "cancelled", "grace")


def test_what_is_being_sent_cannot_be_cancelled(owed: Delivery) -> None:
    Delivery.objects.claim(owed.pk)
    assert press(owed, "cancel") == 0


def test_the_visitor_of_a_cancelled_email_reads_that_it_failed(owed: Delivery) -> None:
    press(owed, "cancel")
    card = Card.of(one(owed))
    assert card.status == "failed"
    assert [step.mark for step in card.steps] == ["done", "next", "problem"]


def test_what_was_held_is_released_once(owed: Delivery) -> None:
    held(owed)
    assert Delivery.objects.claim(owed.pk) is None
    assert press(owed, "release") == 1
    assert press(owed, "release") == 0
    assert Delivery.objects.claim(owed.pk)


def test_what_fails_after_it_was_sent_again_reads_as_retrying(owed: Delivery) -> None:
    ended(owed, "failed")
    press(owed, "resend")
    claimed = Delivery.objects.claim(owed.pk)
    assert claimed
    claimed.retry("451 busy", timedelta())
    assert one(owed).status == "retrying"


def test_the_history_says_who_did_it(owed: Delivery) -> None:
    ended(owed, "failed")
    press(owed, "resend")
    assert [(move.to, move.why, move.by) for move in one(owed).moves[-2:]] == [
        ("failed", "because", ""),
        ("queued", "sent again", "grace"),
    ]


def test_many_are_moved_by_one_update_and_the_others_are_left_alone(submit: Callable[..., Delivery]) -> None:
    first, second = submit(), submit()
    ended(first, "failed")
    assert Delivery.objects.filter(pk__in=[first.pk, second.pk]).resend("grace") == 1


def test_spam_is_set_apart_and_nothing_more_is_sent_about_it(owed: Delivery) -> None:
    spam = Feedback.objects.filter(deliveries=owed)
    assert spam.mark_as_spam("grace") == 1
    assert spam.mark_as_spam("grace") == 0
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.FAILED}
    assert spam.mark_as_no_spam() == 1
