"""`python -m project.runner [--reload]` runs everything; `… manage COMMAND` is Django's command line
with the same environment, for a moment when nothing runs."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from project.environment import BASE_DIR, read_environment
from project.runner.children import Failure
from project.runner.console import complain
from project.runner.defaults import set_defaults
from project.runner.run import run
from project.runner.signals import Signals


def main(signals: Signals) -> int:
    options = _parse()
    ours = set_defaults(os.environ)
    try:
        env = read_environment()
        _make_folder(env["VAR_DIR"])
    except ImproperlyConfigured as error:
        complain(error)
        return 2
    if "arguments" in options:
        os.execv(sys.executable, [sys.executable, str(BASE_DIR / "manage.py"), *options.arguments])
    try:
        return run(env, ours, signals, reload=options.reload)
    except Failure as failure:
        complain(failure)
        return 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m project.runner", description=__doc__)
    parser.add_argument("--reload", action="store_true", help="restart web and worker when a file changes")
    manage = parser.add_subparsers().add_parser("manage", add_help=False)
    manage.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser.parse_args()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise ImproperlyConfigured(
            f"Nothing was started. VAR_DIR: {folder} cannot be written to ({error.strerror})."
        ) from None
