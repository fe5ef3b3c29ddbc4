"""DATABASE_URL: `sqlite:////path/to/db.sqlite3` or `postgres://user:password@host/name?libpq=options`."""

from typing import Any

import dj_database_url
from psycopg import ProgrammingError
from psycopg.conninfo import make_conninfo

FORMS = "must be sqlite:////path/to/db.sqlite3 or postgres://user:password@host/name"


def parse_database_url(url: str) -> dict[str, Any]:
    """Return Django's settings for `url`; raise ValueError saying what is wrong and repeating nothing."""
    try:
        settings = dict(dj_database_url.parse(url, conn_max_age=60))
    except (ValueError, KeyError):
        raise ValueError(FORMS) from None
    match settings["ENGINE"]:
        case "django.db.backends.sqlite3":
            return settings
        case "django.db.backends.postgresql":
            _refuse_what_libpq_would(settings)
            return settings
    raise ValueError(FORMS)


def _refuse_what_libpq_would(settings: dict[str, Any]) -> None:
    options = settings.get("OPTIONS", {})
    if not settings["NAME"] and "service" not in options:
        raise ValueError(FORMS)
    try:
        make_conninfo(**options)
    except ProgrammingError:
        raise ValueError("has an option that libpq does not know; a ? in a password is %3F") from None
