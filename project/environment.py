"""Every environment variable the product reads, checked all at once before anything starts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvValidationError

from project import variables

BASE_DIR = Path(__file__).resolve().parent.parent


def read_environment() -> dict[str, Any]:
    """Return the checked values by variable name; raise ImproperlyConfigured naming every bad one."""
    env = Env(eager=False)
    for name in variables.__all__:
        env.add_parser(name, getattr(variables, name))
    debug = env.bool("DEBUG", False)
    var_dir = env.folder("VAR_DIR", str(BASE_DIR / "var"))
    values = {
        "DEBUG": debug,
        "VAR_DIR": var_dir,
        "SECRET_KEY": env.secret_key("SECRET_KEY"),
        "ALLOWED_HOSTS": env.hosts("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]" if debug else ...),
        "CSRF_TRUSTED_ORIGINS": env.origins("CSRF_TRUSTED_ORIGINS", ""),
        "SITE_URL": env.site_url("SITE_URL"),
        "DATABASE_URL": env.database_url("DATABASE_URL", f"sqlite:///{quote(str(var_dir))}/db.sqlite3"),
        "REDIS_URL": env.redis_url("REDIS_URL"),
        "EMAIL_URL": env.email_url("EMAIL_URL"),
        "DEFAULT_FROM_EMAIL": env.sender("DEFAULT_FROM_EMAIL"),
        "FEEDBACK_OWNERS": env.owners("FEEDBACK_OWNERS", ""),
        "DIGEST": env.digest("DIGEST", "off"),
        "FEEDBACK_KEEP_DAYS": env.days("FEEDBACK_KEEP_DAYS", "0"),
        "METRICS_TOKEN": env.token("METRICS_TOKEN", ""),
        "LOG_FORMAT": env.log_format("LOG_FORMAT", "text"),
        "SENTRY_DSN": env.str("SENTRY_DSN", ""),
        "MAILBOX_DIR": env.str("MAILBOX_DIR", ""),
        "SIMULATED_WORK_SECONDS": env.seconds("SIMULATED_WORK_SECONDS", "0"),
        "EMBED_ORIGINS": env.origins("EMBED_ORIGINS", ""),
        "RATE_LIMITS": env.rates("RATE_LIMITS", "10/m,60/h"),
        "MIN_FORM_SECONDS": env.seconds("MIN_FORM_SECONDS", "2"),
        "ACKNOWLEDGEMENTS_PER_DAY": env.size("ACKNOWLEDGEMENTS_PER_DAY", "10"),
        "TRUSTED_PROXIES": env.networks("TRUSTED_PROXIES", ""),
        "FEEDBACK_IS_SUSPECT": env.str("FEEDBACK_IS_SUSPECT", ""),
        "PORT": env.port("PORT", "8000"),
        "WEB_THREADS": env.size("WEB_THREADS", "4"),
        "WORKER_PROCESSES": env.size("WORKER_PROCESSES", "2"),
        "WORKER_THREADS": env.size("WORKER_THREADS", "8"),
    }
    try:
        env.seal()
    except EnvValidationError as error:
        raise ImproperlyConfigured(_in_words(cast(Mapping[str, list[str]], error.error_messages))) from None
    return values


def _in_words(errors: Mapping[str, list[str]]) -> str:
    lines = [f"  {name}: {reason}" for name, reasons in sorted(errors.items()) for reason in reasons]
    return "\n".join(["Nothing was started. Please correct these environment variables:", *lines])
