import time
import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from dramatiq.brokers.stub import StubBroker
from pytest_django import Settings

from feedback.checks import suspicion_can_be_asked
from feedback.models import Delivery, Feedback, State
from feedback.suspicion import signer

FIELDS = {"email": "ada@example.org", "message": "The door is too heavy.", "xtopic": ""}
UNSIGNED = "9b2f7c1e-5a0d-4c55-8f5b-0d7c2f1a6e11"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker", "worker")]


@pytest.fixture(autouse=True)
def strict(settings: Settings) -> None:
    settings.MIN_FORM_SECONDS = 2.0


def token(monkeypatch: pytest.MonkeyPatch, age: float) -> str:
    made = time.time() - age
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: made)
        return signer.sign(str(uuid.uuid4()))


@pytest.fixture
def good(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    return FIELDS | {"form_token": token(monkeypatch, age=5)}


def held(client: Client, fields: dict[str, str]) -> str:
    """Post; return why the emails are held, or nothing."""
    response = client.post("/", fields)
    assert response.status_code == 303
    deliveries = list(Delivery.objects.all())
    assert len({delivery.state for delivery in deliveries}) == 1
    return deliveries[0].moves[0].why if deliveries[0].state == State.HELD else ""


def test_a_person_is_no_suspect(client: Client, good: dict[str, str]) -> None:
    assert not held(client, good)


def test_a_filled_honeypot_is_held(client: Client, good: dict[str, str]) -> None:
    assert "do not see was filled in" in held(client, good | {"xtopic": "cheap watches"})


def test_a_filled_honeypot_is_held_also_without_a_minimum_time(client: Client, settings: Settings) -> None:
    settings.MIN_FORM_SECONDS = 0
    assert held(client, FIELDS | {"xtopic": "cheap watches"})


def test_a_missing_honeypot_is_held(client: Client, good: dict[str, str]) -> None:
    del good["xtopic"]
    assert "do not see is missing" in held(client, good)


def test_a_form_that_is_sent_too_quickly_is_held(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "within 2 s" in held(client, FIELDS | {"form_token": token(monkeypatch, age=0)})


@pytest.mark.parametrize("forged", ["", "nonsense", UNSIGNED, f"{UNSIGNED}:1:x"])
def test_a_form_that_is_not_ours_is_held(client: Client, forged: str) -> None:
    assert "not come from our form" in held(client, FIELDS | {"form_token": forged})


def test_no_minimum_time_lets_programs_post(client: Client, settings: Settings) -> None:
    settings.MIN_FORM_SECONDS = 0
    assert not held(client, {"email": "ada@example.org", "message": "Hello"})


def test_what_is_held_is_saved_and_its_visitor_is_told_no_lie(client: Client, good: dict[str, str]) -> None:
    page = client.post("/", good | {"xtopic": "x"}, follow=True).text
    assert "waits until a person on our team has looked at your message" in page
    assert 'data-status="queued"' in page
    assert Feedback.objects.get().message == "The door is too heavy."


@pytest.mark.django_db(transaction=True)
def test_nothing_is_rung_for_what_is_held(client: Client, good: dict[str, str], broker: StubBroker) -> None:
    client.post("/", good | {"xtopic": "x"})
    assert broker.queues["email"].qsize() == 0


def suspects_doors(feedback: Feedback) -> bool:
    return "door" in feedback.message


def breaks(feedback: Feedback) -> bool:
    raise RuntimeError


def test_a_site_may_have_suspicions_of_its_own(
    client: Client, good: dict[str, str], settings: Settings
) -> None:
    settings.FEEDBACK_IS_SUSPECT = "tests.test_suspicion.suspects_doors"
    assert held(client, good) == "FEEDBACK_IS_SUSPECT says so"


def test_a_suspicion_that_breaks_stops_no_mail(
    client: Client, good: dict[str, str], settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.FEEDBACK_IS_SUSPECT = "tests.test_suspicion.breaks"
    assert not held(client, good)
    assert "FEEDBACK_IS_SUSPECT failed" in caplog.text


@pytest.mark.parametrize(
    ("path", "faults"),
    [("", 0), ("tests.test_suspicion.breaks", 0), ("tests.nowhere.x", 1), ("nonsense", 1)],
)
def test_a_suspicion_that_is_not_there_is_said_at_the_start(
    settings: Settings, path: str, faults: int
) -> None:
    settings.FEEDBACK_IS_SUSPECT = path
    assert len(suspicion_can_be_asked()) == faults


@pytest.mark.parametrize("same", ["ada@example.org", "ADA@Example.org", "ada+2@example.org"])
def test_an_address_that_had_enough_confirmations_gets_the_next_one_held(
    submit: Callable[..., Delivery], settings: Settings, same: str
) -> None:
    settings.RATE_LIMITS = [(10, 60)]
    settings.ACKNOWLEDGEMENTS_PER_DAY = 2
    submit()
    submit(email="ada+1@example.org")
    third = submit(email=same)
    assert third.state == State.HELD
    assert third.moves[0].why == "this address has had enough confirmations for today"
    assert third.feedback.deliveries.get(kind="notification").state == State.QUEUED
    assert submit(email="grace@example.org").state == State.QUEUED


def test_without_limits_nothing_is_capped(submit: Callable[..., Delivery], settings: Settings) -> None:
    settings.ACKNOWLEDGEMENTS_PER_DAY = 2
    assert {submit().state for _ in range(5)} == {State.QUEUED}
