import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import dramatiq
import pytest
from django.utils import timezone
from pytest_django import Settings

from feedback import tasks
from feedback.limits import seconds_to_wait, too_many
from feedback.models import Delivery, Feedback
from project.broker import Broker
from tests.redis_server import RedisServer

NETWORK, HOME, NEIGHBOUR = "a" * 11, "1" * 11, "2" * 11
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    server = RedisServer()
    yield server
    server.stop()


@pytest.fixture
def in_redis(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> RedisServer:
    server.client.flushall()
    broker = Broker(url=server.url, middleware=[])
    monkeypatch.setattr(dramatiq, "get_broker", lambda: broker)
    monkeypatch.setattr(tasks, "_silent_until", 0)
    return server


@pytest.fixture(autouse=True)
def limits(settings: Settings) -> None:
    settings.RATE_LIMITS = [(2, 60), (5, 3600)]


def post(sender: str = NETWORK + HOME) -> int:
    """Do what a post does; return the seconds it has to wait."""
    wait = seconds_to_wait(sender)
    if not wait:
        Feedback.objects.create(email="ada@example.org", message="Hello", sender=sender)
    return wait


@pytest.fixture(params=["redis", "rows"])
def counted(request: pytest.FixtureRequest) -> str:
    if request.param == "redis":
        request.getfixturevalue("in_redis")
    return str(request.param)


def test_one_home_may_post_so_often_and_then_has_to_wait(counted: str) -> None:
    assert [post(), post()] == [0, 0]
    assert 0 < post() <= 60


def test_a_neighbour_may_still_post_until_the_network_is_full(counted: str) -> None:
    senders = [f"{NETWORK}{home:011}" for home in range(6)]
    assert [post(sender) for sender in senders[:5] for _ in range(2)] == [0] * 10
    assert post(senders[5]) > 0
    assert post("b" * 22) == 0


def test_everybody_together_may_not_flood_the_site(counted: str) -> None:
    waits = [post(f"{place:011}{HOME}") for place in range(101)]
    assert waits[:100] == [0] * 100
    assert waits[100] > 0


def test_the_longer_limit_counts_too(counted: str, settings: Settings) -> None:
    settings.RATE_LIMITS = [(9, 60), (3, 3600)]
    assert [post(), post(), post()] == [0, 0, 0]
    assert 60 < post() <= 3600


def test_who_is_refused_waits_no_longer_for_trying(in_redis: RedisServer) -> None:
    post()
    post()
    assert max(post() for _ in range(10)) <= 60
    assert set(in_redis.client.mget(in_redis.client.keys("*"))) == {b"2"}


def test_off_is_off(counted: str, settings: Settings) -> None:
    settings.RATE_LIMITS = []
    assert [post() for _ in range(20)] == [0] * 20


def test_redis_holds_no_address_and_nothing_for_long(in_redis: RedisServer) -> None:
    post()
    keys = [str(key) for key in in_redis.client.keys("*")]
    assert len(keys) == 6
    assert all(key.startswith("b'feedback:limit:") for key in keys)
    assert all(0 < in_redis.client.ttl(key) <= 3600 for key in in_redis.client.keys("*"))


def test_rows_that_are_old_count_no_more() -> None:
    post()
    post()
    Feedback.objects.update(created_at=timezone.now() - timedelta(seconds=61))
    assert post() == 0


def test_a_redis_that_is_gone_leaves_counting_to_the_rows(in_redis: RedisServer) -> None:
    post()
    in_redis.client.close()
    in_redis.stop()
    try:
        assert post() == 0
        assert post() > 0
    finally:
        in_redis.start()


def test_a_silent_redis_costs_a_visitor_one_short_wait(in_redis: RedisServer) -> None:
    os.kill(in_redis.process.pid, signal.SIGSTOP)
    began = time.monotonic()
    try:
        assert post() == 0
        assert tasks.ring([1]) is False  # and is not waited for again
        assert post() == 0
    finally:
        os.kill(in_redis.process.pid, signal.SIGCONT)
    assert time.monotonic() - began < 1.5


def test_where_a_feedback_came_from_is_forgotten_in_time(submit: Callable[..., Delivery]) -> None:
    old, new = (submit(sender="1" * 22).feedback for _ in range(2))
    Feedback.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(seconds=3601))
    Feedback.objects.forget_senders()
    assert dict(Feedback.objects.values_list("pk", "sender")) == {old.pk: "", new.pk: "1" * 22}


@pytest.mark.parametrize(("seconds", "words"), [(1, "a minute"), (60, "a minute"), (61, "2 minutes")])
def test_the_wait_is_said_in_words(seconds: int, words: str) -> None:
    assert f"wait {words} and press Send again" in too_many(seconds)
