from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from redis import RedisError

from feedback.models import Alarm, Delivery, Pause, Worker
from feedback.models.pause import COPY
from project import health

pytestmark = pytest.mark.django_db


class FakeRedis:
    fault: str = ""

    def ping(self) -> None:
        if self.fault:
            raise RedisError(self.fault)


@pytest.fixture(autouse=True)
def redis_(monkeypatch: pytest.MonkeyPatch) -> FakeRedis:
    redis = FakeRedis()
    monkeypatch.setattr(health, "get_broker", lambda: SimpleNamespace(client=redis))
    return redis


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


def test_not_ready_without_redis_and_only_the_log_says_why(
    client: Client, redis_: FakeRedis, caplog: pytest.LogCaptureFixture
) -> None:
    Worker.objects.beat()
    redis_.fault = "Error 111 connecting to redis.internal:6379"
    response = client.get("/readyz")
    assert (response.status_code, response.json()["redis"]) == (503, "not reachable")
    assert "redis.internal" not in response.text
    assert "redis.internal" in caplog.text


def test_not_ready_without_a_database_and_only_the_log_says_why(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> bool:
        raise DatabaseError("unable to open database file")

    monkeypatch.setattr(Worker.objects, "seen", fail)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["database"] == "not reachable"
    assert "unable to open" not in response.text
    assert "unable to open database file" in caplog.text


def test_not_ready_while_the_mail_server_refuses_us(client: Client) -> None:
    Worker.objects.beat()
    Alarm.objects.raise_for("535 bad password")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["mail"].endswith("the mail server refuses us; staff reads why at /operations/")
    assert "bad password" not in response.text


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
