"""`python -m project.healthcheck web` or `worker`: exit code 0 where that program works on this machine.

It asks no more than a restart could mend: with Redis or the mail server away, both are healthy.
"""

import os
import sys
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPException

from project.environment import read_environment


def web() -> str:
    """Return what is wrong, nothing if all is well."""
    env = read_environment()
    try:
        with closing(HTTPConnection("127.0.0.1", env["PORT"], timeout=5)) as connection:
            connection.request("GET", "/livez", headers={"Host": env["ALLOWED_HOSTS"][0].lstrip(".")})
            status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"the web server does not answer: {error}"
    return "" if status == 200 else f"the web server answers {status}"


def worker() -> str:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    from feedback.models import Worker

    return "" if Worker.objects.alive().on_this_host().exists() else "no worker was seen here in 15 seconds"


PROGRAMS: dict[str, Callable[[], str]] = {"web": web, "worker": worker}

if __name__ == "__main__":
    sys.exit(PROGRAMS[sys.argv[1]]() or 0)
