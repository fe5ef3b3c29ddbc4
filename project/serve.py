"""`python -m project.serve web`, `worker` or `prepare`: what a service manager starts, and `make run` too.

Each becomes the program itself, so that it has the pid, the sockets and the signals of whoever was started.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from project.environment import BASE_DIR, read_environment

BAD_SETTINGS = 78  # EX_CONFIG: there is no use in starting it again


def web(env: dict[str, Any]) -> list[str]:
    return [sys.executable, "-m", "gunicorn", "--config", "python:project.gunicorn", "project.wsgi"]


def worker(env: dict[str, Any]) -> list[str]:
    # How often Dramatiq's idle threads look up, in ms. With its 1000, stopping takes a second longer.
    os.environ.setdefault("dramatiq_worker_timeout", "200")
    size = ["-p", str(env["WORKER_PROCESSES"]), "-t", str(env["WORKER_THREADS"])]
    return [sys.executable, str(BASE_DIR / "manage.py"), "rundramatiq", "--skip-logging", *size]


def prepare(env: dict[str, Any]) -> list[str]:
    return [sys.executable, "-m", "project.runner.prepare"]


PROGRAMS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "web": web,
    "worker": worker,
    "prepare": prepare,
}


def main(arguments: list[str]) -> None:
    if not arguments or arguments[0] not in PROGRAMS:
        sys.exit(__doc__)
    try:
        command = PROGRAMS[arguments[0]](read_environment())
    except ImproperlyConfigured as error:
        print(error, file=sys.stderr)
        sys.exit(BAD_SETTINGS)
    os.chdir(BASE_DIR)
    os.execvp(command[0], [*command, *arguments[1:]])  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
