from collections.abc import Iterator

import dramatiq
import pytest

from feedback.checks import redis_keeps_everything
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


def test_a_redis_that_does_not_answer_stops_no_start(server: RedisServer) -> None:
    server.process.kill()
    server.process.wait()
    assert redis_keeps_everything() == []
