"""What is kept open from one run of a worker to the next, with a real mail server."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from feedback import connection
from feedback.connection import Connection
from feedback.delivery import deliver
from feedback.models import Alarm, Delivery
from feedback.pool import Pool, pool
from tests.mail_server import DROP, SILENCE, MailServer
from tests.runner.running import wait_until

Send = Callable[[], str]


@pytest.fixture(autouse=True)
def _open(mail_server: MailServer) -> Iterator[None]:
    pool.open(16)
    yield
    pool.close()


@pytest.fixture
def send(submit: Callable[..., Delivery]) -> Send:
    """Deliver one more email, as a worker does; return what became of it."""

    def send() -> str:
        owed = submit()
        deliver(owed.pk)
        owed.refresh_from_db()
        return owed.status

    return send


@pytest.fixture
def idle_for_long(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    return lambda: monkeypatch.setattr(connection, "LONGEST_IDLE_SECONDS", -1)


def keeps_one() -> bool:
    with pool.connection() as kept:
        return kept.is_fresh


def test_the_next_email_goes_over_the_same_connection(send: Send, mail_server: MailServer) -> None:
    assert [send(), send(), send()] == ["sent"] * 3
    assert mail_server.steps.count("CONNECT") == 1
    assert "QUIT" not in mail_server.steps


def test_nothing_is_kept_before_it_is_opened(send: Send, mail_server: MailServer) -> None:
    pool.close()
    assert [send(), send()] == ["sent"] * 2
    wait_until(lambda: mail_server.steps.count("QUIT") == 2)
    assert mail_server.steps.count("CONNECT") == 2


def test_a_goodbye_is_said_once_where_nobody_came_for_long(
    send: Send, mail_server: MailServer, idle_for_long: Callable[[], None]
) -> None:
    send()
    pool.close_idle()
    assert keeps_one()
    idle_for_long()
    pool.close_idle()
    pool.close_idle()
    wait_until(lambda: mail_server.steps[-1] == "QUIT")
    assert mail_server.steps.count("QUIT") == 1


def test_one_that_was_idle_for_long_is_not_used_again(
    send: Send, mail_server: MailServer, idle_for_long: Callable[[], None]
) -> None:
    send()
    idle_for_long()
    assert send() == "sent"
    assert mail_server.steps.count("CONNECT") == 2


@pytest.mark.parametrize("limit", ["LONGEST_SECONDS", "MOST_EMAILS"])
def test_one_that_served_for_long_is_closed(
    send: Send, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(connection, limit, 0)
    send()
    wait_until(lambda: mail_server.steps[-1] == "QUIT")
    assert not keeps_one()


def test_nobody_waits_for_the_answer_to_a_goodbye(
    send: Send, mail_server: MailServer, idle_for_long: Callable[[], None]
) -> None:
    mail_server.misbehave = lambda step, _: SILENCE if step == "QUIT" else None
    send()
    began = time.monotonic()
    idle_for_long()
    pool.close_idle()
    send()
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("step", "reply", "status"),
    [("RCPT", "550 no such user", "failed"), ("DATA", "451 later", "retrying"), ("DOT", DROP, "unconfirmed")],
)
def test_one_that_met_a_fault_is_not_kept(
    send: Send, mail_server: MailServer, step: str, reply: str, status: str
) -> None:
    mail_server.misbehave_at(step, reply)
    assert send() == status
    assert not keeps_one()
    assert send() == "sent"


def test_one_whose_place_nothing_could_take_is_not_kept(
    submit: Callable[..., Delivery], mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST_EMAILS", 1)
    mail_server.misbehave_at("CONNECT", None, DROP)
    first = submit()
    submit()
    deliver(first.pk, others=True)
    assert mail_server.steps.count("CONNECT") == 2
    assert not keeps_one()


@pytest.mark.parametrize("reply", ["421 idle for too long", DROP])
def test_one_that_the_server_closed_meanwhile_costs_the_email_nothing(
    send: Send, mail_server: MailServer, reply: str
) -> None:
    send()
    mail_server.misbehave_at("MAIL", reply)
    assert send() == "sent"
    assert Delivery.objects.filter(retries__gt=0).count() == 0
    assert mail_server.steps.count("CONNECT") == 2


def test_a_probe_logs_in_anew(send: Send, submit: Callable[..., Delivery], mail_server: MailServer) -> None:
    send()
    Alarm.objects.raise_for("535 wrong password")
    mail_server.misbehave_at("CONNECT", "554 you are still not welcome")
    deliver(submit().pk, probe=True)
    assert Alarm.objects.exists()


def test_those_that_were_idle_for_long_make_room_for_the_next(
    send: Send, mail_server: MailServer, idle_for_long: Callable[[], None]
) -> None:
    send()
    idle_for_long()
    with pool.connection():
        wait_until(lambda: mail_server.steps[-1] == "QUIT")


def test_the_one_that_was_used_last_is_taken_first() -> None:
    with pool.connection() as first, pool.connection() as second:
        for each in (first, second):
            each._sound, each._opened, each._used = True, time.monotonic(), time.monotonic()
    with pool.connection() as taken:
        assert taken is first  # as the inner block ends before the outer one


def test_those_who_send_at_the_same_time_share_none(send: Send) -> None:
    send()
    with pool.connection() as one, pool.connection() as other:
        assert one is not other
        assert one.is_fresh
        assert not other.is_fresh


def test_whatever_threads_do_a_connection_is_one_s_own_and_closed_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, used, closed, wrong = Pool(), set[int](), list[int](), list[str]()
    monkeypatch.setattr(Connection, "is_fresh", property(lambda self: id(self) % 3 > 0))
    monkeypatch.setattr(Connection, "close", lambda self: closed.append(id(self)))
    everyone: list[Connection] = []
    ours.open(1)

    def send_often() -> None:
        for _ in range(300):
            with ours.connection() as mine:
                everyone.append(mine)  # so that no address is used twice
                if id(mine) in used or id(mine) in closed:
                    wrong.append("not ours alone")
                used.add(id(mine))
                time.sleep(0)
                used.discard(id(mine))

    threads = [threading.Thread(target=send_often) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        ours.close_idle()
        ours.close()
        ours.open(1)
    ours.close()
    assert not wrong
    assert sorted(closed) == sorted({id(one) for one in everyone})


def test_after_the_end_what_was_in_use_is_closed_too(send: Send, mail_server: MailServer) -> None:
    send()
    with pool.connection() as used:
        pool.close()
        assert used.is_fresh
    wait_until(lambda: mail_server.steps[-1] == "QUIT")


def test_one_more_is_given_than_are_open_and_no_more_than_allowed() -> None:
    pool.open(3)
    for expected in (1, 2, 3, 3):
        with pool.connections() as connections:
            assert len(connections) == expected
            for each in connections:
                each._sound, each._opened, each._used = True, time.monotonic(), time.monotonic()


def test_a_server_that_refuses_a_further_one_is_asked_for_no_more_for_a_while(
    several: int, mail_server: MailServer
) -> None:
    mail_server.misbehave_at("CONNECT", None, "421 too many connections from you")
    deliver(several, others=True)
    assert Delivery.objects.filter(retries=1).count() == 1
    for _ in range(3):
        deliver(several, others=True)
    assert mail_server.steps.count("CONNECT") == 2
    assert Delivery.objects.filter(state="sent").count() == 5
    assert Delivery.objects.filter(retries=1).count() == 1


@pytest.fixture
def several(submit: Callable[..., Delivery]) -> int:
    """Return one of six emails that are due."""
    return [submit().pk for _ in range(3)][-1]
