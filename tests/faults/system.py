"""The product's real processes, one by one, so that a test can break each of them."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from project.runner.death import die_with_parent
from tests.faults.database import Database, Postgres, Sqlite, fresh
from tests.mail_server import MailServer
from tests.redis_server import RedisServer
from tests.runner.running import BASE_DIR, free_port, wait_until

TWEAK = Path(__file__).parent / "tweak"


class Prepared(NamedTuple):
    folder: Path
    database: Sqlite | Postgres


class Seen(NamedTuple):
    """What a visitor reads."""

    status: str
    sentence: str


class Master:
    """A Dramatiq master and its one worker process, started again whenever it has ended."""

    def __init__(self, environment: dict[str, str], threads: int) -> None:
        size = ["-p", "1", "-t", str(threads)]
        command = [sys.executable, "manage.py", "rundramatiq", "--skip-logging", *size]
        self._spawn = partial(start, command, environment)
        self.process = self._spawn()
        self.restarts = True
        self.supervisor = threading.Thread(target=self._supervise, daemon=True)
        self.supervisor.start()

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        with suppress(OSError):
            return [int(pid) for pid in children.read_text().split()]
        return []

    def signal_workers(self, number: int) -> None:
        for pid in self.workers():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def freeze_workers(self) -> None:
        """Stop them, and wait: until one thread has taken the signal the others go on."""
        self.signal_workers(signal.SIGSTOP)
        wait_until(lambda: all(_is_stopped(task) for pid in self.workers() for task in _tasks(pid)))

    def stop(self) -> None:
        self.restarts = False
        self._kill()
        self.supervisor.join()
        self._kill()  # where it had just been started again

    def _kill(self) -> None:
        for pid in [*self.workers(), self.process.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def _supervise(self) -> None:
        while self.restarts:
            self.process.wait()
            time.sleep(0.5)  # as a service manager does
            if self.restarts:
                self.process = self._spawn()


def _tasks(pid: int) -> list[Path]:
    return list(Path(f"/proc/{pid}/task").iterdir())


def _is_stopped(task: Path) -> bool:
    try:
        return (task / "stat").read_text().rpartition(")")[2].split()[0] == "T"
    except OSError:  # this thread has ended
        return True


class System:
    def __init__(self, folder: Path, prepared: Prepared, **variables: str) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "static").symlink_to(prepared.folder / "static")
        self.host, self.port = "127.0.0.1", free_port()
        self.closing = ExitStack()  # what else has to end with it
        self.build(prepared)
        self.environment |= variables
        self.masters: list[Master] = []
        self.fault_at = 0.0  # when something was broken, where it was not at the end of the cause
        self.read: list[str] = []  # what the visitor has read, each status once in a row
        self.over: Callable[[], bool] = lambda: True  # whether the fault itself has ended
        self.spawn_web()
        try:
            self.wait_for_web()
        except AssertionError:
            self.stop()
            raise

    def build(self, prepared: Prepared) -> None:
        """Start what web and workers need, and write down for them where it is."""
        self.database = prepared.database.copy(self.folder)
        self.mail = MailServer().__enter__()
        self.redis = RedisServer(self.folder / "redis", preexec=die_with_parent(os.getpid()))
        self.environment = environment(self.folder, self.database) | {
            "REDIS_URL": self.redis.url,
            "EMAIL_URL": f"smtp://user:secret@127.0.0.1:{self.mail.port}?timeout=3",
        }

    def fault(self) -> None:
        self.fault_at = time.monotonic()

    def start_web(self) -> None:
        self.spawn_web()
        self.wait_for_web()

    def wait_for_web(self) -> None:
        wait_until(lambda: self._answers())

    def spawn_web(self) -> None:
        bind = ["--bind", f"{self.host}:{self.port}", "--no-control-socket", "--log-level", "error"]
        size = ["--worker-class", "gthread", "--threads", "4"]
        command = [sys.executable, "-m", "gunicorn", "project.wsgi", *bind, *size]
        self.web = start(command, self.environment)

    def start_master(self, threads: int = 2, wait: bool = True, **variables: str) -> Master:
        self.masters.append(Master(self.environment | variables, threads))
        if wait:
            count = "SELECT count(*) FROM feedback_worker"
            wait_until(lambda: self.database.query(count)[0][0] >= len(self.masters))
        return self.masters[-1]

    def submit(self, message: str = "The door is too heavy.") -> str:
        """Send the form and return the address of the visitor's page."""
        status, page, address = self.post(message)
        assert status == 303, page
        return address

    def post(self, message: str) -> tuple[int, str, str]:
        """Send the form as a browser without JavaScript does; return code, page and next address."""
        status, page, headers = self.request("GET", "/")
        assert status == 200, page
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        fields |= {"email": "ada@example.org", "message": message}
        cookie = {"Cookie": headers["set-cookie"].partition(";")[0]}
        status, page, headers = self.request("POST", "/", urlencode(fields), cookie)
        return status, page, headers.get("location", "")

    def seen(self, address: str) -> Seen:
        _, page, _ = self.request("GET", address)
        found = re.search(r'data-status="(\w+)".*class="sentence">(.*?)</p>', page, re.DOTALL)
        assert found, page
        return Seen(found[1], re.sub("<time.*?</time>", "{time}", found[2]))

    def request(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str, dict[str, str]]:
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        with closing(HTTPConnection(self.host, self.port, timeout=30)) as connection:
            connection.request(method, path, body, form | (headers or {}))
            response = connection.getresponse()
            page = response.read().decode()
        return response.status, page, {name.lower(): value for name, value in response.getheaders()}

    def stop(self) -> None:
        for master in self.masters:
            master.stop()
        self.web.kill()
        self.web.wait()
        self.redis.stop()
        self.mail.__exit__()
        self.closing.close()

    def _answers(self) -> bool:
        with suppress(OSError):
            return self.request("GET", "/livez")[0] == 200
        return False


def environment(folder: Path, database: Database) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{TWEAK}:{BASE_DIR}",
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "VAR_DIR": str(folder),
        "SECRET_KEY": "only-for-tests-" + "0123456789" * 5,
        "ALLOWED_HOSTS": "127.0.0.1",
        "SITE_URL": "http://127.0.0.1",
        "DEFAULT_FROM_EMAIL": "Feedback <feedback@example.org>",
        "FEEDBACK_OWNERS": "",
        "DATABASE_URL": database.url,
        "REDIS_URL": "redis://127.0.0.1:1",
        "EMAIL_URL": "console:",
        "MIN_FORM_SECONDS": "0",
        "RATE_LIMITS": "off",
    }


def prepare(folder: Path, database: Sqlite | Postgres | None = None) -> "Prepared":
    """Make the database and the static files that each system starts from."""
    folder.mkdir()
    database = database or fresh(folder)
    command, variables = [sys.executable, "-m", "project.runner.prepare"], environment(folder, database)
    subprocess.run(command, cwd=BASE_DIR, env=variables, check=True, stdout=subprocess.DEVNULL)
    return Prepared(folder, database)


def start(
    command: list[str], environment: dict[str, str], pass_fds: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    with (Path(environment["VAR_DIR"]) / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=BASE_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            pass_fds=pass_fds,
            preexec_fn=die_with_parent(os.getpid()),
        )
