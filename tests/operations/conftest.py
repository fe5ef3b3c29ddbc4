from collections.abc import Callable
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.test import Client
from dramatiq.brokers.stub import StubBroker

from feedback.models import Delivery, State

ENDS = {"failed": "mark_failed", "unconfirmed": "mark_unconfirmed", "sent": "mark_sent"}
Become = Callable[..., Delivery]


@pytest.fixture(autouse=True)
def queue(broker: StubBroker) -> StubBroker:
    return broker


@pytest.fixture(autouse=True)
def groups(db: None) -> None:
    """The migration's own; a test with real transactions before this one has emptied the tables."""
    import_module("feedback.migrations.0003_operators").make_groups(apps, None)


@pytest.fixture
def viewer(client: Client, db: None) -> Client:
    return _login(client, "vera", "viewer")


@pytest.fixture
def operator(client: Client, db: None) -> Client:
    return _login(client, "grace", "operator")


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


def _login(client: Client, name: str, group: str) -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    return client
