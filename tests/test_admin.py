import csv
import io
from collections.abc import Callable, Iterator

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.http import StreamingHttpResponse
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from feedback.export import csv_response, newest_first
from feedback.models import Delivery, Feedback, State

FEEDBACK, EMAILS = "/admin/feedback/feedback/", "/admin/feedback/delivery/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("grace"))
    return client


def failed(delivery: Delivery, why: str) -> Delivery:
    claimed = Delivery.objects.claim(delivery.pk)
    assert claimed
    claimed.mark_failed(why)
    return delivery


def exported(client: Client, address: str, *pks: object) -> list[list[str]]:
    response = client.post(address, {"action": "export", "_selected_action": pks})
    assert isinstance(response, StreamingHttpResponse)
    text = response.getvalue().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_a_feedback_is_found_by_address_text_and_reference(
    staff: Client, submit: Callable[..., Delivery]
) -> None:
    wanted, _ = submit(email="lovelace@example.org", message="Engines."), submit(name="Grace")
    for term in ("lovelace", "engines", wanted.feedback.reference, str(wanted.feedback_id)):
        page = staff.get(FEEDBACK, {"q": term}).text
        assert "lovelace@example.org" in page
        assert "ada@example.org" not in page


@pytest.mark.parametrize("address", [FEEDBACK, EMAILS])
def test_a_list_costs_the_same_for_one_row_and_for_many(
    staff: Client,
    submit: Callable[..., Delivery],
    address: str,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    submit()
    with django_assert_num_queries(7, exact=False) as first:  # type: ignore[call-arg]
        staff.get(address)
    for _ in range(20):
        failed(submit(), "550 no such user")
    with django_assert_num_queries(len(first)):
        staff.get(address)


@pytest.mark.parametrize("state", State.values)
def test_emails_are_filtered_by_state(staff: Client, owed: Delivery, state: str) -> None:
    Delivery.objects.filter(pk=owed.pk).update(state=state, ended_at=owed.created_at)
    assert (owed.recipient in staff.get(EMAILS, {"state": state}).text) is True
    assert (
        "0 deliveries"
        in staff.get(EMAILS, {"state": "queued" if state != "queued" else "sent", "kind": owed.kind}).text
    )


def test_emails_are_filtered_by_the_errors_there_are(staff: Client, submit: Callable[..., Delivery]) -> None:
    failed(submit(email="full@example.org"), "452 4.2.2 mailbox full")
    failed(submit(email="unknown@example.org"), "550 no such user")
    page = staff.get(EMAILS).text
    assert "452 (1)" in page
    page = staff.get(EMAILS, {"error": "452"}).text
    assert "full@example.org" in page
    assert "unknown@example.org" not in page


def test_emails_are_filtered_by_age_and_kind(staff: Client, owed: Delivery) -> None:
    assert "1 delivery" in staff.get(EMAILS, {"age": "1", "kind": "acknowledgement"}).text
    assert "0 deliveries" in staff.get(EMAILS, {"kind": "digest"}).text


def test_an_email_is_shown_as_it_goes_out(staff: Client, owed: Delivery) -> None:
    response = staff.get(f"{EMAILS}{owed.pk}/change/")
    assert owed.message_id.strip("<>") in response.text
    assert "auto-replied" in response.text
    assert f"/feedback/{owed.feedback_id}/" in response.text
    assert "saved" in response.text
    assert "frame-src 'self'" in response.headers["Content-Security-Policy"]


def test_its_html_is_shown_in_a_sandbox(staff: Client, submit: Callable[..., Delivery]) -> None:
    submit(message="<script>alert(1)</script>")
    notification = Delivery.objects.get(kind="notification")
    response = staff.get(f"{EMAILS}{notification.pk}/html/")
    assert "&lt;script&gt;" in response.text
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert " sandbox>" in staff.get(f"{EMAILS}{notification.pk}/change/").text


def test_the_preview_is_for_staff_only(client: Client, owed: Delivery) -> None:
    assert client.get(f"{EMAILS}{owed.pk}/html/").status_code == 302
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert client.get(f"{EMAILS}{owed.pk}/html/").status_code == 404


def test_a_feedback_is_shown_with_its_emails_their_history_and_a_link_to_reply(
    staff: Client, submit: Callable[..., Delivery]
) -> None:
    delivery = failed(submit(email="o'hara+x@example.org"), "550 no such user")
    page = staff.get(f"{FEEDBACK}{delivery.feedback_id}/change/").text
    assert "550 no such user" in page
    assert (
        f"mailto:o%27hara%2Bx@example.org?subject=Re%3A%20your%20feedback%20%28{delivery.feedback.reference}%29"
        in page
    )


@pytest.mark.parametrize("address", [FEEDBACK, EMAILS])
def test_nothing_is_added_changed_or_deleted_by_hand(staff: Client, owed: Delivery, address: str) -> None:
    pk = owed.feedback_id if address == FEEDBACK else owed.pk
    assert staff.get(f"{address}add/").status_code == 403
    assert staff.post(f"{address}{pk}/change/", {"email": "x@example.org"}).status_code == 403
    assert staff.post(f"{address}{pk}/delete/").status_code == 403
    assert Feedback.objects.get().email == "ada@example.org"


def test_feedback_is_exported(staff: Client, submit: Callable[..., Delivery]) -> None:
    said = submit(message='Zoë said "no",\nthen left.').feedback
    header, row = exported(staff, FEEDBACK, said.pk)
    assert dict(zip(header, row, strict=True))["message"] == 'Zoë said "no",\nthen left.'


def test_emails_are_exported_with_their_last_reply(staff: Client, owed: Delivery) -> None:
    header, row = exported(staff, EMAILS, failed(owed, "550 no such user").pk)
    assert dict(zip(header, row, strict=True)) | {"status": "failed", "last": "550 no such user"} == dict(
        zip(header, row, strict=True)
    )


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_is_a_formula(staff: Client, submit: Callable[..., Delivery], text: str) -> None:
    _, row = exported(staff, FEEDBACK, submit(message=text, name=text).feedback.pk)
    assert row[3] == row[4] == f"'{text}"


def test_no_cell_becomes_two_where_semicolons_part_them(
    staff: Client, submit: Callable[..., Delivery]
) -> None:
    pk = submit(message="no; =1+1").feedback.pk
    answer = staff.post(FEEDBACK, {"action": "export", "_selected_action": [str(pk)]})
    assert '"no; =1+1"' in b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]


def test_who_exported_what_is_recorded(staff: Client, submit: Callable[..., Delivery]) -> None:
    exported(staff, FEEDBACK, submit().feedback.pk)
    assert LogEntry.objects.get().change_message == "Exported 1 feedback"


@pytest.mark.parametrize("by", ["created_at", "pk"])
def test_an_export_by_pages_leaves_out_no_row_and_repeats_none(
    submit: Callable[..., Delivery], monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    monkeypatch.setattr("feedback.export.PAGE", 2)
    for _ in range(5):
        submit()
    moment = Feedback.objects.earliest("created_at").created_at
    Feedback.objects.filter(pk__in=[one.pk for one in Feedback.objects.all()[:4]]).update(created_at=moment)
    rows = list(newest_first(Feedback.objects.all(), by))
    assert rows == sorted(Feedback.objects.all(), key=lambda row: (getattr(row, by), row.pk), reverse=True)


def test_words_are_sought_among_the_newest_and_a_whole_address_among_all(
    staff: Client, submit: Callable[..., Delivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedback.lookup.SEARCHED", 2)
    old, *_, new = [submit(email=f"visitor{number}@example.org").feedback for number in range(3)]
    assert "among the newest 100,000" in staff.get(FEEDBACK).text
    found = staff.get(FEEDBACK, {"q": "visitor"}).text
    assert (new.reference in found, old.reference in found) == (True, False)
    assert old.reference in staff.get(FEEDBACK, {"q": " Visitor0@example.org"}).text
    assert old.email in staff.get(EMAILS, {"q": old.email}).text


def test_an_export_is_streamed() -> None:
    asked = []

    def rows() -> Iterator[list[int]]:
        for number in range(1000):
            asked.append(number)
            yield [number]

    answer = iter(csv_response("numbers", ["number"], rows()))
    assert [next(answer) for _ in range(3)] == ["\ufeff".encode(), b'"number"\r\n', b'"0"\r\n']
    assert len(asked) == 1


def test_what_was_no_spam_is_unmarked_and_it_is_recorded(staff: Client, owed: Delivery) -> None:
    Feedback.objects.filter(pk=owed.feedback.pk).mark_as_spam("grace")
    chosen = {"action": "no_spam", "_selected_action": [str(owed.feedback_id)]}
    assert "1 marked as no spam." in staff.post(FEEDBACK, chosen, follow=True).text
    assert not Feedback.objects.get().spam
    assert LogEntry.objects.get().change_message == "Mark as no spam: 1 feedback"


def test_a_viewer_cannot_say_that_spam_is_none(viewer: Client, owed: Delivery) -> None:
    Feedback.objects.filter(pk=owed.feedback.pk).mark_as_spam("grace")
    viewer.post(FEEDBACK, {"action": "no_spam", "_selected_action": [str(owed.feedback_id)]})
    assert Feedback.objects.get().spam
