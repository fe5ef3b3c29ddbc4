from collections.abc import Iterator

import dramatiq
import pytest
import redis

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
