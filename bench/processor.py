"""The processor time and the memory of what runs, as Linux counts them."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")


def family_of(pid: int) -> set[int]:
    """Return a process and all that descend from it."""
    parents = dict(_parents())
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the processor time of these processes and of the children that they have outlived."""
    return sum(sum(map(int, _stat(pid)[11:15])) for pid in pids) * TICK


def memory_mib(pids: Iterable[int]) -> float:
    """Return the memory that would be free if these ended: what they share is counted once."""
    return sum(_proportional_kib(pid) for pid in pids) / 1024


def _parents() -> Iterator[tuple[int, int]]:
    for path in Path("/proc").iterdir():
        if path.name.isdigit() and (stat := _stat(int(path.name))):
            yield int(path.name), int(stat[1])


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on; the name before may hold anything."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []


def _proportional_kib(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
