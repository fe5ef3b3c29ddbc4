"""Brings the database and the static files up to date, in a process that ends when it is done."""

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from project.environment import BASE_DIR
from project.runner.children import Family
from project.runner.console import complain


def prepare(family: Family) -> bool:
    """Return whether all is up to date; if not, why not has been said."""
    with tempfile.TemporaryFile() as output:
        command = [sys.executable, "-m", "project.runner.prepare"]
        job = family.start("preparation", command, stdout=output, stderr=subprocess.STDOUT, job=True)
        if family.finish(job):
            return True
        output.seek(0)
        complain(output.read().decode(errors="replace").rstrip())
        return False


def main(arguments: list[str]) -> None:
    import django
    from django.core.management import call_command

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    if arguments != ["--only-static"]:  # as an image is built, where there is no database
        from feedback.models import Worker

        call_command("check")
        call_command("migrate", interactive=False, verbosity=0)
        Worker.objects.forget_this_host()  # those of a run that was killed would pass for this run's
    _collect()


def _collect() -> None:
    """Collect the static files, unless what lies there was collected from the same files."""
    from django.conf import settings
    from django.core.management import call_command

    note = Path(settings.STATIC_ROOT) / "collected-from"
    sources = _fingerprint()
    if not note.exists() or note.read_text() != sources:
        call_command("collectstatic", interactive=False, verbosity=0)
        note.write_text(sources)


def _fingerprint() -> str:
    """Return what changes with a file that we serve, or with the packages that bring some.

    By what is in them, since the files of an older version, or of an image, have older times.
    """
    static = sorted(path for path in (BASE_DIR / "static").rglob("*") if path.is_file())
    whole = hashlib.sha256()
    for path in [BASE_DIR / "requirements.txt", BASE_DIR / "project/settings.py", *static]:
        whole.update(f"{path.relative_to(BASE_DIR)} {path.stat().st_size}\n".encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()


if __name__ == "__main__":
    main(sys.argv[1:])
