from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from feedback import clock
from feedback.digest import PERIODS
from feedback.models import Delivery, Pause, Slot, State
from feedback.models.pause import COPY
from feedback.resume import resume

Submit = Callable[..., Delivery]


def restore() -> None:
    """What was saved before this is a copy, as an hour ago."""
    hour_ago = timezone.now() - timedelta(hours=1)
    Delivery.objects.update(created_at=hour_ago - timedelta(minutes=1))
    Pause.objects.create(pk=1, by=COPY, since=hour_ago)


def state(delivery: Delivery) -> str:
    return Delivery.objects.get(pk=delivery.pk).state


def test_what_was_owed_or_being_sent_in_a_copy_becomes_unconfirmed_and_says_why(submit: Submit) -> None:
    queued, sending, retried = submit(), submit(), submit()
    assert Delivery.objects.claim(sending.pk)
    claimed = Delivery.objects.claim(retried.pk)
    assert claimed
    assert claimed.retry("451 later", timedelta())
    restore()
    assert resume("grace") == 6  # each has an email to the owner too
    for delivery in (queued, sending, retried):
        assert state(delivery) == State.UNCONFIRMED
    last = Delivery.objects.get(pk=queued.pk).moves[-1]
    assert last.by == "grace"
    assert last.why.startswith("restored from a copy of ")
    assert last.why.endswith("; it may have been sent after that")
    assert not Pause.objects.exists()


def test_what_came_in_after_the_restore_is_sent(submit: Submit) -> None:
    submit()
    restore()
    new = submit()
    assert Delivery.objects.claim(new.pk) is None
    assert resume() == 2
    assert Delivery.objects.claim(new.pk)


def test_what_had_ended_before_the_copy_stays_as_it_was(submit: Submit) -> None:
    sent = submit()
    claimed = Delivery.objects.claim(sent.pk)
    assert claimed
    assert claimed.mark_sent("250 ok")
    restore()
    assert resume() == 1
    assert state(sent) == State.SENT


def test_what_was_held_waits_for_a_person_who_reads_that_it_may_have_been_released(submit: Submit) -> None:
    held = submit(held="looks like spam")
    restore()
    resume()
    assert state(held) == State.HELD
    assert "it may have been sent after that" in Delivery.objects.get(pk=held.pk).moves[-1].why


def test_after_a_pause_that_a_person_made_everything_goes_out(owed: Delivery) -> None:
    Pause.objects.begin("grace")
    assert resume("grace") == 0
    assert Delivery.objects.claim(owed.pk)
    assert resume("grace") is None


def test_a_digest_that_was_due_in_a_copy_is_not_sent_again(
    owed: Delivery, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DIGEST = "daily"
    run: list[str] = []
    monkeypatch.setattr(clock, "JOBS", {"digest": (PERIODS["daily"], lambda: run.append("digest"))})
    assert Slot.objects.is_due("digest", PERIODS["daily"])
    restore()
    clock.run_due_jobs()
    resume()
    clock.run_due_jobs()
    assert run == []


def test_the_command_says_what_it_did(owed: Delivery, capsys: pytest.CaptureFixture[str]) -> None:
    restore()
    call_command("resume")
    call_command("resume")
    assert capsys.readouterr().out.splitlines() == [
        "Unconfirmed now: 2; they may have been sent after the copy was made.",
        "Sending goes on.",
        "Nothing was paused.",
    ]
