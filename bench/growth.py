"""What a hundred times the rows cost: the same steps on a small and on a large database, in turns.

Each database is the property of one process (`bench.steps`) that does and times the steps itself, with
no web server between, so that a slower query is not hidden by what is the same in both. The large one
takes minutes to fill, so it is kept in var/bench/ for the next time.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Self

from bench.household import PRODUCT_PYTHON
from bench.part import Figures, Part, Row, compared, quick, say
from bench.results import FOLDER
from bench.steps import TIMES
from project.environment import BASE_DIR
from project.runner.death import die_with_parent

TITLE = "A hundred times the rows"
SECONDS = quick(420, 25)
SMALL, LARGE = quick((10_000, 1_000_000), (500, 5_000))
ROUNDS = quick(7, 2)
MOST = 1.2
FRESH_SECONDS = 12 * 3600  # the rows end at the time of filling, and pages look at the last hours


def measure() -> Part:
    with ExitStack() as stack:
        sizes = {rows: stack.enter_context(Steps(rows)) for rows in (SMALL, LARGE)}
        figures: dict[str, Figures] = {step: {str(rows): [] for rows in sizes} for step in TIMES}
        for number in range(ROUNDS):
            for step in TIMES:
                for rows, steps in sizes.items():
                    figures[step][str(rows)].append(steps.take(step))
            say(f"growth, round {number + 1} of {ROUNDS}")
    return Part("growth", TITLE, list(_rows(figures)), figures)


def _rows(figures: dict[str, Figures]) -> Iterator[Row]:
    for step, times in figures.items():
        what = f"{step}: ms with {LARGE:,} rows, to {SMALL:,}"
        yield compared(what, times[str(LARGE)], times[str(SMALL)], most=MOST)


class Steps:
    """The process of one database."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.path = FOLDER / f"growth-{rows}.sqlite3"
        self.filled = self.path.with_suffix(".sqlite3-filled")

    def __enter__(self) -> Self:
        self._forget_if_old()
        say(f"growth: {self.rows:,} rows (the first time takes minutes)")
        environ = {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": f"sqlite:///{self.path}"}
        self.process = subprocess.Popen(
            [PRODUCT_PYTHON, "-m", "bench.steps", str(self.rows)],
            cwd=BASE_DIR,
            env=os.environ | environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=die_with_parent(os.getpid()),
        )
        self._answer()
        if not self.filled.exists():
            self.filled.touch()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def take(self, step: str) -> float:
        assert self.process.stdin
        self.process.stdin.write(f"{step}\n".encode())
        self.process.stdin.flush()
        return float(self._answer())

    def _answer(self) -> bytes:
        assert self.process.stdout
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("the process of the steps ended for the reason above")
        return answer

    def _forget_if_old(self) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        if not self.filled.exists() or time.time() - self.filled.stat().st_mtime > FRESH_SECONDS:
            for path in FOLDER.glob(f"{self.path.name}*"):
                path.unlink()
