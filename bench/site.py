"""The product as it is run in production, and the peers in its place on the same kind of stores."""

import http.client
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.household import PEER_PYTHON, PRODUCT_PYTHON, Household, folder, household, until
from project.environment import read_environment
from project.runner.child import Child
from project.runner.claims import listen
from project.runner.death import die_with_parent
from project.runner.programs import start_web, start_worker
from tests.postgres import cluster
from tests.redis_server import RedisServer

SECRET = "only-for-measuring-" + "0123456789" * 5
NOTHING: Mapping[str, str] = {}
SETTLED = {
    "SECRET_KEY": SECRET,
    "ALLOWED_HOSTS": "127.0.0.1",
    "SITE_URL": "http://127.0.0.1",
    "DEFAULT_FROM_EMAIL": "Feedback <feedback@localhost>",
    "FEEDBACK_OWNERS": "",  # one email for one feedback, as the peers send
    "RATE_LIMITS": "off",
    "MIN_FORM_SECONDS": "0",
    "DEBUG": "false",
    "LOG_FORMAT": "text",
    "MAILBOX_DIR": "",
}


@dataclass
class Site:
    home: Household
    redis: RedisServer
    port: int = 0
    env: dict[str, Any] = field(default_factory=dict)

    def start_workers(self) -> Child:
        raise NotImplementedError

    def prepare(self) -> None:
        raise NotImplementedError

    def start_web(self) -> None:
        """Serve on `port` with the runner's own command line, until the site is stopped."""
        with listen(0) as listening:
            self.port = listening.getsockname()[1]
            self.web = start_web(self.home, self.env, listening)
        until(self._answers, 60, "the web server's first answer")

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", "/livez")
            return connection.getresponse().status < 500
        except OSError:
            return False
        finally:
            connection.close()


class Product(Site):
    def prepare(self) -> None:
        self.home.run(PRODUCT_PYTHON, "-m", "project.runner.prepare")

    def rows(self, *arguments: str) -> str:
        return self.home.run(PRODUCT_PYTHON, "-m", "bench.rows", *arguments)

    def start_workers(self) -> Child:
        return start_worker(self.home, self.env)


class Peer(Site):
    def prepare(self) -> None:
        self.manage("migrate", "--run-syncdb", "--verbosity=0")

    def manage(self, *arguments: str) -> str:
        return self.home.run(PEER_PYTHON, "-m", "django", *arguments)

    def start_managed(self, *arguments: str) -> Child:
        return self.home.start(arguments[0], [PEER_PYTHON, "-m", "django", *arguments], job=True)

    def start_workers(self) -> Child:
        size = ["--concurrency", str(self.env["WORKER_PROCESSES"])]
        celery: list[str | Path] = [
            PEER_PYTHON,
            "-m",
            "celery",
            "--app=bench.peers",
            "worker",
            "--loglevel=WARNING",
        ]
        return self.home.start("Celery worker", [*celery, *size])


class PeerHousehold(Household):
    """Runs a peer with what would run the product, so that nothing but the application differs."""

    def start(self, name: str, command: Sequence[str | Path], **more: Any) -> Child:
        theirs: list[str | Path] = [
            "bench.peers.wsgi" if part == "project.wsgi" else part for part in command
        ]
        return super().start(name, [PEER_PYTHON, *theirs[1:]], **more)


@contextmanager
def product(
    smtp_port: int, *, postgres: bool = False, more: Mapping[str, str] = NOTHING
) -> Iterator[Product]:
    with _stores(smtp_port, postgres, more) as (environ, redis), household(environ) as home:
        site = Product(home, redis, env=_checked(environ))
        site.prepare()
        yield site


@contextmanager
def peer(
    smtp_port: int, *, postgres: bool = False, settings: str = "settings", more: Mapping[str, str] = NOTHING
) -> Iterator[Peer]:
    with _stores(smtp_port, postgres, more) as (environ, redis):
        home = PeerHousehold(environ | {"DJANGO_SETTINGS_MODULE": f"bench.peers.{settings}"})
        site = Peer(home, redis, env=_checked(environ))
        try:
            site.prepare()
            yield site
        finally:
            home.stop()


@contextmanager
def _stores(
    smtp_port: int, postgres: bool, more: Mapping[str, str]
) -> Iterator[tuple[dict[str, str], RedisServer]]:
    with folder() as var, cluster() if postgres else nullcontext() as database:
        redis = RedisServer(var, preexec=die_with_parent(os.getpid()))
        url = database.url if database else None
        try:
            yield (
                SETTLED | _addresses(var, redis.url, smtp_port, url) | dict(more),
                redis,
            )
        finally:
            redis.stop()


def _addresses(var: Path, redis_url: str, smtp_port: int, postgres_url: str | None) -> dict[str, str]:
    return {
        "VAR_DIR": str(var),
        "DATABASE_URL": postgres_url or f"sqlite:///{var}/db.sqlite3",
        "REDIS_URL": redis_url,
        "EMAIL_URL": f"smtp://127.0.0.1:{smtp_port}",
        "SMTP_PORT": str(smtp_port),
    }


def _checked(environ: dict[str, str]) -> dict[str, Any]:
    """Return the product's settings, with its own sizes of everything that is not set here."""
    with patch.dict(os.environ, environ):
        return read_environment()
