"""The memory of the whole of `make run`: at rest with its mailbox, and before and after many emails.

The emails go to the SMTP sink. What is compared are two moments of one run, after half of the emails and
after all: until then each connection fills its cache of the database, and what leaks would go on.
"""

import time

from bench import load
from bench.client import Client
from bench.household import PRODUCT_PYTHON, Household
from bench.part import Part, Row, compared, quick, say, stated
from bench.processor import family_of, memory_mib
from bench.run import whole_run
from bench.sink import Sink

TITLE = "Memory"
SECONDS = quick(500, 45)
EMAILS = quick(100_000, 400)
BATCHES = quick(10, 2)
POSTS = quick(200, 20)  # a batch
LONGEST_SECONDS = quick(600.0, 60.0)  # then it is measured after as many as there were
GROWN = 1.05
SETTLE_SECONDS = quick(5, 1)


def measure() -> Part:
    with whole_run() as (pid, _, _):
        rest = memory_mib(family_of(pid))
    with Sink() as sink:
        sent, after = _after_many(sink)
    half = max(len(after) // 2, 1)
    what = f"MiB after {sent:,} emails, to after {sent // len(after) * half:,}"
    rows: list[Row] = [
        stated("whole make run at rest, with its mailbox", [rest], "MiB"),
        stated("without the mailbox, after the first batch of emails", [after[0]], "MiB"),
        compared(what, [after[-1]], [after[half - 1]], most=GROWN),
    ]
    return Part("memory", TITLE, rows, {"at rest": rest, "after each batch": after})


def _after_many(sink: Sink) -> tuple[int, list[float]]:
    more = {"EMAIL_URL": f"smtp://127.0.0.1:{sink.port}", "FEEDBACK_OWNERS": "", "MIN_FORM_SECONDS": "0"}
    after: list[float] = []
    deadline = time.monotonic() + LONGEST_SECONDS
    with whole_run(more) as (pid, home, _):
        while len(after) < BATCHES and time.monotonic() < deadline:
            _send(sink, home)
            time.sleep(SETTLE_SECONDS)
            after.append(memory_mib(family_of(pid)))
            say(
                f"memory, batch {len(after)} of {BATCHES}: {after[-1]:.0f} MiB after {sink.accepted:,} emails"
            )
    return sink.accepted, after


def _send(sink: Sink, home: Household) -> None:
    before = sink.accepted
    home.run(PRODUCT_PYTHON, "-m", "bench.rows", "owe", str(EMAILS // BATCHES))
    load.running(_post(int(home.environ["PORT"])))
    sink.rate(before, EMAILS // BATCHES + POSTS, 1)


async def _post(port: int) -> None:
    client = Client(port)
    await load.one_by_one(await load.form(client, "/"), POSTS)
    client.close()
