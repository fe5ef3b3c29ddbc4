import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from feedback import clock
from feedback.bars import HEIGHT, WIDTH, bars_png
from feedback.compose import compose
from feedback.delivery import deliver
from feedback.digest import MESSAGES, Digest, owe_digests
from feedback.models import Delivery, Feedback, Kind, State, Tally
from project.mailbox.letter import parse

pytestmark = pytest.mark.django_db
Submit = Callable[..., Delivery]


@pytest.fixture(autouse=True)
def queue(broker: object) -> None:
    pass


def the_digest() -> Delivery:
    return owe_digests()[0]


def ended(delivery: Delivery, move: str, why: str) -> Delivery:
    claimed = Delivery.objects.claim(delivery.pk)
    assert claimed
    getattr(claimed, move)(why)
    return delivery


def test_a_digest_is_a_delivery_to_each_owner(settings: Any, outbox: list[EmailMessage]) -> None:
    settings.FEEDBACK_OWNERS = ["one@example.org", "two@example.org"]
    for delivery in owe_digests():
        deliver(delivery.pk)
    assert [message.to for message in outbox] == [["one@example.org"], ["two@example.org"]]
    assert set(Delivery.objects.values_list("kind", "state")) == {(Kind.DIGEST, State.SENT)}


def test_it_says_how_many_how_fast_what_failed_and_what_was_written(submit: Submit) -> None:
    ended(submit(message="The door is too heavy."), "mark_sent", "250 ok")
    bad = ended(submit(name="Grace"), "mark_failed", "550 no such user")
    message = compose(the_digest())
    assert message.subject == "Feedback: 2 messages, 1 failed"
    text = str(message.body)
    assert "Messages: 2\nEmails sent: 1\nFailed: 1\nUnconfirmed: 0" in text
    assert re.search(r"Half were accepted within \d+\.\d s", text)
    assert "550 no such user" in text
    assert f"http://testserver/operations/?id={bad.pk}" in text
    assert "The door is too heavy." in text
    assert f"http://testserver/admin/feedback/feedback/{bad.feedback_id}/change/" in text


def test_its_picture_comes_along_and_is_said_in_words(submit: Submit) -> None:
    ended(submit(), "mark_sent", "250 ok")
    message = compose(the_digest())
    assert isinstance(message, EmailMultiAlternatives)
    html = str(message.alternatives[0][0])
    assert 'src="cid:plot"' in html
    assert 'alt="1 sent and 0 failed"' in html
    shown = parse("", message.message().as_bytes())
    assert 'src="data:image/png;base64,' in shown.html


def test_what_was_written_is_no_html(submit: Submit) -> None:
    submit(message="<script>alert(1)</script>", name="<b>Ada</b>")
    message = compose(the_digest())
    html = str(message.alternatives[0][0])
    assert "<script>" not in html
    assert "<b>" not in html


def test_spam_is_counted_and_not_shown(submit: Submit) -> None:
    spam = submit(message="Buy my pills.")
    Feedback.objects.filter(deliveries=spam).mark_as_spam("grace")
    message = compose(the_digest())
    assert "1 failed" in message.subject or "message" in message.subject
    assert "pills" not in str(message.body)


def test_it_is_about_its_own_time(submit: Submit, settings: Any) -> None:
    old = submit(message="Long ago.")
    Feedback.objects.filter(deliveries=old).update(created_at=timezone.now() - timedelta(days=3))
    assert "Long ago." not in str(compose(the_digest()).body)
    settings.DIGEST = "weekly"
    assert "Long ago." in str(compose(the_digest()).body)


def test_a_long_one_names_the_rest(submit: Submit) -> None:
    for _ in range(MESSAGES + 2):
        submit()
    digest = Digest(timezone.now())
    assert (len(digest.messages), digest.more) == (MESSAGES, 2)


def test_it_costs_the_same_for_one_message_and_for_many(
    submit: Submit, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ended(submit(), "mark_failed", "550")
    with django_assert_num_queries(19, exact=False) as first:  # type: ignore[call-arg]
        compose(Delivery(kind=Kind.DIGEST, recipient="a@example.org", created_at=timezone.now()))
    for _ in range(10):
        ended(submit(), "mark_failed", "550")
    with django_assert_num_queries(len(first)):
        compose(Delivery(kind=Kind.DIGEST, recipient="a@example.org", created_at=timezone.now()))


def test_columns_are_the_differences_of_hours(db: None) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    for ago, sent in ((2, 0), (1, 4), (0, 10)):
        Tally.objects.create(at=hour - timedelta(hours=ago), sent=sent, failed=ago == 0)
    assert Digest(hour).columns == [(4, 0), (6, 1)]


@pytest.mark.parametrize("columns", [[], [(0, 0)], [(3, 1), (0, 0), (10, 0)], [(1, 0)] * 24])
def test_the_picture_is_a_png_of_one_size(columns: list[tuple[int, int]]) -> None:
    png = bars_png(columns)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (WIDTH, HEIGHT + 1)


def test_the_clock_sends_it_where_somebody_has_written(submit: Submit) -> None:
    clock._send_digests()
    assert not Delivery.objects.filter(kind=Kind.DIGEST).exists()
    submit()
    clock._send_digests()
    assert Delivery.objects.filter(kind=Kind.DIGEST).count() == 1


def test_an_operator_can_ask_for_one(operator: Client) -> None:
    assert "It goes to owner@example.org" in operator.get("/operations/digest/").text
    assert not Delivery.objects.exists()
    page = operator.post("/operations/digest/", follow=True).text
    assert "1 email queued, one for each owner." in page
    assert "Asked for a digest to 1 owner" in page
    assert Delivery.objects.get().kind == Kind.DIGEST


def test_a_digest_is_shown_to_staff_like_every_email(operator: Client) -> None:
    delivery = the_digest()
    assert "Feedback: 0 messages" in operator.get(f"/admin/feedback/delivery/{delivery.pk}/change/").text
    assert "<img" in operator.get(f"/admin/feedback/delivery/{delivery.pk}/html/").text


def test_a_digest_that_is_asked_for_twice_goes_out_once(operator: Client, settings: Any) -> None:
    settings.FEEDBACK_OWNERS = ["owner@example.org"]
    asked = operator.get("/operations/digest/").context["asked"]
    for words in ("1 email queued", "no second one is sent"):
        assert words in operator.post("/operations/digest/", {"asked": asked}, follow=True).text
    assert Delivery.objects.filter(kind="digest").count() == 1
