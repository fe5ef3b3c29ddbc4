import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from feedback.compose import compose
from feedback.delivery import deliver
from feedback.models import Delivery, Feedback, State, Tally
from feedback.privacy import forget, forget_the_old
from feedback.record import record
from project.mailbox import store

pytestmark = pytest.mark.django_db
Submit = Callable[..., Delivery]


@pytest.fixture
def mailbox(settings: Any, tmp_path: Path) -> Path:
    settings.MAILBOX_DIR = str(tmp_path)
    return tmp_path


def ended(delivery: Delivery, move: str = "mark_sent") -> Delivery:
    claimed = Delivery.objects.claim(delivery.pk)
    assert claimed
    getattr(claimed, move)("550 <ada@example.org> is unknown")
    return delivery


def aged(delivery: Delivery, days: int) -> None:
    Feedback.objects.filter(deliveries=delivery).update(created_at=timezone.now() - timedelta(days=days))


def test_a_person_is_erased_with_everything_and_the_others_stay(submit: Submit) -> None:
    ended(submit(email="Ada@Example.org"))
    kept = submit(email="grace@example.org")
    erased = forget("ada@example.org ")
    assert (erased.feedback, erased.emails) == (1, 2)
    assert Feedback.objects.get() == kept.feedback
    assert Delivery.objects.count() == 2


def test_an_email_to_them_that_is_about_nothing_they_wrote_is_erased_too(submit: Submit) -> None:
    Delivery.objects.create(kind="test", recipient="Ada@example.org", ring_at=timezone.now())
    submit(email="grace@example.org")
    assert forget("ada@example.org").emails == 1
    assert not Delivery.objects.filter(recipient__iexact="ada@example.org").exists()


def test_the_counts_stay(submit: Submit) -> None:
    ended(submit())
    Tally.objects.catch_up()
    ended(submit(), "mark_failed")
    forget("ada@example.org")
    tally = Tally.objects.last_one()
    assert tally
    assert (tally.submitted, tally.sent, tally.failed) == (2, 1, 1)


def test_what_was_rung_for_finds_nothing(owed: Delivery, outbox: list[EmailMessage]) -> None:
    forget("ada@example.org")
    deliver(owed.pk)
    assert not outbox


def test_copies_in_the_mailbox_are_erased(submit: Submit, mailbox: Path) -> None:
    submit(name="Zoë", message="Zoë says hello.")
    for delivery in Delivery.objects.select_related("feedback"):
        store.keep(mailbox, compose(delivery).message().as_bytes())
    store.keep(mailbox, b"To: Ada@Example.org\r\n\r\nHello")
    others = [
        store.keep(mailbox, b"To: " + to + b"\r\n\r\nHello")
        for to in (b"grace@example.org", b"grada@example.org", b"ada@example.org.uk")
    ]
    assert forget("ada@example.org").files == 3
    assert store.names(mailbox) == others[::-1]


def test_an_address_in_the_record_is_blanked(owed: Delivery) -> None:
    user = User.objects.create_user("grace")
    record(user, "Send again: 1 of 1 email (the server said “Ada@example.org”)")
    forget("ada@example.org")
    assert LogEntry.objects.get().change_message == "Send again: 1 of 1 email (the server said “(erased)”)"


def test_who_else_mentions_the_address_is_said(submit: Submit) -> None:
    submit(email="grace@example.org", message="Ask ada@example.org.")
    assert "1 messages by other people mention this address" in str(forget("ada@example.org"))
    assert Feedback.objects.count() == 1


def test_the_command_says_what_it_erased(owed: Delivery) -> None:
    said = io.StringIO()
    call_command("forget", "ada@example.org", stdout=said)
    assert said.getvalue().strip() == "Erased: 1 feedback, 2 emails, 0 files of the mailbox."


def test_the_command_refuses_what_is_no_address(owed: Delivery) -> None:
    with pytest.raises(CommandError, match="nothing was erased"):
        call_command("forget", "ada")
    assert Feedback.objects.exists()


def test_staff_erases_after_a_question_and_it_is_recorded(client: Client, owed: Delivery) -> None:
    client.force_login(User.objects.create_superuser("grace"))
    chosen = {"action": "erase", "_selected_action": [str(owed.feedback_id)]}
    question = client.post("/admin/feedback/feedback/", chosen).text
    assert "This cannot be undone." in question
    assert Feedback.objects.exists()
    page = client.post("/admin/feedback/feedback/", chosen | {"sure": "yes"}, follow=True).text
    assert "Erased: 1 feedback, 2 emails" in page
    assert not Feedback.objects.exists()
    assert "Erased: 1 feedback" in LogEntry.objects.get().change_message


def test_no_more_are_erased_at_once_than_a_person_can_look_at(
    client: Client, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedback.admin.AT_ONCE", 1)
    client.force_login(User.objects.create_superuser("grace"))
    first, _ = submit(), submit()
    chosen = {"action": "erase", "select_across": "1", "_selected_action": [str(first.feedback_id)]}
    page = client.post("/admin/feedback/feedback/", chosen | {"sure": "yes"}, follow=True).text
    assert "choose at most 1 at a time" in page
    assert Feedback.objects.count() == 2


def test_a_viewer_cannot_erase(viewer: Client, owed: Delivery) -> None:
    chosen = {"action": "erase", "_selected_action": [str(owed.feedback_id)], "sure": "yes"}
    viewer.post("/admin/feedback/feedback/", chosen)
    assert Feedback.objects.exists()


def test_what_is_old_is_forgotten(submit: Submit, settings: Any, mailbox: Path) -> None:
    settings.FEEDBACK_KEEP_DAYS = 30
    old, young = submit(), submit()
    aged(old, 31)
    Delivery.objects.filter(feedback=old.feedback).update(state=State.SENT)
    (mailbox / "1000000000000000000-00000000.eml").write_text("old")
    forget_the_old()
    assert Feedback.objects.get() == young.feedback
    assert not store.names(mailbox)


def test_old_test_emails_and_digests_are_forgotten_too(settings: Any) -> None:
    settings.FEEDBACK_KEEP_DAYS = 30
    before = timezone.now() - timedelta(days=31)
    for kind in ("test", "digest"):
        Delivery.objects.create(
            kind=kind, recipient="ada@example.org", state=State.SENT, ended_at=before, ring_at=before
        )
    forget_the_old()
    assert not Delivery.objects.exists()


def test_what_is_still_owed_is_never_too_old(submit: Submit, settings: Any) -> None:
    settings.FEEDBACK_KEEP_DAYS = 3
    aged(submit(), 4)
    forget_the_old()
    assert Feedback.objects.exists()


def test_without_a_limit_everything_is_kept(submit: Submit) -> None:
    aged(ended(submit()), 4000)
    forget_the_old()
    assert Feedback.objects.exists()
