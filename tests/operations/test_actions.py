"""Each button: it asks, it does it once, and it says who did."""

from collections.abc import Callable

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from dramatiq.brokers.stub import StubBroker

from feedback.models import Delivery, Feedback, Pause, clock
from feedback.models.pause import COPY
from operations import actions

Become = Callable[..., Delivery]


def state(delivery: Delivery) -> str:
    return Delivery.objects.get(pk=delivery.pk).state


def told(client: Client, action: str, query: str) -> str:
    return client.post(f"/operations/do/{action}/?{query}", follow=True).text


CASES = [
    ("resend", "failed", "queued", "1 email queued to be sent again."),
    ("resend", "unconfirmed", "queued", "1 email queued to be sent again."),
    ("resend", "sent", "queued", "1 email queued to be sent again."),
    ("mark-as-sent", "unconfirmed", "sent", "1 email marked as sent."),
    ("release", "held", "queued", "1 email released."),
    ("cancel", "queued", "failed", "1 email cancelled."),
    ("spam", "held", "failed", "1 email marked as spam."),
]


@pytest.mark.parametrize(("action", "before", "after", "words"), CASES)
def test_a_button_does_what_it_says_and_says_so(
    operator: Client, become: Become, action: str, before: str, after: str, words: str
) -> None:
    delivery = become(before)
    assert words in told(operator, action, f"id={delivery.pk}")
    assert state(delivery) == after


@pytest.mark.parametrize("action", sorted(actions.ACTIONS))
def test_a_question_changes_nothing(operator: Client, become: Become, action: str) -> None:
    deliveries = [become(state) for state in ("failed", "unconfirmed", "held", "queued")]
    before = list(Delivery.objects.order_by("pk").values())
    for delivery in deliveries:
        assert operator.get(f"/operations/do/{action}/?id={delivery.pk}").status_code == 200
    assert list(Delivery.objects.order_by("pk").values()) == before


def test_pressed_twice_it_does_it_once_and_says_so(operator: Client, become: Become) -> None:
    delivery = become("failed")
    told(operator, "resend", f"id={delivery.pk}")
    page = told(operator, "resend", f"id={delivery.pk}")
    assert "Nothing was left to do" in page
    assert len(Delivery.objects.get(pk=delivery.pk).moves) == 4
    assert LogEntry.objects.count() == 1


def test_what_moved_on_between_the_choice_and_the_move_stays_as_it_is(
    become: Become, operator: Client
) -> None:
    delivery = become("failed")
    Delivery.objects.filter(pk=delivery.pk).resend("somebody else")
    user = User.objects.get(username="grace")
    assert actions.act("resend", [delivery.pk], user, "a test", clock.now()) == 0


def test_who_did_what_and_when_is_on_the_page_and_in_the_history(operator: Client, become: Become) -> None:
    delivery = become("failed")
    page = told(operator, "resend", f"id={delivery.pk}")
    entry = LogEntry.objects.get()
    assert (entry.user.get_username(), entry.object_id) == ("grace", str(delivery.pk))
    assert f"Send again: 1 of 1 email (email {delivery.pk})" in page
    assert Delivery.objects.get(pk=delivery.pk).moves[-1].by == "grace"


def test_a_filter_moves_all_that_fit_and_no_other(operator: Client, become: Become) -> None:
    mended = [become("failed", "452 mailbox full") for _ in range(3)]
    others = [become("failed", "550 no such user"), become("unconfirmed", "452 mailbox full")]
    question = operator.get("/operations/do/resend/?state=failed&error=mailbox").text
    assert "3 emails?" in question
    assert "3 emails queued" in told(operator, "resend", "state=failed&error=mailbox")
    assert {state(delivery) for delivery in mended} == {"queued"}
    assert [state(delivery) for delivery in others] == ["failed", "unconfirmed"]
    assert "(failed, the server said “mailbox”)" in LogEntry.objects.get().change_message


def test_a_filter_that_names_no_state_means_what_needs_a_person(operator: Client, become: Become) -> None:
    sent = become("sent")
    become("failed")
    assert "1 email queued" in told(operator, "resend", "")
    assert state(sent) == "sent"


def test_a_filter_we_do_not_know_selects_nothing(operator: Client, become: Become) -> None:
    delivery = become("failed")
    assert "Nothing was left to do" in told(operator, "resend", "state=everything")
    assert state(delivery) == "failed"


def test_one_press_takes_so_many_and_says_that_there_are_more(
    operator: Client, become: Become, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "AT_ONCE", 2)
    monkeypatch.setattr("operations.views.AT_ONCE", 2)
    monkeypatch.setattr(actions, "BATCH", 1)
    for _ in range(3):
        become("failed")
    assert "There are more" in operator.get("/operations/do/resend/?state=failed").text
    assert "2 emails queued" in told(operator, "resend", "state=failed")
    assert Delivery.objects.filter(state="failed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_sent_again_is_rung_for(operator: Client, become: Become, queue: StubBroker) -> None:
    told(operator, "resend", f"id={become('failed').pk}")
    assert queue.queues["email"].qsize() == 1


def test_spam_is_marked_on_the_feedback(operator: Client, become: Become) -> None:
    delivery = become("held")
    told(operator, "spam", f"id={delivery.pk}")
    assert Feedback.objects.get(deliveries=delivery).spam


def test_all_the_emails_behind_one_feedback_are_counted_as_spam(operator: Client, become: Become) -> None:
    feedback = become("held").feedback
    Delivery.objects.update(state="held")
    page = told(operator, "spam", "state=held")
    assert f"{feedback.deliveries.count()} emails marked as spam." in page
    assert "had moved on" not in page


@pytest.mark.parametrize("settle", ["spam", "cancel"])
def test_what_a_person_has_settled_needs_no_person_and_is_not_sent_with_the_others(
    operator: Client, become: Become, settle: str
) -> None:
    settled, failed = become("held"), become("failed")
    told(operator, settle, f"id={settled.pk}")
    assert f"email-{settled.pk}" not in operator.get("/operations/").text
    for query in ("", "state=failed"):
        assert "Send again: 1 email?" in operator.get(f"/operations/do/resend/?{query}").text
    told(operator, "resend", "")
    assert (state(settled), state(failed)) == ("failed", "queued")


def test_what_was_cancelled_can_be_found_and_sent_after_all(operator: Client, become: Become) -> None:
    delivery = become("queued")
    told(operator, "cancel", f"id={delivery.pk}")
    assert f"email-{delivery.pk}" in operator.get("/operations/?state=failed&error=cancelled").text
    assert "1 email queued" in told(operator, "resend", f"id={delivery.pk}")


def test_what_fails_after_a_cancellation_was_taken_back_needs_a_person_again(
    operator: Client, become: Become
) -> None:
    delivery = become("queued")
    told(operator, "cancel", f"id={delivery.pk}")
    told(operator, "resend", f"id={delivery.pk}")
    claimed = Delivery.objects.claim(delivery.pk)
    assert claimed
    claimed.mark_failed("550 no such user")
    assert f"email-{delivery.pk}" in operator.get("/operations/").text


def test_spam_is_not_sent_again_by_anybody(operator: Client, become: Become) -> None:
    delivery = become("failed")
    told(operator, "spam", f"id={delivery.pk}")
    page = operator.get(f"/operations/?id={delivery.pk}").text
    assert f"email-{delivery.pk}" in page
    assert f"resend-{delivery.pk}" not in page
    assert "Nothing was left to do" in told(operator, "resend", f"id={delivery.pk}")
    assert Delivery.objects.filter(pk=delivery.pk).resend("by hand") == 0


def test_what_came_after_the_question_is_not_part_of_the_answer(operator: Client, become: Become) -> None:
    seen = become("held")
    asked = operator.get("/operations/do/release/?state=held").context["asked"]
    later = become("held")
    page = operator.post("/operations/do/release/?state=held", {"asked": asked}, follow=True).text
    assert "1 email released." in page
    assert (state(seen), state(later)) == ("queued", "held")


def test_words_with_accents_and_quotes_are_found(operator: Client, become: Become) -> None:
    delivery = become("failed", '554 Empfänger "ada" unbekannt')
    for said in ("empfänger", '"ada"'):
        assert f"email-{delivery.pk}" in operator.get("/operations/", {"error": said}).text


def test_a_search_looks_no_further_than_it_says(
    operator: Client, become: Become, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, *_, new = [become("failed", "550 no") for _ in range(4)]
    monkeypatch.setattr("operations.selection.REACH", 2)
    page = operator.get("/operations/?state=failed&error=550").text
    assert f"email-{new.pk}" in page
    assert f"email-{old.pk}" not in page
    assert "newest 20,000 of each state" in page
    assert f"email-{old.pk}" in operator.get("/operations/?state=failed").text


def test_an_unknown_action_is_not_found(operator: Client) -> None:
    assert operator.get("/operations/do/nonsense/").status_code == 404


def test_sending_is_paused_and_resumed_by_name(operator: Client) -> None:
    assert "Pause all sending?" in operator.get("/operations/pause/").text
    assert not Pause.objects.exists()
    assert "All sending is paused." in operator.post("/operations/pause/", follow=True).text
    assert Pause.objects.get().by == "grace"
    operator.post("/operations/pause/")
    assert "Sending goes on." in operator.post("/operations/resume/", follow=True).text
    assert not Pause.objects.exists()
    assert [entry.change_message for entry in LogEntry.objects.order_by("pk")] == [
        "Paused all sending",
        "Resumed all sending",
    ]


def test_resuming_in_a_restored_copy_asks_with_its_own_words_and_is_recorded(
    operator: Client, owed: Delivery
) -> None:
    Pause.objects.create(pk=1, by=COPY, since=clock.now())
    assert "becomes unconfirmed" in operator.get("/operations/resume/").text
    operator.post("/operations/resume/")
    assert Delivery.objects.get(pk=owed.pk).state == "unconfirmed"
    assert LogEntry.objects.get().change_message == "Resumed all sending, 2 emails of a copy in doubt"
