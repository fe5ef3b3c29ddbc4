"""The product's settings with a queue in memory; everything else as it is for users."""

import os

os.environ |= {
    "SECRET_KEY": "only-for-tests-" + "0123456789" * 5,
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "SITE_URL": "http://testserver",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "EMAIL_URL": "console:",
    "DEFAULT_FROM_EMAIL": "Feedback <feedback@example.org>",
    "FEEDBACK_OWNERS": "owner@example.org",
    "EMBED_ORIGINS": "https://www.example.org",
    "RATE_LIMITS": "off",
    "MIN_FORM_SECONDS": "0",
}
# Playwright keeps an event loop in the thread of the tests; Django then takes every query for an async one.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

from project.settings import *  # noqa: F403

if "DATABASE_URL" not in os.environ:
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DRAMATIQ_BROKER = {
    "BROKER": "dramatiq.brokers.stub.StubBroker",
    "MIDDLEWARE": ["django_dramatiq.middleware.DbConnectionsMiddleware"],
}
STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = True  # nothing was collected
