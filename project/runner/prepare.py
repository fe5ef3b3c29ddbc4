"""Brings the database and the static files up to date, in a process that ends when it is done."""

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


def main() -> None:
    import django
    from django.conf import settings
    from django.core.management import call_command

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    from feedback.models import Worker

    call_command("check")
    call_command("migrate", interactive=False, verbosity=0)
    Worker.objects.forget_this_host()  # those of a run that was killed would pass for this run's
    if _is_stale(Path(settings.STATIC_ROOT) / "staticfiles.json"):
        call_command("collectstatic", interactive=False, verbosity=0)


def _is_stale(manifest: Path) -> bool:
    """Return whether a file that we serve, or the list of packages that bring some, is newer."""
    if not manifest.exists():
        return True
    static = BASE_DIR / "static"
    sources = [BASE_DIR / "requirements.txt", BASE_DIR / "project/settings.py", static, *static.rglob("*")]
    collected = manifest.stat().st_mtime_ns
    return any(source.stat().st_mtime_ns >= collected for source in sources)


if __name__ == "__main__":
    main()
