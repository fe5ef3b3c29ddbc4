"""Any interleaving of workers that claim, crash, freeze and are answered, with the sweeper between."""

import os
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from feedback.models import LEASE, Delivery, Feedback, State
from feedback.models.operated import OperatedQuerySet
from feedback.outcome import recover

Claimed, Begun, Answered = Bundle("claimed"), Bundle("begun"), Bundle("answered")
Lost = Bundle("lost")
PRESSED = {  # where each button does something
    "resend": (State.SENT, State.FAILED, State.UNCONFIRMED),
    "release": (State.HELD,),
    "mark_as_sent": (State.UNCONFIRMED,),
    "cancel": (State.QUEUED, State.HELD),
}


class Interleavings(RuleBasedStateMachine):
    """One email and any number of workers. What each holds passes from bundle to bundle; what is
    never taken out again belongs to a worker that crashed, or is frozen for good."""

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = timezone.now()
        self.clock = patch.object(timezone, "now", lambda: self.now)
        self.clock.start()
        self.accepted = self.resent = 0
        _, deliveries = Feedback.objects.submit(email="ada@example.org", message="The door is too heavy.")
        self.pk = deliveries[0].pk

    def teardown(self) -> None:
        """Every worker is dead; the sweeper alone must bring the email to where it is safe."""
        self.pass_time(2 * LEASE.total_seconds())
        self.sweep()
        state = self.state()
        assert state != State.SENDING, "left behind"
        assert state != State.QUEUED or self.accepted <= self.resent, "would be sent twice"
        if state == State.QUEUED:
            self.pass_time(2 * 3600)
            assert Delivery.objects.claim(self.pk), "lost"
        self.clock.stop()
        Feedback.objects.all().delete()

    @rule(target=Claimed)
    def claim(self) -> Any:
        claimed = Delivery.objects.claim(self.pk)
        return claimed if claimed else multiple()

    @rule()
    def a_lease_runs_out(self) -> None:
        self.pass_time(LEASE.total_seconds() + 1)
        self.sweep()

    @rule(target=Lost)
    def a_sweeper_looks(self) -> Any:
        self.pass_time(LEASE.total_seconds() + 1)
        return multiple(*Delivery.objects.lost())

    @rule(lost=consumes(Lost))
    def and_acts_a_moment_later(self, lost: Delivery) -> None:
        recover(lost)

    @rule(claim=Claimed)
    def renew(self, claim: Delivery) -> None:
        Delivery.objects.renew([claim])

    @rule(claim=consumes(Claimed), at_no_cost=st.booleans())
    def nothing_can_be_sent(self, claim: Delivery, at_no_cost: bool) -> None:
        if at_no_cost:
            claim.wait("535 bad password")
        else:
            claim.retry("refused", timedelta())

    @rule(claim=consumes(Claimed), target=Begun)
    def begin_transmission(self, claim: Delivery) -> Any:
        Delivery.objects.begin_transmission([claim])
        return claim if claim.transmitting else multiple()

    @rule(claim=consumes(Claimed), target=Claimed)
    def the_mark_is_made_but_not_answered_for(self, claim: Delivery) -> Delivery:
        Delivery.objects.begin_transmission([claim])
        claim.transmitting = False
        return claim

    @rule(claim=consumes(Begun), target=Answered)
    def the_server_accepts(self, claim: Delivery) -> Delivery:
        self.accepted += 1
        return claim

    @rule(claim=consumes(Begun), for_now=st.booleans())
    def the_server_refuses(self, claim: Delivery, for_now: bool) -> None:
        if for_now:
            claim.retry("451 busy", timedelta())
        else:
            claim.mark_failed("554 spam")

    @rule(claim=consumes(Answered))
    def the_reply_is_read(self, claim: Delivery) -> None:
        claim.mark_sent("250 ok")

    @rule(claim=consumes(Answered))
    def the_reply_is_lost(self, claim: Delivery) -> None:
        claim.mark_unconfirmed("closed")

    @invariant()
    def never_accepted_twice(self) -> None:
        assert self.accepted <= 1 + self.resent

    @invariant()
    def the_row_tells_the_truth(self) -> None:
        state = self.state()
        assert state != State.SENT or self.accepted == 1
        assert state != State.FAILED or self.accepted == 0

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def sweep(self) -> None:
        for lost in Delivery.objects.lost():
            recover(lost)

    def state(self) -> str:
        return Delivery.objects.get(pk=self.pk).state


class Operated(Interleavings):
    """The same, with operators who press every button at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.marked = self.spam = False
        self.cancelled_at: int | None = None  # how many were accepted when nothing more was to be sent

    @initialize(held=st.sampled_from([False, False, True]))
    def begin(self, held: bool) -> None:
        self.rows().update(state=State.HELD if held else State.QUEUED)

    @rule(button=st.sampled_from(["resend", "resend", "release", "mark_as_sent", "cancel", "spam"]))
    def press(self, button: str) -> None:
        was = State(self.state())
        if button == "spam":
            won = Feedback.objects.filter(deliveries=self.pk).mark_as_spam("grace")
            assert won == (not self.spam)
        else:
            won = getattr(self.rows(), button)("grace")
            assert won == (was in PRESSED[button] and not (self.spam and button == "resend"))
        if won:
            self.note(button, was)

    def note(self, button: str, was: State) -> None:
        self.spam = self.spam or button == "spam"
        self.marked = button == "mark_as_sent" or (self.marked and button != "resend")
        if button == "resend":
            self.resent, self.cancelled_at = self.resent + 1, None
        elif button in ("cancel", "spam") and was in PRESSED["cancel"]:
            self.cancelled_at = self.accepted

    @invariant()
    def the_row_tells_the_truth(self) -> None:
        state = self.state()
        assert state != State.SENT or self.accepted or self.marked
        assert state != State.FAILED or self.accepted <= self.resent

    @invariant()
    def what_was_cancelled_is_never_sent(self) -> None:
        # Unless an attempt before it was already with the server, when somebody sent it again.
        assert self.cancelled_at is None or self.resent or self.accepted == self.cancelled_at

    def rows(self) -> OperatedQuerySet[Delivery]:
        return Delivery.objects.filter(pk=self.pk)


@pytest.mark.django_db
def test_no_interleaving_loses_or_doubles_an_email() -> None:
    # Without shrinking, which takes minutes on a database; 400 examples, 18 s, find each of the guards
    # of `begin_transmission` and `_unmoved` when it is taken out.
    examples = 400 if "CI" in os.environ else 80
    find = settings(max_examples=examples, stateful_step_count=20, deadline=None, phases=[Phase.generate])
    run_state_machine_as_test(Interleavings, settings=find)


@pytest.mark.django_db
def test_no_press_of_an_operator_loses_or_doubles_an_email() -> None:
    find = settings(max_examples=80, stateful_step_count=20, deadline=None, phases=[Phase.generate])
    run_state_machine_as_test(Operated, settings=find)
