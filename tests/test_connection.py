"""Several emails over kept connections to a real mail server, one after the other and side by side."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from feedback import connection, pool, smtp
from feedback.connection import Connection
from feedback.delivery import deliver
from feedback.models import Delivery, Feedback
from tests.mail_server import DROP, SILENCE, MailServer, Reply
from tests.runner.running import wait_until
from tests.test_counted_work import statements

Submit = Callable[..., Delivery]


@pytest.fixture(autouse=True)
def _open() -> Iterator[None]:
    pool.pool.open(16)
    yield
    pool.pool.close()


@pytest.fixture
def several(submit: Submit) -> list[int]:
    """Return four emails that are due."""
    submit(), submit()
    return sorted(Delivery.objects.values_list("pk", flat=True))


@pytest.fixture
def side_by_side(submit: Submit, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have four emails due, and take all of them together."""
    monkeypatch.setattr(pool.Pool, "_take", lambda self, most: [Connection() for _ in range(most)])
    submit(), submit()


def statuses() -> list[str]:
    return [delivery.status for delivery in Delivery.objects.order_by("pk")]


def second(mail_server: MailServer, step: str, reply: Reply) -> None:
    """Have the server misbehave at this step of the second email."""
    seen: list[str] = []

    def misbehave(at: str, text: str) -> Reply:
        seen.append(at)
        return reply if at == step and seen.count(step) == 2 else None

    mail_server.misbehave = misbehave


def test_what_is_due_is_sent_along_and_no_connection_is_opened_in_vain(
    several: list[int], mail_server: MailServer
) -> None:
    deliver(several[0], others=True)
    assert statuses() == ["sent"] * 4
    assert mail_server.steps.count("CONNECT") == 2  # one email, then two at once, then one
    assert len(set(mail_server.accepted_ids())) == 4


@pytest.mark.parametrize(
    ("step", "reply"),
    [
        ("MAIL", "421 idle for too long"),
        ("RCPT", "421 closing"),
        ("DATA", "421 closing"),
        ("MAIL", DROP),
        ("RCPT", DROP),
    ],
)
def test_a_kept_connection_that_the_server_closed_costs_the_email_nothing(
    several: list[int], mail_server: MailServer, step: str, reply: str
) -> None:
    second(mail_server, step, reply)
    deliver(several[0])
    deliver(several[1])
    assert statuses() == ["sent"] * 2 + ["queued"] * 2
    assert Delivery.objects.filter(retries__gt=0).count() == 0
    assert mail_server.steps.count("CONNECT") == 2


def test_a_line_that_breaks_after_the_mark_is_not_tried_over_another(
    several: list[int], mail_server: MailServer
) -> None:
    second(mail_server, "DOT", DROP)
    deliver(several[0])
    deliver(several[1], others=True)
    assert statuses() == ["sent", "unconfirmed", "queued", "queued"]
    assert mail_server.steps.count("CONNECT") == 1


def test_a_refusal_over_a_kept_connection_is_not_asked_twice(
    several: list[int], mail_server: MailServer
) -> None:
    second(mail_server, "RCPT", "550 no such user")
    deliver(several[0])
    deliver(several[1], others=True)
    assert statuses() == ["sent", "failed", "queued", "queued"]


def test_a_connection_that_was_idle_for_long_is_not_used_again(
    several: list[int], mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LONGEST_IDLE_SECONDS", -1)
    deliver(several[0], others=True)
    assert statuses() == ["sent"] * 4
    assert mail_server.steps.count("CONNECT") == 4


def test_a_new_connection_has_its_hundred_emails_again(
    several: list[int], mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST_EMAILS", 2)
    for one in several:
        deliver(one)
    assert statuses() == ["sent"] * 4
    assert mail_server.steps.count("CONNECT") == 2


@pytest.mark.usefixtures("side_by_side")
def test_each_has_a_connection_of_its_own_and_takes_each_step_before_any_takes_the_next(
    mail_server: MailServer,
) -> None:
    with statements() as verbs:
        deliver(0, others=True)
    assert statuses() == ["sent"] * 4
    # The server notes what it has said a moment after we have heard it.
    wait_until(lambda: len({port for step, port in mail_server.said if step == "DOT"}) == 4)
    writes = [verb for verb in verbs if verb != "SELECT"]
    assert writes[:4] == ["WITH", "WITH", "UPDATE", "UPDATE"], "the ring's own, claim, begin, sent"
    assert "UPDATE" not in writes[4:], "and on PostgreSQL a claim that finds nothing more"
    first_end = mail_server.steps.index("DOT")
    assert mail_server.steps[:first_end].count("DATA") == 4


@pytest.mark.usefixtures("side_by_side")
def test_one_that_is_refused_leaves_the_others_alone(mail_server: MailServer) -> None:
    second(mail_server, "RCPT", "550 no such user")
    deliver(0, others=True)
    assert sorted(statuses()) == ["failed", "sent", "sent", "sent"]


@pytest.mark.usefixtures("side_by_side")
@pytest.mark.parametrize("reply", [DROP, "554 spam", "451 later"])
def test_a_reply_decides_about_its_own_email_only(mail_server: MailServer, reply: str) -> None:
    second(mail_server, "DOT", reply)
    deliver(0, others=True)
    fate = {DROP: "unconfirmed", "554 spam": "failed", "451 later": "retrying"}[reply]
    assert sorted(statuses()) == sorted([fate, "sent", "sent", "sent"])
    unconfirmed = Delivery.objects.filter(state="unconfirmed")
    assert not {one.message_id for one in unconfirmed} & {
        one.message_id for one in Delivery.objects.filter(state="sent")
    }


@pytest.mark.usefixtures("side_by_side")
def test_nobody_waits_for_one_that_gets_no_reply(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "FINAL_REPLY_SECONDS", 0.5)
    marked = list[float]()
    mark_sent, began = Delivery.objects.mark_sent, time.monotonic()

    def timed(replies: dict[Delivery, str]) -> int:
        marked.extend([time.monotonic() - began] * len(replies))
        return mark_sent(replies)

    monkeypatch.setattr(Delivery.objects, "mark_sent", timed)
    second(mail_server, "DOT", SILENCE)
    deliver(0, others=True)
    assert sorted(statuses()) == ["sent", "sent", "sent", "unconfirmed"]
    assert len(marked) == 3
    assert max(marked) < 0.4


@pytest.mark.usefixtures("side_by_side")
@pytest.mark.parametrize("step", ["MAIL", "DATA"])
@pytest.mark.parametrize("pipelining", [True, False])
def test_a_server_that_hangs_holds_all_of_them_no_longer_than_one(
    mail_server: MailServer, step: str, pipelining: bool
) -> None:
    if not pipelining:
        mail_server.usual = mail_server.usual | {"EHLO": "250 here"}
    mail_server.misbehave = lambda at, _: SILENCE if at == step else None
    began = time.monotonic()
    deliver(0, others=True)
    assert statuses() == ["retrying"] * 4
    assert time.monotonic() - began < 2 * 1 + 0.8  # twice EMAIL_TIMEOUT would be the third's turn


@pytest.mark.usefixtures("side_by_side")
def test_no_goodbye_is_said_in_the_middle_of_a_text(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(claims: list[Delivery]) -> None:
        raise OSError("the database is away")

    monkeypatch.setattr(Delivery.objects, "begin_transmission", fail)
    deliver(0, others=True)
    assert statuses() == ["retrying"] * 4
    wait_until(lambda: mail_server.steps.count("DATA") == 4)
    assert "QUIT" not in mail_server.steps
    assert not mail_server.accepted


@pytest.mark.usefixtures("side_by_side")
def test_without_pipelining_they_go_side_by_side_too(mail_server: MailServer) -> None:
    mail_server.usual = mail_server.usual | {"EHLO": "250 here"}
    mail_server.misbehave = lambda step, _: (
        time.sleep(0.1) if step in ("MAIL", "RCPT", "DATA", "DOT") else None
    )
    began = time.monotonic()
    deliver(0, others=True)
    assert statuses() == ["sent"] * 4
    assert time.monotonic() - began < 2 * 4 * 0.1, "one after the other would be 4 x 4 x 0.1"


@pytest.mark.usefixtures("side_by_side")
def test_one_that_is_left_while_it_waits_for_another_is_tried_again(mail_server: MailServer) -> None:
    """The server takes 0.3 s for one's DATA, and meanwhile hangs up on the second, whose text it has."""
    clients = dict[int, int]()

    def misbehave(step: str, text: str) -> Reply:
        if step == "DATA":
            number = clients.setdefault(threading.get_ident(), len(clients))
            if number == 1:
                threading.Timer(0.1, hang_up, [mail_server.client.socket]).start()
            if number == 3:
                time.sleep(0.3)
        return None

    mail_server.misbehave = misbehave
    deliver(0, others=True)
    assert sorted(statuses()) == ["retrying", "sent", "sent", "sent"]
    assert len(mail_server.accepted) == 3


@pytest.mark.usefixtures("side_by_side")
def test_a_reply_that_is_cut_short_keeps_nobody_s_mark(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "REST_SECONDS", 0.3)
    second(mail_server, "DOT", "250-one line and no more")
    began = time.monotonic()
    deliver(0, others=True)
    assert sorted(statuses()) == ["sent", "sent", "sent", "unconfirmed"]
    assert time.monotonic() - began < 1


@pytest.mark.usefixtures("side_by_side")
def test_one_that_is_erased_meanwhile_leaves_the_others_alone(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Delivery.objects.read_feedback

    def erased(claims: list[Delivery]) -> None:
        one = Feedback.objects.get(deliveries=claims[0])
        one.deliveries.all().delete()
        one.delete()
        read(claims)

    monkeypatch.setattr(Delivery.objects, "read_feedback", erased)
    deliver(0, others=True)
    assert set(statuses()) == {"sent"}


def hang_up(client: socket.socket) -> None:
    client.shutdown(socket.SHUT_RDWR)
