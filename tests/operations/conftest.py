from collections.abc import Callable

import pytest
from dramatiq.brokers.stub import StubBroker

from feedback.models import Delivery, State

ENDS = {"failed": "mark_failed", "unconfirmed": "mark_unconfirmed", "sent": "mark_sent"}
Become = Callable[..., Delivery]


@pytest.fixture(autouse=True)
def queue(broker: StubBroker) -> StubBroker:
    return broker


@pytest.fixture
def become(submit: Callable[..., Delivery]) -> Become:
    """Save a feedback and bring its acknowledgement into a state."""

    def become(state: str, why: str = "550 no such user", **fields: str) -> Delivery:
        delivery = submit(**fields)
        if state == "held":
            Delivery.objects.filter(pk=delivery.pk).update(state=State.HELD)
        elif state != "queued":
            claimed = Delivery.objects.claim(delivery.pk)
            assert claimed
            assert state == "sending" or getattr(claimed, ENDS[state])(why)
        return Delivery.objects.get(pk=delivery.pk)

    return become
