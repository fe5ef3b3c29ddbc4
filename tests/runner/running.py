"""A whole run of the product as `make run` starts it, and how a test talks to it."""

import http.client
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from email.message import Message
from pathlib import Path
from urllib.parse import urlencode

BASE_DIR = Path(__file__).parent.parent.parent
DEADLINE_SECONDS = 60  # for a busy machine; on an idle one all of this takes a few
UNLIMITED = {"MIN_FORM_SECONDS": "0", "RATE_LIMITS": "off"}


class Running:
    def __init__(self, var_dir: Path, **variables: str) -> None:
        self.var_dir = var_dir
        self.port = int(variables.setdefault("PORT", str(free_port())))
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.environment = inherited | UNLIMITED | {"VAR_DIR": str(var_dir)} | variables
        self.output = var_dir.parent / f"{var_dir.name}.output"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "project.runner"],
                cwd=BASE_DIR,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def lines(self) -> list[str]:
        return self.output.read_text().splitlines()

    def until_ready(self) -> "Running":
        wait_until(lambda: any(line.startswith("Ready:") for line in self.lines()) or self._ended())
        return self

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal to the runner alone and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_SECONDS)

    def get(self, path: str) -> tuple[int, str]:
        return self._request("GET", path)[:2]

    def send_feedback(self) -> str:
        """Send the form as a browser without scripts does; return the path of the status fragment."""
        _, page, headers = self._request("GET", "/")
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        fields |= {"email": "ada@example.org", "message": "The door is too heavy."}
        cookie = {"Cookie": headers["Set-Cookie"].partition(";")[0]}
        status, page, headers = self._request("POST", "/", urlencode(fields), cookie)
        assert status == 303, page
        return f"{headers['Location']}status/"

    def manage(self, *arguments: str) -> str:
        """Run one of Django's commands beside the product and return what it prints."""
        command = [sys.executable, "-m", "project.runner", "manage", *arguments]
        return subprocess.check_output(command, cwd=BASE_DIR, env=self.environment, text=True)

    def mails(self) -> list[str]:
        return [path.read_text() for path in (self.var_dir / "mailbox").glob("*.eml")]

    def pids(self) -> set[int]:
        """Return every living process that descends from the runner, and the runner."""
        parents = {pid: parent for pid, parent in _processes() if parent}
        found = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found

    def child(self, word: str) -> int | None:
        """Return the pid of the runner's own child whose command line contains `word`, if it runs."""
        for pid, parent in _processes():
            with suppress(OSError):
                if parent == self.process.pid and word in Path(f"/proc/{pid}/cmdline").read_text():
                    return pid
        return None

    def answers(self, path: str) -> bool:
        with suppress(OSError):
            return self.get(path)[0] == 200
        return False

    def _request(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str, Message]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_SECONDS)
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        connection.request(method, path, body, form | (headers or {}))
        response = connection.getresponse()
        page = response.read().decode()
        connection.close()
        return response.status, page, response.headers

    def _ended(self) -> bool:
        assert self.process.poll() is None, self.output.read_text()
        return False


def wait_until(condition: Callable[[], object], seconds: float = DEADLINE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def none_left(pids: set[int]) -> bool:
    return not pids & {pid for pid, parent in _processes()}


def free_port() -> int:
    """Return a port that no other test gets by asking for any: those come from 32768 on."""
    while True:
        port = secrets.choice(range(20_000, 32_768))  # `random` may be seeded alike in all processes
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def _processes() -> list[tuple[int, int]]:
    """Return the pid and parent of every process that is more than a zombie."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            found.append((int(path.parent.name), int(parent)))
    return found
