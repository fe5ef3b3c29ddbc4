"""How fast emails go out that are owed already, with two processes that send them.

Nobody's start-up counts: time runs from the moment a twentieth is accepted until the last one is,
both as the SMTP sink sees it. The queues' marks must all be there in the end.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from bench.household import PRODUCT_PYTHON, Household, household, until
from bench.part import Figures, Part, Row, compared, interleaved, quick
from bench.sink import Sink
from bench.site import Peer, Product, peer, product

TITLE = "Emails that wait, sent by two processes"
EMAILS = quick(2000, 100)  # a round; 10,000 in all
ROUNDS = quick(5, 1)
DATABASES = quick(("SQLite", "PostgreSQL"), ("SQLite",))
WARM = 20  # one in so many comes before time runs


@dataclass
class Queue:
    """Owes emails, sends them, counts what it has marked as sent, and stops."""

    owe: Callable[[int], object]
    send: Callable[[], object]
    sent: Callable[[], int] | None
    stop: Callable[[], None]
    keeps: bool = True  # the marks of the rounds before
    times: int = 1  # so many emails more, where they are gone too soon to be timed well

    def drain(self, sink: Sink) -> float:
        emails = EMAILS * self.times
        before, marked = sink.accepted, self.sent() if self.sent and self.keeps else 0
        self.owe(emails)
        self.send()
        rate = sink.rate(before, emails, emails // WARM)
        if sent := self.sent:
            until(lambda: sent() == marked + emails, 60, "a mark for every email")
        self.stop()
        return rate


SECONDS = quick(600, 40)


def measure() -> Part:
    rows: list[Row] = []
    rates: dict[str, Figures] = {}
    for database in DATABASES:
        rates[database] = _rates(database)
        rows += [_row(database, rates[database], *goal) for goal in GOALS]
    return Part("drain", TITLE, rows, rates)


GOALS = (
    ("celery", "Celery's", 4.0),
    ("post_office", "post_office's unsafe batch", 1.0),
    ("mailer", "django-mailer's", None),
    ("smtplib", "two bare smtplibs'", 0.5),
)


def _row(database: str, rates: Figures, name: str, whose: str, least: float | None) -> Row:
    what = f"emails/s of {EMAILS:,} owed, {database}, to {whose}"
    return compared(what, rates["product"], rates[name], least=least)


def _rates(database: str) -> Figures:
    with Sink() as sink, ExitStack() as stack:
        ours = stack.enter_context(product(sink.port, postgres=database == "PostgreSQL"))
        theirs = stack.enter_context(peer(sink.port, postgres=database == "PostgreSQL"))
        floor = stack.enter_context(household({}))
        queues = {
            "product": _product(ours),
            "celery": _celery(theirs),
            "post_office": _managed(theirs, "post_office", "send_queued_mail", "--processes=2", times=5),
            "mailer": _managed(theirs, "mailer", "send_mail"),
            "smtplib": _smtplib(floor, sink.port),
        }
        contenders = {name: partial(queue.drain, sink) for name, queue in queues.items()}
        return interleaved(contenders, ROUNDS, f"drain on {database}, emails/s")


def _product(site: Product) -> Queue:
    def owe(count: int) -> None:
        site.redis.client.flushall()
        site.rows("owe", str(count))

    return Queue(owe, site.start_workers, lambda: int(site.rows("sent")), site.home.stop, times=5)


def _celery(site: Peer) -> Queue:
    def owe(count: int) -> None:
        site.redis.client.flushall()
        site.manage("peer", "celery", "owe", str(count))

    def sent() -> int:
        return int(site.manage("peer", "celery", "sent"))

    return Queue(owe, site.start_workers, sent, site.home.stop, keeps=False)


def _managed(site: Peer, name: str, *command: str, times: int = 1) -> Queue:
    def owe(count: int) -> None:
        site.manage("peer", name, "owe", str(count))

    def sent() -> int:
        return int(site.manage("peer", name, "sent"))

    return Queue(owe, lambda: site.start_managed(*command), sent, site.home.stop, times=times)


def _smtplib(home: Household, port: int) -> Queue:
    command = [PRODUCT_PYTHON, "-m", "bench.smtplib_floor", str(port), str(EMAILS * 5 // 2)]

    def send() -> None:
        for _ in range(2):
            home.start("bare smtplib", command, job=True)

    return Queue(lambda count: None, send, None, home.stop, times=5)
