import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from feedback import tasks
from feedback.models import Delivery, Pause, Tally, Worker

TOKEN = "a token that is long enough"  # noqa: S105
SAMPLE = re.compile(r"feedback_\w+(\{\w+=\"[\w.+]+\"\})? -?[\d.]+(e-?\d+)?")
pytestmark = pytest.mark.django_db


@pytest.fixture
def read(client: Client, settings: Any) -> Callable[[], dict[str, float]]:
    settings.METRICS_TOKEN = TOKEN

    def read() -> dict[str, float]:
        page = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
        samples = [line for line in page.splitlines() if not line.startswith("#")]
        assert all(SAMPLE.fullmatch(line) for line in samples), page
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in samples)}

    return read


def test_metrics_are_closed_by_default(client: Client) -> None:
    for header in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer guess"}):
        response = client.get("/metrics", headers=header)
        assert response.status_code == 401
        assert "feedback_" not in response.text


def test_a_wrong_token_opens_nothing(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    for given in ("", "Bearer ", f"Bearer {TOKEN}x", "Bearer ä", f"Basic {TOKEN}"):
        assert (
            client.get("/metrics", headers={"Authorization": given.encode().decode("latin-1")}).status_code
            == 401
        )


def test_staff_may_read_them(viewer: Client) -> None:
    assert viewer.get("/metrics").status_code == 200


def test_they_are_those_of_the_rows(
    become: Callable[..., Delivery], read: Callable[[], dict[str, float]]
) -> None:
    for state in ("sent", "sent", "failed", "unconfirmed", "queued", "held"):
        become(state)
    Worker.objects.beat()
    Tally.objects.take_now()
    said = read()
    assert said["feedback_submitted_total"] == 6
    assert said['feedback_emails_total{state="sent"}'] == 2
    assert said['feedback_emails{state="failed"}'] == said['feedback_emails{state="held"}'] == 1
    assert said["feedback_owed"] == 7
    assert said['feedback_accept_seconds_bucket{le="+Inf"}'] == said["feedback_accept_seconds_count"] == 2
    assert said["feedback_worker_seen_seconds"] < 5
    assert said["feedback_paused"] == 0


def test_totals_never_go_back(become: Callable[..., Delivery], read: Callable[[], dict[str, float]]) -> None:
    delivery = become("failed")
    Tally.objects.take_now()
    before = read()
    Delivery.objects.filter(pk=delivery.pk).resend("grace")
    delivery.feedback.delete()
    Tally.objects.take_now()
    after = read()
    assert all(after[name] >= before[name] for name in before if "_total" in name or "accept" in name)


def test_buckets_grow(become: Callable[..., Delivery], read: Callable[[], dict[str, float]]) -> None:
    become("sent")
    Tally.objects.take_now()
    buckets = [value for name, value in read().items() if "_bucket" in name]
    assert buckets == sorted(buckets)


def test_what_is_not_known_is_left_out(
    read: Callable[[], dict[str, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "queue_length", lambda: None)
    Pause.objects.begin("grace")
    said = read()
    assert "feedback_queue_length" not in said
    assert "feedback_worker_seen_seconds" not in said
    assert said["feedback_paused"] == 1


def test_they_cost_a_bounded_number_of_queries(
    read: Callable[[], dict[str, float]], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(12):
        read()
