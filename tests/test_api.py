import json
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from dramatiq.brokers.stub import StubBroker
from pytest_django import Settings

from feedback.models import Delivery, Feedback, State

FIELDS = {"email": "ada@example.org", "message": "The door is too heavy.", "name": "Ada"}
UNKNOWN = "9b2f7c1e-5a0d-4c55-8f5b-0d7c2f1a6e11"
SITE = "https://www.example.org"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker", "worker")]


@pytest.fixture(autouse=True)
def our_site(settings: Settings) -> None:
    settings.EMBED_ORIGINS = [SITE]


def post(client: Client, body: Any, **headers: str) -> Any:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post("/api/feedback", text, content_type="application/json", headers=headers)


def test_a_feedback_is_saved_and_its_status_has_an_address(client: Client) -> None:
    response = post(client, FIELDS)
    feedback = Feedback.objects.get()
    assert response.status_code == 201
    report = response.json()
    assert response.headers["Location"] == report["status_url"]
    assert report["status_url"] == f"http://testserver/api/feedback/{feedback.pk}"
    assert report["page_url"] == f"http://testserver/feedback/{feedback.pk}/"
    assert (report["status"], report["reference"]) == ("queued", feedback.reference)
    assert feedback.message == "The door is too heavy."


@pytest.mark.django_db(transaction=True)
def test_its_emails_are_rung_for(client: Client, broker: StubBroker) -> None:
    post(client, FIELDS)
    assert broker.queues["email"].qsize() == 2


def test_the_status_follows_the_email_in_plain_text(client: Client) -> None:
    address = post(client, FIELDS).json()["status_url"]
    owed = Delivery.objects.get(kind="acknowledgement")
    claimed = Delivery.objects.claim(owed.pk)
    assert claimed
    claimed.mark_sent("250 ok")
    report = client.get(address).json()
    assert (report["status"], report["poll_seconds"]) == ("sent", None)
    assert report["sentence"].startswith("Our mail server has accepted")


def test_nothing_personal_is_told(client: Client) -> None:
    address = post(client, FIELDS).json()["status_url"]
    answer = client.get(address)
    assert "no-store" in answer.headers["Cache-Control"]
    assert not [said for said in FIELDS.values() if said in answer.text]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (" ", 400),
        ("{", 400),
        (b"\xff", 400),
        ("[" * 100_000, 400),
        ("9" * 10_000, 400),
        ([], 422),
        ("null", 422),
        ({}, 422),
        (FIELDS | {"email": 5}, 422),
        (FIELDS | {"name": None}, 422),
        (FIELDS | {"message": ["x"]}, 422),
        (FIELDS | {"email": "not an address"}, 422),
        (FIELDS | {"email": "ada@\ud800.org"}, 422),
        (FIELDS | {"message": "half a \ud800 character"}, 422),
        (FIELDS | {"message": "a" * 5001}, 422),
        (FIELDS | {"name": "Ada\nBcc: all@example.org"}, 422),
        (FIELDS | {"message": "a" * 3_000_000}, 413),
    ],
)
def test_bad_input_is_a_problem_in_json(client: Client, body: Any, status: int) -> None:
    response = post(client, body, Origin=SITE)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Access-Control-Allow-Origin"] == SITE
    assert response.json()["status"] == status
    assert not Feedback.objects.exists()


def test_what_is_wrong_is_said_by_field_in_the_callers_language(client: Client) -> None:
    headers = {"Accept-Language": "de"}
    errors = post(client, {"email": "x"}, **headers).json()["errors"]
    assert errors.keys() == {"email", "message"}
    assert errors["message"] == ["Bitte schreiben Sie Ihre Nachricht."]


def test_other_content_and_other_methods_are_refused(client: Client) -> None:
    assert client.post("/api/feedback", FIELDS).status_code == 415
    wrong = client.get("/api/feedback")
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "POST")
    assert client.delete(f"/api/feedback/{UNKNOWN}").status_code == 405


@pytest.mark.parametrize("charset", ["rot13", "utf-16", "no-such"])
def test_json_says_for_itself_how_it_is_encoded(client: Client, charset: str) -> None:
    json_in = f"application/json; charset={charset}"
    assert (
        client.generic("POST", "/api/feedback", json.dumps(FIELDS), content_type=json_in).status_code == 201
    )
    wrong = client.generic("POST", "/api/feedback", "{}", content_type=json_in)
    assert wrong.json()["errors"].keys() == {"email", "message"}
    assert client.generic("GET", "/?lang=de", content_type=json_in).status_code == 200


@pytest.mark.parametrize("address", [f"/api/feedback/{UNKNOWN}", "/api/feedback/1", "/api/x", "/api/%00"])
def test_what_is_not_there_is_a_problem_in_json(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 404
    assert response.json()["title"] == "Not found"


def test_the_same_idempotency_key_makes_one_feedback(client: Client) -> None:
    key = {"Idempotency-Key": "order 66"}
    first, second = post(client, FIELDS, **key), post(client, FIELDS, **key)
    assert first.headers["Location"] == second.headers["Location"]
    assert Feedback.objects.count() == 1


def test_too_many_are_asked_to_wait(client: Client, settings: Settings) -> None:
    settings.RATE_LIMITS = [(1, 60)]
    post(client, FIELDS)
    response = post(client, FIELDS | {"message": "Another."})
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 60


def test_a_database_that_takes_nothing_is_said(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(Feedback.objects, "submit", full)
    response = post(client, FIELDS)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")


def test_programs_need_no_form_but_the_sites_own_suspicion_holds_them(
    client: Client, settings: Settings
) -> None:
    settings.MIN_FORM_SECONDS = 2
    post(client, FIELDS)
    assert set(Delivery.objects.values_list("state", flat=True)) == {State.QUEUED}
    settings.FEEDBACK_IS_SUSPECT = "tests.test_suspicion.suspects_doors"
    assert post(client, FIELDS).json()["sentence"].startswith("Your confirmation email waits until a person")


def test_our_sites_may_ask_and_others_may_not(client: Client) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    ours = client.options("/api/feedback", headers={"Origin": SITE} | asked)
    assert ours.status_code == 204
    assert ours.headers["Access-Control-Allow-Origin"] == SITE
    assert "Content-Type" in ours.headers["Access-Control-Allow-Headers"]
    theirs = client.options("/api/feedback", headers={"Origin": "https://evil.example"} | asked)
    assert "Access-Control-Allow-Origin" not in theirs.headers
    assert "Origin" in theirs.headers["Vary"]


def test_no_csrf_token_and_no_cookie_is_needed() -> None:
    client = Client(enforce_csrf_checks=True)
    assert post(client, FIELDS).status_code == 201
    assert not client.cookies


def test_the_description_is_served(client: Client) -> None:
    description = client.get("/api/openapi.json").json()
    assert "/api/feedback" in description["paths"]
