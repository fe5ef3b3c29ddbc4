import re
import time
import uuid
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from feedback.models import Delivery, Feedback
from feedback.suspicion import signer

FIELDS = {"email": "ada@example.org", "message": "The door is too heavy."}
OWN = {"Origin": "http://testserver"}
HTMX = {"HX-Request": "true"}
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


@pytest.fixture
def client() -> Client:
    return Client(enforce_csrf_checks=True)


def filled_in(client: Client) -> dict[str, str]:
    page = client.get("/embed/").text
    return FIELDS | dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


def refusal(response: Any) -> str:
    assert response.status_code == 403
    assert "The door is too heavy." in response.text
    assert not Feedback.objects.exists()
    return str(response.text)


def test_the_frame_needs_no_cookie_at_all(client: Client) -> None:
    response = client.post("/embed/", filled_in(client), headers=OWN)
    feedback = Feedback.objects.get()
    assert (response.status_code, response.headers["Location"]) == (303, f"/embed/{feedback.pk}/")
    assert "status" in client.get(response.headers["Location"]).text
    assert not client.cookies


def test_with_htmx_the_card_follows_within_the_frame(client: Client) -> None:
    card = client.post("/embed/", filled_in(client), headers=OWN | HTMX)
    pk = Feedback.objects.get().pk
    assert "HX-Push-Url" not in card.headers
    assert card.headers["HX-Replace-Url"] == f"/embed/{pk}/"
    assert f'hx-get="/embed/{pk}/status/' in card.text
    assert 'href="/embed/?lang=en"' in card.text
    assert f'hx-get="/embed/{pk}/status/' in client.get(f"/embed/{pk}/status/").text


def test_only_the_frame_may_be_framed_and_only_by_our_sites(client: Client, owed: Delivery) -> None:
    for address in ("/embed/", f"/embed/{owed.feedback_id}/"):
        response = client.get(address)
        assert "frame-ancestors 'self' https://www.example.org" in response.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in response.headers
    for address in ("/", f"/feedback/{owed.feedback_id}/"):
        response = client.get(address)
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("headers", [{}, {"Origin": "null"}, {"Origin": "https://www.example.org"}])
def test_a_page_of_another_site_cannot_have_its_visitors_post(
    client: Client, headers: dict[str, str]
) -> None:
    fields = filled_in(client)
    assert "only be sent from its own page" in refusal(client.post("/embed/", fields, headers=headers))


@pytest.mark.parametrize("token", ["", "nonsense", "9b2f7c1e-5a0d-4c55-8f5b-0d7c2f1a6e11"])
def test_a_form_that_we_did_not_make_is_given_back_and_can_be_sent_then(client: Client, token: str) -> None:
    page = refusal(client.post("/embed/", FIELDS | {"form_token": token}, headers=OWN))
    assert "Please press Send again" in page
    fresh = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert client.post("/embed/", FIELDS | fresh, headers=OWN).status_code == 303


def test_a_form_that_was_open_for_too_long_is_given_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    yesterday = time.time() - 24 * 3600
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: yesterday)
        old = signer.sign(str(uuid.uuid4()))
    assert "open for too long" in refusal(
        client.post("/embed/", FIELDS | {"form_token": old}, headers=OWN | HTMX)
    )


def test_who_is_asked_to_press_send_again_may_do_so_at_once(client: Client, settings: Settings) -> None:
    settings.MIN_FORM_SECONDS = 2
    page = refusal(client.post("/embed/", FIELDS | {"form_token": "old"}, headers=OWN))
    fresh = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    client.post("/embed/", FIELDS | fresh | {"xtopic": ""}, headers=OWN)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"queued"}


def test_a_mistake_in_the_frame_stays_in_the_frame(client: Client) -> None:
    response = client.post("/embed/", filled_in(client) | {"email": "x"}, headers=OWN | HTMX)
    assert response.status_code == 422
    assert 'action="/embed/?send=1"' in response.text
    assert "csrfmiddlewaretoken" not in response.text


def test_the_form_on_its_own_page_still_needs_its_cookie(client: Client) -> None:
    assert client.post("/", filled_in(client), headers=OWN).status_code == 403


def test_the_demo_shows_the_lines_and_the_frame(client: Client) -> None:
    page = client.get("/embed/demo/").text
    assert '&lt;iframe src="http://testserver/embed/"' in page
    assert '<iframe src="/embed/"' in page
