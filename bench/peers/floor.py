"""Settings of the floors: views that do one thing, and no middleware but what that one thing needs."""

from bench.peers.settings import *  # noqa: F403

MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]
