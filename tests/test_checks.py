from collections.abc import Iterator
from datetime import timedelta

import dramatiq
import pytest
import redis
from django.db import DatabaseError, connection
from django.utils import timezone

from feedback.checks import redis_keeps_everything, sqlite_serves_one_machine
from feedback.models import Worker
from project.broker import Broker
from tests.redis_server import RedisServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    server = RedisServer()
    broker = Broker(url=server.url, middleware=[])
    monkeypatch.setattr(dramatiq, "get_broker", lambda: broker)
    yield server
    broker.client.close()
    server.stop()


def test_a_redis_that_keeps_everything_is_fine(server: RedisServer) -> None:
    assert redis_keeps_everything() == []


def test_a_redis_that_evicts_is_refused_with_the_settings_name(server: RedisServer) -> None:
    server.client.config_set("maxmemory-policy", "allkeys-lru")
    (error,) = redis_keeps_everything()
    assert error.msg.startswith("The Redis at REDIS_URL has maxmemory-policy allkeys-lru")
    assert error.hint is not None
    assert error.hint.startswith("Set maxmemory-policy to noeviction")


def test_a_managed_redis_that_forbids_config_is_found_to_evict_too(monkeypatch: pytest.MonkeyPatch) -> None:
    server = RedisServer(options=["--rename-command", "CONFIG", "", "--maxmemory-policy", "volatile-lru"])
    broker = Broker(url=server.url, middleware=[])
    monkeypatch.setattr(dramatiq, "get_broker", lambda: broker)
    with pytest.raises(redis.ResponseError, match="unknown command 'CONFIG'"):
        server.client.config_get("maxmemory-policy")
    (error,) = redis_keeps_everything()
    assert "maxmemory-policy volatile-lru" in error.msg
    broker.client.close()
    server.stop()


def test_a_redis_that_does_not_answer_stops_no_start(server: RedisServer) -> None:
    server.process.kill()
    server.process.wait()
    assert redis_keeps_everything() == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL serves many machines")
def test_a_sqlite_file_that_a_worker_of_another_machine_uses_is_refused(db: None) -> None:
    Worker.objects.beat()
    assert sqlite_serves_one_machine() == []
    Worker.objects.create(name="other:1@another-kernel", seen_at=timezone.now())
    (error,) = sqlite_serves_one_machine()
    assert error.id == "feedback.E003"
    assert error.msg.startswith(
        "DATABASE_URL is SQLite, and the worker other:1@another-kernel of another machine"
    )
    assert error.hint is not None
    assert "move to PostgreSQL" in error.hint


def test_a_worker_of_another_machine_that_has_gone_is_no_fault(db: None) -> None:
    Worker.objects.create(name="other:1@another-kernel", seen_at=timezone.now() - timedelta(minutes=1))
    assert sqlite_serves_one_machine() == []


@pytest.mark.skipif(connection.vendor != "postgresql", reason="make test-postgres has one")
def test_postgresql_may_be_used_by_many_machines(db: None) -> None:
    Worker.objects.create(name="other:1@another-kernel", seen_at=timezone.now())
    assert sqlite_serves_one_machine() == []


def test_a_database_with_nothing_in_it_yet_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise DatabaseError("no such table: feedback_worker")

    monkeypatch.setattr(Worker.objects, "alive", fail)
    assert sqlite_serves_one_machine() == []
