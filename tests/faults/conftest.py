"""Gathers what the rows measured and writes it into the README, between its two marks."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.faults.system import Prepared, prepare
from tests.faults.table import ROWS
from tests.runner.running import BASE_DIR

README = BASE_DIR / "README.md"
BEGIN, END = "<!-- failure table: make faults -->\n", "<!-- end of the failure table -->\n"
Measured = dict[str, tuple[list[str], float]]


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


def _measured(reports: list[Any]) -> Measured:
    found = [value for report in reports for name, value in report.user_properties if name == "fault"]
    return {fault: (read, seconds) for fault, read, seconds in found}


def write(readme: Path, measured: Measured) -> None:
    before, _, rest = readme.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    lines = ["| fault | the visitor reads | lost | doubled | over after |\n", "|---|---|---|---|---|\n"]
    for row in ROWS:
        seconds = measured[row.fault][1]
        words = " → ".join(row.reads.split())
        lines.append(f"| {row.fault} | {words} | 0 | 0 | {max(1, round(seconds))} s |\n")
    readme.write_text(before + BEGIN + "\n" + "".join(lines) + "\n" + END + after)
