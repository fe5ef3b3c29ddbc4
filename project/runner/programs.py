"""The product's own programs, and what each is told."""

import os
import subprocess
import sys
from pathlib import Path
from socket import socket
from typing import Any

from project.environment import BASE_DIR
from project.runner.child import Child
from project.runner.children import Family

WEB_PROCESSES = 2


def start_mailbox(family: Family, folder: Path, listening: socket) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "project.mailbox", str(listening.fileno()), str(folder)]
    family.start("mailbox", command, pass_fds=[listening.fileno()])


def start_worker(family: Family, env: dict[str, Any]) -> Child:
    # How often Dramatiq's idle threads look up, in ms. With its 1000, Ctrl-C takes a second longer.
    os.environ.setdefault("dramatiq_worker_timeout", "200")
    size = ["-p", str(env["WORKER_PROCESSES"]), "-t", str(env["WORKER_THREADS"])]
    command = [sys.executable, str(BASE_DIR / "manage.py"), "rundramatiq", "--skip-logging", *size]
    return family.start("worker", command, stdout=subprocess.DEVNULL, in_hand="the email in hand")


def start_web(family: Family, env: dict[str, Any], listening: socket) -> Child:
    # Few threads: those of one process wait badly for SQLite's one write lock. With 8 visitors who
    # post without a pause, 2 processes of 2 threads answered in 37 ms (p99), 1 of 4 in 0.6 to 1.4 s.
    threads = str(max(1, env["WEB_THREADS"] // WEB_PROCESSES))
    size = ["--worker-class", "gthread", "--workers", str(WEB_PROCESSES), "--threads", threads]
    manners = ["--no-control-socket", "--graceful-timeout", "30", "--log-level", "warning"]
    command = [sys.executable, "-m", "gunicorn", "project.wsgi", *size, *manners]
    fd = listening.fileno()
    return family.start(
        "web server", [*command, "--bind", f"fd://{fd}"], pass_fds=[fd], in_hand="the pages in hand"
    )
