"""What is kept open from one run of a worker to the next, with a real mail server."""

from collections.abc import Callable, Iterator

import pytest

from feedback import connection
from feedback.delivery import deliver
from feedback.models import Delivery
from feedback.pool import pool
from tests.mail_server import DROP, MailServer


@pytest.fixture(autouse=True)
def _open(mail_server: MailServer) -> Iterator[None]:
    pool.open()
    yield
    pool.close()


@pytest.fixture
def send(submit: Callable[..., Delivery]) -> Callable[[], str]:
    """Deliver one more email, as a worker does; return what became of it."""

    def send() -> str:
        owed = submit()
        deliver(owed.pk)
        owed.refresh_from_db()
        return owed.status

    return send


def test_the_next_email_goes_over_the_same_connection(
    send: Callable[[], str], mail_server: MailServer
) -> None:
    assert [send(), send(), send()] == ["sent"] * 3
    assert mail_server.steps.count("CONNECT") == 1
    assert "QUIT" not in mail_server.steps


def test_nothing_is_kept_before_it_is_opened(send: Callable[[], str], mail_server: MailServer) -> None:
    pool.close()
    assert [send(), send()] == ["sent"] * 2
    assert (mail_server.steps.count("CONNECT"), mail_server.steps.count("QUIT")) == (2, 2)


def test_a_goodbye_is_said_once_where_nobody_came_for_long(
    send: Callable[[], str], mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    send()
    pool.close_idle()
    assert "QUIT" not in mail_server.steps
    monkeypatch.setattr(connection, "LONGEST_IDLE_SECONDS", -1)
    assert pool.close_idle() > 0
    pool.close_idle()
    assert mail_server.steps.count("QUIT") == 1


def test_an_email_waits_for_no_goodbye_to_one_that_was_idle_for_long(
    send: Callable[[], str], mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    send()
    before = len(mail_server.steps)
    monkeypatch.setattr(connection, "LONGEST_IDLE_SECONDS", -1)
    assert send() == "sent"
    assert mail_server.steps[before] == "CONNECT"


@pytest.mark.parametrize("limit", ["LONGEST_SECONDS", "MOST_EMAILS"])
def test_one_that_served_for_long_is_closed(
    send: Callable[[], str], mail_server: MailServer, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(connection, limit, 0)
    send()
    assert mail_server.steps[-1] == "QUIT"


@pytest.mark.parametrize(
    ("step", "reply", "status"),
    [("RCPT", "550 no such user", "failed"), ("DATA", "451 later", "retrying"), ("DOT", DROP, "unconfirmed")],
)
def test_one_that_met_a_fault_is_not_kept(
    send: Callable[[], str], mail_server: MailServer, step: str, reply: str, status: str
) -> None:
    mail_server.misbehave_at(step, reply)
    assert send() == status
    with pool.connection() as another:
        assert not another.is_fresh
    assert send() == "sent"


def test_one_whose_place_nothing_could_take_is_not_kept(
    submit: Callable[..., Delivery], mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST_EMAILS", 1)
    mail_server.misbehave_at("CONNECT", None, DROP)
    first = submit()
    submit()
    deliver(first.pk, more=9)
    assert mail_server.steps.count("CONNECT") == 2
    with pool.connection() as another:
        assert not another.is_fresh


@pytest.mark.parametrize("reply", ["421 idle for too long", DROP])
def test_one_that_the_server_closed_meanwhile_costs_the_email_nothing(
    send: Callable[[], str], mail_server: MailServer, reply: str
) -> None:
    send()
    mail_server.misbehave_at("MAIL", reply)
    assert send() == "sent"
    assert Delivery.objects.filter(retries__gt=0).count() == 0
    assert mail_server.steps.count("CONNECT") == 2


def test_those_who_send_at_the_same_time_share_none(send: Callable[[], str]) -> None:
    send()
    with pool.connection() as one, pool.connection() as other:
        assert one is not other
        assert one.is_fresh
        assert not other.is_fresh


def test_whoever_is_ended_keeps_none(send: Callable[[], str], mail_server: MailServer) -> None:
    send()
    with pytest.raises(SystemExit), pool.connection():
        raise SystemExit
    assert mail_server.steps[-1] == "QUIT"


def test_after_the_end_what_was_in_use_is_closed_too(
    send: Callable[[], str], mail_server: MailServer
) -> None:
    send()
    with pool.connection():
        pool.close()
        assert "QUIT" not in mail_server.steps
    assert mail_server.steps[-1] == "QUIT"
