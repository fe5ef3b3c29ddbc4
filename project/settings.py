"""Django's settings; what differs from one site to another comes from the environment."""

from project.environment import BASE_DIR, read_environment
from project.sentry import start as start_sentry

_env = read_environment()

DEBUG = _env["DEBUG"]
SECRET_KEY = _env["SECRET_KEY"]
ALLOWED_HOSTS = _env["ALLOWED_HOSTS"]
CSRF_TRUSTED_ORIGINS = _env["CSRF_TRUSTED_ORIGINS"]
SITE_URL = _env["SITE_URL"]
MAILBOX_DIR = _env["MAILBOX_DIR"]

INSTALLED_APPS = [
    "operations.apps.StaffSiteConfig",  # Django's admin, with a limited login
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_dramatiq",
    "django_htmx",
    "feedback",
    "operations",
]
MIDDLEWARE = [
    "project.logs.request_ids",
    "project.head.no_body_for_head",
    "project.headers.security_headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "project.charset.utf_8_only",
    "project.vary.private_pages_are_kept",
    "project.staff.Sessions",
    "feedback.language.in_the_visitors_language",
    "project.refusal.no_empty_refusals",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "project.staff.Logins",
    "project.staff.Messages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.i18n",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
SESSION_ENGINE = "project.sessions"
STATIC_URL = "static/"
STATIC_ROOT = _env["VAR_DIR"] / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
LOGIN_REDIRECT_URL = "/operations/"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
    ("pt", "Português"),
    ("ar", "العربية"),
    ("zh-hans", "简体中文"),
]

# Database
DATABASES = {"default": _env["DATABASE_URL"]}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True  # so that a restarted server costs no request
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True  # they break behind pgbouncer
    # A host that is cut off does not answer, and says nothing: TCP would wait 15 minutes for it.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 3,
        "tcp_user_timeout": 5_000,  # milliseconds, and only this one
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
    } | DATABASES["default"].get("OPTIONS", {})
else:
    # With SQLite's defaults 41 % of the writes of two busy workers fail as "database is locked":
    # a transaction must take the write lock when it begins, not when it first writes.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA synchronous=FULL",
    }

# Safety: a site that says https:// is served over nothing else.
_HTTPS = SITE_URL.startswith("https://")
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]  # asked from inside, over plain HTTP
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-src": "'self'",
    "frame-ancestors": "'none'",
}
EMBED_ORIGINS = _env["EMBED_ORIGINS"]
FRAME_ANCESTORS = " ".join(["'self'", *EMBED_ORIGINS])  # of the pages under /embed/
CSRF_FAILURE_VIEW = "feedback.views.csrf_failure"

# Email
for _name, _value in _env["EMAIL_URL"].items():
    globals()[_name] = _value
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _env["DEFAULT_FROM_EMAIL"]
FEEDBACK_OWNERS = _env["FEEDBACK_OWNERS"]
FEEDBACK_KEEP_DAYS = _env["FEEDBACK_KEEP_DAYS"]
DIGEST = _env["DIGEST"]
METRICS_TOKEN = _env["METRICS_TOKEN"]
SIMULATED_WORK_SECONDS = _env["SIMULATED_WORK_SECONDS"]

# Abuse
RATE_LIMITS = _env["RATE_LIMITS"]
MIN_FORM_SECONDS = _env["MIN_FORM_SECONDS"]
ACKNOWLEDGEMENTS_PER_DAY = _env["ACKNOWLEDGEMENTS_PER_DAY"]
TRUSTED_PROXIES = _env["TRUSTED_PROXIES"]
FEEDBACK_IS_SUSPECT = _env["FEEDBACK_IS_SUSPECT"]

# Queue: Redis is a doorbell. The rows hold what is owed and when to try again, so Dramatiq's own
# retries, delays, results and dead letters are left out, and so is AdminMiddleware, a second truth.
DRAMATIQ_BROKER = {
    "BROKER": "project.broker.Broker",
    "OPTIONS": {"url": _env["REDIS_URL"]},
    "MIDDLEWARE": [
        "django_dramatiq.middleware.DbConnectionsMiddleware",
        "feedback.worker.Housekeeping",
    ],
}

DRAMATIQ_IGNORED_MODULES = ["django_dramatiq.tasks"]  # cleans the table of AdminMiddleware

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"()": "project.logs.Line", "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
        "json": {"()": "project.logs.JsonLine"},
    },
    "filters": {
        # What cannot be done just now is said in the answer, and logged where it was found.
        "not_503": {
            "()": "django.utils.log.CallbackFilter",
            "callback": lambda record: getattr(record, "status_code", None) != 503,
        }
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            # In a worker Dramatiq makes sys.stderr a pipe to its master: that was 4 % of an email, and
            # nobody reads it once the master is killed.
            "stream": "ext://sys.__stderr__",
            "formatter": _env["LOG_FORMAT"],
            "filters": ["not_503"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "feedback": {"level": "INFO"},
        # A visitor's 4xx, or a scanner's bad host, is no news to the operator.
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "CRITICAL"},
    },
}

if _env["SENTRY_DSN"]:
    start_sentry(_env["SENTRY_DSN"])
