"""The parts on disk, and the page made of them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from bench.part import QUICK, Part, Row
from project.environment import BASE_DIR

FOLDER = BASE_DIR / "var/bench"
RESULTS = BASE_DIR / ("var/bench/QUICK.md" if QUICK else "bench/RESULTS.md")
HEAD = """# Measured

Written by `make bench`; [README.md](README.md) says how each figure is taken. Absolute figures drift with
the machine and what else it does, so those that count are ratios (**×**) of what was measured in turns
within one run: the median of the rounds, and in brackets the least and the most.
"""


def save(part: Part, machine: Mapping[str, str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    _file(part.name).write_text(json.dumps(asdict(part) | {"machine": dict(machine)}, indent=1))


def load(names: Iterable[str]) -> list[tuple[Part, dict[str, str]]]:
    """Return the parts that there are, and what each was measured on."""
    return [_read(_file(name)) for name in names if _file(name).exists()]


def write(parts: Iterable[tuple[Part, dict[str, str]]]) -> None:
    RESULTS.write_text(page(list(parts)))


def page(parts: list[tuple[Part, dict[str, str]]]) -> str:
    machines = [machine for _, machine in parts]
    pieces = [HEAD, *(_table(part) for part, _ in parts)]
    for machine in [one for at, one in enumerate(machines) if one not in machines[:at]]:
        titles = [part.title for part, its in parts if its == machine]
        lines = [f"- {what}: {how}" for what, how in machine.items()]
        pieces.append("\n".join([f"## The machine of: {'; '.join(titles)}", "", *lines, ""]))
    return "\n".join(pieces)


def _table(part: Part) -> str:
    lines = [f"| {row.what} | {row.goal} | {row.figure} | {row.sign} |" for row in part.rows]
    head = ["| what | goal | figure | |", "|---|---|---|---|"]
    return "\n".join([f"## {part.title}", "", *head, *lines, ""])


def _file(name: str) -> Path:
    return FOLDER / f"{name}{'-quick' if QUICK else ''}.json"


def _read(path: Path) -> tuple[Part, dict[str, str]]:
    stored = json.loads(path.read_text())
    machine = stored.pop("machine")
    return Part(**stored | {"rows": [Row(**row) for row in stored["rows"]]}), machine
