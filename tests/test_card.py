from collections.abc import Callable
from datetime import UTC, timedelta
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.template import Template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from feedback.card import Card, Step, _pattern, page_url
from feedback.models import Alarm, Delivery, Feedback, State, Worker, follow
from feedback.sentences import HELD_FOR_LONG, NO_LONGER_FOLLOWED, REACHED, SENTENCES, STEPS

moments = st.datetimes(timezones=st.just(UTC)) | st.just(timezone.now())
steps = st.builds(
    Step,
    st.sampled_from(sorted(STEPS)),
    st.sampled_from(["done", "now", "next", "problem"]),
    st.none() | moments,
)
cards = st.builds(
    Card,
    reference=st.uuids().map(lambda pk: pk.hex[:8]),
    attempt=st.integers(0, 2000),
    status=st.sampled_from(sorted(STEPS)),
    situation=st.sampled_from(sorted(SENTENCES)),
    steps=st.tuples(steps, steps, steps),
    again_at=st.none() | moments,
    poll_seconds=st.none() | st.integers(1, 60),
)

pytestmark = pytest.mark.usefixtures("worker")


def card(delivery: Delivery) -> Card:
    followed = follow(delivery.feedback.pk)
    assert followed
    return Card.of(followed)


def moved(delivery: Delivery, move: str) -> Card:
    claimed = Delivery.objects.claim(delivery.pk)
    assert claimed
    if move == "retry":
        claimed.retry("451 busy", timedelta(minutes=5))
    elif move != "claim":
        getattr(claimed, move)("because")
    return card(delivery)


@given(cards, st.sampled_from(["en", "de", "ar"]))
def test_a_card_that_is_filled_in_is_the_one_that_would_be_rendered(card: Card, language: str) -> None:
    with translation.override(language):
        assert card.html == render_to_string("feedback/_status.html", {"card": card})


def test_cards_that_look_alike_are_rendered_once(submit: Callable[..., Delivery]) -> None:
    first = card(submit())
    first.html  # noqa: B018
    other = first._replace(pk=uuid4(), reference="abcdef01", attempt=first.attempt + 1)
    with patch.object(Template, "render") as render:
        assert f'seen={other.version}"' in other.html
        assert card(submit(email="grace@example.org")).html
    assert not render.called


def test_a_page_has_the_address_that_django_finds() -> None:
    pk = uuid4()
    assert page_url(pk) == reverse("feedback:show", args=[pk])
    assert page_url(pk, embedded=True) == reverse("feedback:embed-show", args=[pk])


def test_a_brace_in_a_translation_is_shown_as_it_is(owed: Delivery) -> None:
    _pattern.cache_clear()
    with patch.dict(STEPS, queued="In {line} {0}"):
        assert '<span class="name">In {line} {0}</span>' in card(owed).html
    _pattern.cache_clear()


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
    assert now.situation == status
    assert (now.poll_seconds is not None) is asks


def test_every_step_that_was_reached_has_its_time(owed: Delivery) -> None:
    steps = moved(owed, "mark_sent").steps
    times = [step.at for step in steps if step.at]
    assert len(times) == 3
    assert times == sorted(times)


@pytest.mark.parametrize(("age", "seconds"), [(0, 1), (30, 3), (600, 10), (80000, 60)])
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


def test_every_situation_has_a_plain_sentence() -> None:
    assert STEPS.keys() == REACHED.keys()
    assert STEPS.keys() <= SENTENCES.keys()
    assert all(str(sentence).endswith(".") for sentence in SENTENCES.values())


@pytest.mark.parametrize(
    "situation", ["delayed", "held", "retrying", "trying again", "cancelled", "failed", "unconfirmed"]
)
def test_whatever_goes_wrong_the_visitor_need_not_send_it_again(situation: str) -> None:
    assert "no need to send" in str(SENTENCES[situation])


def test_no_sentence_claims_that_an_email_was_delivered() -> None:
    assert not [words for words in [*SENTENCES.values(), *REACHED.values()] if "delivered" in str(words)]


def test_retrying_says_when_the_next_attempt_is(owed: Delivery) -> None:
    now = moved(owed, "retry")
    due = Delivery.objects.get(pk=owed.pk).due_at
    assert f'at <time datetime="{due.isoformat()}">' in now.sentence
    Delivery.objects.update(due_at=timezone.now())
    assert card(owed).situation == "trying again"


def test_an_email_that_waits_for_more_than_a_minute_is_delayed(owed: Delivery) -> None:
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=50))
    assert card(owed).situation == "queued"
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=61))
    assert card(owed).situation == "delayed"
    assert card(owed).status == "queued"


def test_an_email_behind_an_old_queue_is_delayed_too(submit: Callable[..., Delivery]) -> None:
    old, fresh = submit(), submit(email="grace@example.org")
    Delivery.objects.filter(pk=old.pk).update(due_at=timezone.now() - timedelta(seconds=61))
    assert card(fresh).situation == "delayed"
    moved(old, "mark_sent")
    Delivery.objects.exclude(pk=fresh.pk).update(state=State.SENT)
    assert card(fresh).situation == "queued"


def test_what_a_person_cancelled_blames_no_address(owed: Delivery) -> None:
    Delivery.objects.cancel("grace")
    cancelled = card(owed)
    assert (cancelled.status, cancelled.situation) == ("failed", "cancelled")
    assert "decided not to send" in cancelled.sentence
    assert "grace" not in cancelled.sentence


def test_without_a_worker_email_is_delayed(owed: Delivery) -> None:
    Worker.objects.all().delete()
    assert card(owed).situation == "delayed"


def test_under_an_alarm_email_is_delayed_also_after_an_attempt(owed: Delivery) -> None:
    moved(owed, "retry")
    Alarm.objects.raise_for("535 bad password")
    assert (card(owed).status, card(owed).situation) == ("retrying", "delayed")


def test_an_email_that_is_sent_is_not_delayed_by_what_came_later(owed: Delivery) -> None:
    moved(owed, "mark_sent")
    Worker.objects.all().delete()
    assert card(owed).situation == "sent"


def test_a_held_email_reads_as_queued_and_accuses_nobody(owed: Delivery) -> None:
    Delivery.objects.update(state=State.HELD)
    held = card(owed)
    assert (held.status, held.situation) == ("queued", "held")
    assert "a person on our team" in held.sentence
    assert not [word for word in ("spam", "suspect", "robot") if word in held.sentence.lower()]
    assert held.poll_seconds


def test_after_a_day_the_page_asks_no_more_and_promises(owed: Delivery) -> None:
    Feedback.objects.update(created_at=timezone.now() - timedelta(hours=25))
    old = card(owed)
    assert old.poll_seconds is None
    assert old.no_longer_followed == NO_LONGER_FOLLOWED
    assert "bookmark" in str(NO_LONGER_FOLLOWED)


def test_what_is_held_for_more_than_a_day_is_promised_no_further_try(owed: Delivery) -> None:
    Feedback.objects.update(created_at=timezone.now() - timedelta(hours=25))
    Delivery.objects.update(state=State.HELD)
    assert card(owed).no_longer_followed == HELD_FOR_LONG
    assert "trying" not in str(HELD_FOR_LONG)


@pytest.mark.parametrize(("state", "move"), [(State.SENT, "resend"), (State.HELD, "release")])
def test_what_a_person_sets_going_again_is_followed_again(owed: Delivery, state: str, move: str) -> None:
    Feedback.objects.update(created_at=timezone.now() - timedelta(days=3))
    Delivery.objects.update(state=state)
    getattr(Delivery.objects, move)("grace")
    again = card(owed)
    assert (again.situation, again.poll_seconds, again.no_longer_followed) == ("queued", 1, "")


def test_a_finished_email_promises_nothing_more(owed: Delivery) -> None:
    Feedback.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert moved(owed, "mark_sent").no_longer_followed == ""


def test_what_was_cancelled_long_ago_promises_nothing_more(owed: Delivery) -> None:
    Feedback.objects.update(created_at=timezone.now() - timedelta(hours=25))
    Delivery.objects.cancel("grace")
    assert card(owed).no_longer_followed == ""


def test_an_email_that_is_queued_again_after_its_end_is_shown_as_it_is(owed: Delivery) -> None:
    before = moved(owed, "mark_sent").version
    Delivery.objects.update(state=State.QUEUED)
    again = card(owed)
    assert (again.status, again.version == before) == ("retrying", False)
    assert again.poll_seconds


def test_a_time_of_another_day_has_its_date(owed: Delivery) -> None:
    Feedback.objects.update(created_at=timezone.now() - timedelta(days=3))
    assert f"{timezone.now() - timedelta(days=3):%Y-%m-%d}" in card(owed).steps[0].reached
    assert "Saved at" in card(owed).steps[0].reached
