from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from feedback.card import SENTENCES, STEPS, Card
from feedback.models import Delivery, Feedback


def card(delivery: Delivery) -> Card:
    return Card(Delivery.objects.select_related("feedback").get(pk=delivery.pk))


def moved(delivery: Delivery, move: str) -> Card:
    claimed = Delivery.objects.claim(delivery.pk)
    assert claimed
    if move == "retry":
        claimed.retry("451 busy", timedelta(minutes=5))
    elif move != "claim":
        getattr(claimed, move)("because")
    return card(delivery)


def test_a_fresh_card_is_queued_and_asks_every_second(owed: Delivery) -> None:
    fresh = card(owed)
    assert fresh.status == "queued"
    assert [step.mark for step in fresh.steps] == ["now", "next", "next"]
    assert fresh.poll_seconds == 1


@pytest.mark.parametrize(
    ("move", "status", "marks", "asks"),
    [
        ("claim", "sending", ["done", "now", "next"], True),
        ("retry", "retrying", ["done", "problem", "next"], True),
        ("mark_sent", "sent", ["done", "done", "done"], False),
        ("mark_failed", "failed", ["done", "done", "problem"], False),
        ("mark_unconfirmed", "unconfirmed", ["done", "done", "problem"], False),
    ],
)
def test_a_card_says_what_the_row_says(
    owed: Delivery, move: str, status: str, marks: list[str], asks: bool
) -> None:
    now = moved(owed, move)
    assert now.status == status
    assert [step.mark for step in now.steps] == marks
    assert str(now.sentence) == str(SENTENCES[status])
    assert (now.poll_seconds is not None) is asks


def test_every_step_that_was_reached_has_its_time(owed: Delivery) -> None:
    steps = moved(owed, "mark_sent").steps
    times = [step.at for step in steps if step.at]
    assert len(times) == 3
    assert times == sorted(times)


@pytest.mark.parametrize(("age", "seconds"), [(0, 1), (30, 3), (600, 10), (86400, 60)])
def test_an_older_card_asks_more_rarely(owed: Delivery, age: int, seconds: int) -> None:
    Feedback.objects.update(created_at=timezone.now() - timedelta(seconds=age))
    assert card(owed).poll_seconds == seconds


def test_the_version_changes_with_what_is_shown(submit: Callable[..., Delivery]) -> None:
    owed = submit()
    versions = [card(owed).version]
    versions += [moved(owed, "claim").version]
    Feedback.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    versions += [card(owed).version]
    assert len(set(versions)) == 3
    assert card(owed).version == versions[-1]


def test_every_status_has_a_sentence_and_a_step() -> None:
    assert SENTENCES.keys() == STEPS.keys()
    assert all(str(sentence).endswith(".") for sentence in SENTENCES.values())
