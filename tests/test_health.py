from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client

from feedback.models import Alarm, Delivery, Pause, Worker
from feedback.models.pause import COPY
from project import health

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def redis_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_redis", lambda: "ok")


def test_a_process_that_answers_is_alive(client: Client) -> None:
    assert client.get("/livez").json() == {"status": "ok"}


def test_ready_with_database_redis_and_a_worker(client: Client, owed: Delivery) -> None:
    Worker.objects.beat()
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "database": "ok",
        "redis": "ok",
        "worker": "ok",
        "mail": "ok",
        "oldest_owed_seconds": 0,
    }


def test_not_ready_without_a_worker(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["worker"] == "none seen in the last 15 seconds"


def test_not_ready_without_redis(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    Worker.objects.beat()
    monkeypatch.setattr(health, "_redis", lambda: "not reachable: refused")
    response = client.get("/readyz")
    assert (response.status_code, response.json()["redis"]) == (503, "not reachable: refused")


def test_not_ready_without_a_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> bool:
        raise DatabaseError("unable to open database file")

    monkeypatch.setattr(Worker.objects, "seen", fail)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["database"] == "not reachable: unable to open database file"


def test_not_ready_while_the_mail_server_refuses_us(client: Client) -> None:
    Worker.objects.beat()
    Alarm.objects.raise_for("535 bad password")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["mail"].endswith("the mail server refuses us: 535 bad password")


def test_a_pause_is_told_and_is_no_fault(client: Client) -> None:
    Worker.objects.beat()
    Pause.objects.begin("grace")
    response = client.get("/readyz")
    assert (response.status_code, response.json()["paused"]) == (200, "an operator has paused all sending")
    assert "grace" not in response.text


def test_a_restored_copy_says_that_it_is_one(client: Client) -> None:
    Worker.objects.beat()
    Pause.objects.create(pk=1, by=COPY, since=datetime(2026, 11, 22, 9, 5, tzinfo=UTC))
    said = client.get("/readyz").json()["paused"]
    assert said == "this database is a copy of 2026-11-22 09:05 UTC that was restored"
