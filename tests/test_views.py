import uuid
from urllib.parse import quote

import pytest
from django.db import OperationalError
from django.test import Client
from django.test.client import encode_multipart
from dramatiq.brokers.stub import StubBroker
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from feedback.models import Delivery, Feedback

FIELDS = {"email": "ada@example.org", "message": "The door is too heavy.", "name": "Ada"}
HTMX = {"HX-Request": "true"}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def queue(broker: StubBroker) -> StubBroker:
    return broker


def test_the_form_is_shown(client: Client) -> None:
    response = client.get("/")
    assert response.status_code == 200
    assert 'name="message"' in response.text


def test_the_browser_is_told_no_limit_at_which_to_cut_off_a_text(client: Client) -> None:
    assert "maxlength" not in client.get("/").text


def test_a_post_saves_and_redirects_to_the_status_page(client: Client) -> None:
    response = client.post("/", FIELDS)
    feedback = Feedback.objects.get()
    assert (response.status_code, response.headers["Location"]) == (303, f"/feedback/{feedback.pk}/")
    assert (feedback.email, feedback.name, feedback.message) == (
        "ada@example.org",
        "Ada",
        "The door is too heavy.",
    )


def test_a_post_owes_one_email_to_the_visitor_and_one_to_each_owner(client: Client) -> None:
    client.post("/", FIELDS)
    assert sorted(Delivery.objects.values_list("kind", "recipient")) == [
        ("acknowledgement", "ada@example.org"),
        ("notification", "owner@example.org"),
    ]


def test_a_post_with_htmx_answers_with_the_card_and_its_address(client: Client) -> None:
    response = client.post("/", FIELDS, headers=HTMX)
    assert response.status_code == 200
    assert response.headers["HX-Push-Url"] == f"/feedback/{Feedback.objects.get().pk}/"
    assert 'data-status="queued"' in response.text
    assert "<html" not in response.text


@pytest.mark.django_db(transaction=True)
def test_a_post_rings_once_for_each_delivery(client: Client, broker: StubBroker) -> None:
    client.post("/", FIELDS)
    assert broker.queues["email"].qsize() == 2


def test_a_post_costs_two_inserts_in_one_transaction(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(4):  # savepoint, feedback, deliveries, release
        client.post("/", FIELDS)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("email", "", "enter your email address"),
        ("email", "not an address", "does not look like an email address"),
        ("email", "a" * 250 + "@example.org", "at most 254 characters"),
        ("email", "ada@example.org\nBcc: all@example.org", "does not look like an email address"),
        ("email", f"ada@{'ü' * 60}.example", "does not look like an email address"),  # too long as Punycode
        ("email", "ada\x00@example.org", "does not look like an email address"),
        ("name", "Ada\nBcc: all@example.org", "control characters"),
        ("name", "Ada\u2028Bcc", "control characters"),
        ("name", "Ada\u202emoc", "control characters"),
        ("name", "Ada\x00", "Null characters are not allowed"),
        ("name", "a" * 101, "at most 100 characters"),
        ("message", "", "write your message"),
        ("message", "  \n ", "write your message"),
        ("message", "bell \x07", "control characters"),
        ("message", "a" * 5001, "at most 5000 characters"),
    ],
)
def test_bad_input_is_said_by_the_field_and_nothing_typed_is_lost(
    client: Client, field: str, value: str, words: str
) -> None:
    response = client.post("/", FIELDS | {field: value})
    assert response.status_code == 422
    assert words in _said_by(field, response.text)
    kept = [text for name, text in FIELDS.items() if name != field]
    assert all(text in response.text for text in kept)
    assert not Feedback.objects.exists()


@pytest.mark.parametrize("line_break", ["\r\n", "\n", "\r"])
def test_line_breaks_and_tabs_in_the_message_are_kept(client: Client, line_break: str) -> None:
    client.post("/", FIELDS | {"message": f"one{line_break}\ttwo"})
    assert Feedback.objects.get().message == "one\n\ttwo"


@pytest.mark.parametrize("line_break", ["\r\n", "\n", "\r"])
def test_a_line_break_counts_as_one_character_however_it_is_sent(client: Client, line_break: str) -> None:
    longest = f"a{line_break}" * 2499 + "bc"
    assert client.post("/", FIELDS | {"message": longest}).status_code == 303
    assert client.post("/", FIELDS | {"message": f"{longest}d"}).status_code == 422


def test_a_text_sent_with_and_without_a_script_is_one_feedback(client: Client) -> None:
    token = {"form_token": str(uuid.uuid4())}
    for message in ("one\ntwo", "one\r\ntwo"):
        client.post("/", FIELDS | token | {"message": message})
    assert Feedback.objects.count() == 1


def test_invalid_input_with_htmx_answers_with_the_form_only(client: Client) -> None:
    response = client.post("/", FIELDS | {"email": ""}, headers=HTMX)
    assert response.status_code == 422
    assert response.text.strip().startswith('<form id="feedback-form"')


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_missing_csrf_token_gives_the_form_back_with_the_text_and_a_fresh_token(
    headers: dict[str, str],
) -> None:
    response = Client(enforce_csrf_checks=True).post("/", FIELDS, headers=headers)
    assert response.status_code == 403
    assert "did not send our cookie" in response.text
    assert "press Send again" in response.text
    assert "The door is too heavy." in response.text
    assert "csrfmiddlewaretoken" in response.text
    assert not Feedback.objects.exists()


def test_an_old_csrf_token_gives_the_form_back() -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/")
    response = client.post("/", FIELDS | {"csrfmiddlewaretoken": "x" * 64})
    assert response.status_code == 403
    assert "open for too long" in response.text
    assert "cookie" not in response.text
    assert "The door is too heavy." in response.text


@pytest.mark.parametrize("strict", [False, True])  # who sends no form has no token of ours either
def test_a_wrong_content_type_is_refused_in_words(db: None, strict: bool) -> None:
    client = Client(enforce_csrf_checks=strict)
    response = client.post("/", '{"email": "x"}', content_type="application/json")
    assert response.status_code == 415
    assert "as a browser sends it" in response.text


@pytest.mark.parametrize("charset", ["rot13", "hex", "idna", "undefined", "utf-16", "no-such"])
def test_a_form_in_another_character_set_is_refused_in_words(client: Client, charset: str) -> None:
    body = encode_multipart("x", FIELDS)
    response = client.generic(
        "POST", "/", body, content_type=f"multipart/form-data; boundary=x; charset={charset}"
    )
    assert response.status_code == 400
    assert "cannot read" in response.text


@pytest.mark.parametrize("csrf", [True, False])
@pytest.mark.parametrize(
    ("method", "address"), [("PUT", "/"), ("DELETE", "/"), ("OPTIONS", "/"), ("PATCH", "/embed/demo/")]
)
def test_a_method_that_is_not_taken_is_refused_in_words(csrf: bool, method: str, address: str) -> None:
    client = Client(enforce_csrf_checks=csrf)
    response = client.generic(method, address, headers={"Accept-Language": "de"})
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]
    assert "Das hat nicht geklappt" in response.text


def test_a_fault_of_ours_or_theirs_is_said_in_their_language(client: Client, broken: None) -> None:
    arabic = {"Accept-Language": "ar"}
    ours = client.get("/", headers=arabic)
    in_hex = "application/x-www-form-urlencoded; charset=hex"
    theirs = client.generic("POST", "/", "00", content_type=in_hex, headers=arabic)
    assert (ours.status_code, theirs.status_code) == (500, 400)
    for page in (ours.text, theirs.text):
        assert '<html lang="ar" dir="rtl">' in page
        assert "hreflang" in page


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("feedback.views.show_form", breaks)
    client.raise_request_exception = False


def test_a_broken_multipart_body_is_refused_in_words(client: Client) -> None:
    response = client.post("/", b"nonsense", content_type="multipart/form-data; boundary=")
    assert response.status_code == 400
    assert "cannot read" in response.text


def test_a_body_that_is_too_large_is_refused_in_words(client: Client) -> None:
    response = client.post("/", FIELDS | {"message": "a" * 3_000_000})
    assert response.status_code == 400
    assert "cannot read" in response.text


@pytest.mark.parametrize("page", ["", "status/"])
def test_an_unknown_feedback_is_not_found(client: Client, page: str) -> None:
    response = client.get(f"/feedback/{uuid.uuid4()}/{page}")
    assert response.status_code == 404
    assert "There is nothing at this address" in response.text


@pytest.mark.parametrize("address", ["/feedback/1/", "/feedback/1/status/", "/feedback/%00/", "/nothing"])
def test_a_malformed_address_is_not_found(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_the_status_page_shows_the_card_and_refreshes_itself_without_javascript(
    client: Client, owed: Delivery
) -> None:
    page = client.get(owed.feedback.get_absolute_url()).text
    assert 'data-status="queued"' in page
    assert '<noscript><meta http-equiv="refresh"' in page


def test_the_status_page_shows_nothing_personal(client: Client, owed: Delivery) -> None:
    page = client.get(owed.feedback.get_absolute_url()).text
    assert not [said for said in FIELDS.values() if said in page]


def test_the_status_page_is_neither_stored_nor_indexed(client: Client, owed: Delivery) -> None:
    response = client.get(owed.feedback.get_absolute_url())
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert '<meta name="robots" content="noindex">' in response.text


def test_a_status_in_flight_carries_its_own_trigger(client: Client, owed: Delivery) -> None:
    fragment = client.get(f"/feedback/{owed.feedback_id}/status/").text
    assert 'hx-trigger="every 1s, shown"' in fragment
    assert fragment.strip().startswith('<section id="feedback-status"')


@pytest.mark.parametrize("state", ["sent", "failed", "unconfirmed"])
def test_a_final_status_carries_no_trigger(client: Client, owed: Delivery, state: str) -> None:
    claimed = Delivery.objects.claim(owed.pk)
    assert claimed
    {"sent": claimed.mark_sent, "failed": claimed.mark_failed, "unconfirmed": claimed.mark_unconfirmed}[
        state
    ]("because")
    fragment = client.get(f"/feedback/{owed.feedback_id}/status/").text
    assert f'data-status="{state}"' in fragment
    assert "hx-" not in fragment


def test_a_status_that_was_seen_is_answered_with_204(client: Client, owed: Delivery) -> None:
    address = f"/feedback/{owed.feedback_id}/status/"
    seen = client.get(address).text.split("seen=")[1].split('"')[0]
    assert client.get(address, {"seen": seen}).status_code == 204
    assert Delivery.objects.claim(owed.pk)
    assert 'data-status="sending"' in client.get(address, {"seen": seen}).text


def test_a_status_poll_costs_one_query(
    client: Client, owed: Delivery, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        client.get(f"/feedback/{owed.feedback_id}/status/")


def test_a_double_click_makes_one_feedback(client: Client) -> None:
    token = {"form_token": str(uuid.uuid4())}
    first, second = client.post("/", FIELDS | token), client.post("/", FIELDS | token)
    assert first.headers["Location"] == second.headers["Location"]
    assert Feedback.objects.count() == 1


def test_a_double_click_at_the_limit_is_not_told_to_send_again(client: Client, settings: Settings) -> None:
    settings.RATE_LIMITS = [(1, 60)]
    token = {"form_token": str(uuid.uuid4())}
    first, second = client.post("/", FIELDS | token), client.post("/", FIELDS | token)
    assert first.headers["Location"] == second.headers["Location"]
    assert client.post("/", FIELDS | token | {"message": "And the window."}).status_code == 429
    assert client.post("/", FIELDS | {"form_token": str(uuid.uuid4())}).status_code == 429


@pytest.mark.django_db(transaction=True)
def test_a_double_click_at_the_limit_rings_for_nothing(
    client: Client, settings: Settings, broker: StubBroker
) -> None:
    settings.RATE_LIMITS = [(1, 60)]
    token = {"form_token": str(uuid.uuid4())}
    client.post("/", FIELDS | token)
    rung = broker.queues["email"].qsize()
    client.post("/", FIELDS | token)
    assert rung == broker.queues["email"].qsize() == Delivery.objects.count()


def test_every_form_has_a_token_of_its_own_and_keeps_it_over_a_mistake(client: Client) -> None:
    first, second = _token(client.get("/").text), _token(client.get("/").text)
    assert first != second
    assert _token(client.post("/", FIELDS | {"email": "", "form_token": first}).text) == first


@pytest.mark.parametrize("token", ["", "nonsense", "\x00"])
def test_a_token_that_is_none_is_no_fault(client: Client, token: str) -> None:
    assert client.post("/", FIELDS | {"form_token": token}).status_code == 303


def test_a_database_that_takes_nothing_is_said_and_the_text_is_kept(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(Feedback.objects, "submit", full)
    response = client.post("/", FIELDS)
    assert response.status_code == 503
    assert "could not be saved just now" in response.text
    assert "The door is too heavy." in response.text


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_too_many_posts_are_asked_to_wait_and_the_text_is_kept(
    client: Client, settings: Settings, headers: dict[str, str]
) -> None:
    settings.RATE_LIMITS = [(1, 60)]
    assert client.post("/", FIELDS).status_code == 303
    response = client.post("/", FIELDS | {"message": "And the window."}, headers=headers)
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert "wait a minute and press Send again" in response.text
    assert "And the window." in response.text
    assert Feedback.objects.count() == 1


def test_a_mistake_counts_for_no_limit(client: Client, settings: Settings) -> None:
    settings.RATE_LIMITS = [(1, 60)]
    assert client.post("/", FIELDS | {"email": ""}).status_code == 422
    assert client.post("/", FIELDS).status_code == 303


def test_where_nothing_is_limited_nothing_is_kept_of_the_sender(client: Client) -> None:
    client.post("/", FIELDS)
    assert Feedback.objects.get().sender == ""


def _said_by(field: str, page: str) -> str:
    return page.split(f'id="id_{field}_error"')[1].partition(">")[2].partition("<")[0]


def _token(page: str) -> str:
    return page.split('name="form_token" value="')[1].split('"')[0]


any_text = st.text(st.characters(codec=None, exclude_categories=[]), max_size=200)


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(email=any_text, name=any_text, message=any_text)
def test_no_input_whatever_breaks_the_form(client: Client, email: str, name: str, message: str) -> None:
    data = {"email": email, "name": name, "message": message}
    body = {key: text.encode("utf-8", "surrogatepass") for key, text in data.items()}
    assert client.post("/", body).status_code in (303, 422)


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pk=st.text(max_size=60), seen=st.text(max_size=60))
def test_no_address_whatever_breaks_the_status(client: Client, pk: str, seen: str) -> None:
    address = f"/feedback/{quote(pk, safe='', errors='replace')}/status/"
    assert client.get(address, {"seen": seen.encode("utf-8", "replace")}).status_code in (200, 301, 404)
