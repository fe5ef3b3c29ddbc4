import math
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import dramatiq
import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import translation
from dramatiq.brokers.stub import StubBroker

from feedback.models import Delivery, Feedback, Worker, clock
from tests.mail_server import MailServer, serving


@pytest.fixture(autouse=True)
def measured_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock was just compared with the database's, so nothing asks for that."""
    monkeypatch.setattr(clock, "_measure_at", math.inf)


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def broker() -> Iterator[StubBroker]:
    broker = dramatiq.get_broker()
    assert isinstance(broker, StubBroker)
    broker.flush_all()
    yield broker
    broker.flush_all()


@pytest.fixture
def submit(db: None) -> Callable[..., Delivery]:
    """Save a feedback and return its acknowledgement, the delivery that the visitor follows."""

    def submit(**fields: Any) -> Delivery:
        _, deliveries = Feedback.objects.submit(
            **{"email": "ada@example.org", "message": "The door is too heavy.", "name": "Ada"} | fields
        )
        return deliveries[0]

    return submit


@pytest.fixture
def owed(submit: Callable[..., Delivery]) -> Delivery:
    return submit()


@pytest.fixture
def worker(db: None) -> None:
    Worker.objects.beat()


@pytest.fixture
def outbox(mailoutbox: list[EmailMessage]) -> list[EmailMessage]:
    return mailoutbox


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    with serving(settings) as server:
        yield server


@pytest.fixture
def viewer(client: Client, db: None) -> Client:
    return _staff(client, "vera", "viewer")


@pytest.fixture
def operator(client: Client, db: None) -> Client:
    return _staff(client, "grace", "operator")


def _staff(client: Client, name: str, group: str) -> Client:
    # The migration's own groups; a test with real transactions before this one has emptied the tables.
    import_module("feedback.migrations.0003_groups").make_groups(apps, None)
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    return client
