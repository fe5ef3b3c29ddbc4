"""The product's own programs, and what each is told."""

import subprocess
import sys
from pathlib import Path
from socket import socket
from typing import Any

from project import serve
from project.runner.child import Child
from project.runner.children import Family


def start_mailbox(family: Family, folder: Path, listening: socket) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "project.mailbox", str(listening.fileno()), str(folder)]
    family.start("mailbox", command, pass_fds=[listening.fileno()])


def start_worker(family: Family, env: dict[str, Any]) -> Child:
    return family.start("worker", serve.worker(env), stdout=subprocess.DEVNULL, in_hand="the email in hand")


def start_web(family: Family, env: dict[str, Any], listening: socket) -> Child:
    fd = listening.fileno()
    command = [*serve.web(env), "--bind", f"fd://{fd}"]
    return family.start("web server", command, pass_fds=[fd], in_hand="the pages in hand")
