"""Gathers what the rows measured and writes it into the README, between its two marks."""

import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.faults.hosts_table import ROWS
from tests.faults.system import Prepared, prepare
from tests.runner.running import BASE_DIR

README = BASE_DIR / "README.md"
BEGIN, END = "<!-- failure table: make faults -->\n", "<!-- end of the failure table -->\n"


class Measured(NamedTuple):
    read: list[str]
    lost: int
    doubled: int
    seconds: float


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(tmp_path_factory.mktemp("prepared") / "var")


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not os.environ.get("WRITE_FAILURE_TABLE"):
        return
    measured = _measured(reporter.stats.get("passed", []))
    if measured.keys() == {row.fault for row in ROWS}:
        write(README, measured)


def _measured(reports: list[Any]) -> dict[str, Measured]:
    found = [value for report in reports for name, value in report.user_properties if name == "fault"]
    return {fault: Measured(read, *numbers) for fault, read, *numbers in found}


def write(readme: Path, measured: dict[str, Measured]) -> None:
    before, _, rest = readme.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    lines = ["| fault | the visitor read | lost | doubled | over after |\n", "|---|---|---|---|---|\n"]
    lines += [_line(row.fault, measured[row.fault]) for row in ROWS]
    readme.write_text(before + BEGIN + "\n" + "".join(lines) + "\n" + END + after)


def _line(fault: str, was: Measured) -> str:
    read = " → ".join(was.read)
    return f"| {fault} | {read} | {was.lost} | {was.doubled} | {max(1, round(was.seconds))} s |\n"
