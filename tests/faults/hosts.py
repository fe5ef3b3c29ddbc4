"""The product on many hosts: web, two for workers, Redis, PostgreSQL, mail server and visitor."""

import os
from contextlib import ExitStack

import pytest

from project.runner.death import die_with_parent
from tests import postgres
from tests.faults.database import Postgres
from tests.faults.network import Host, Switch, why_not
from tests.faults.system import Prepared, System, environment, prepare
from tests.mail_server import MailServer
from tests.redis_server import RedisServer


class Hosts(System):
    def build(self, prepared: Prepared) -> None:
        if reason := why_not() or (None if postgres.find("initdb") else "PostgreSQL is not on this machine"):
            pytest.skip(reason)
        with ExitStack() as closing:
            self._build(closing)
            self.closing = closing.pop_all()

    def _build(self, closing: ExitStack) -> None:
        self.switch = Switch()
        closing.callback(self.switch.close)
        self.web_host, self.redis_host, self.database_host, mail_host, visitor = (
            self.switch.host() for _ in range(5)
        )
        self.host = self.web_host.address
        with self.database_host.inside():
            self.server = closing.enter_context(postgres.cluster("listen_addresses=*"))
        self.server.let_in("10.77.0.0/24")
        self.database = database = Postgres(server=self.server.url)
        prepare(self.folder / "prepared", database)
        with mail_host.inside():
            self.mail = MailServer(host=mail_host.address).__enter__()
        with self.redis_host.inside():
            options = ["--bind", self.redis_host.address, "--port", "6379", "--protected-mode", "no"]
            self.redis = RedisServer(self.folder / "redis", die_with_parent(os.getpid()), options)
        self.environment = environment(self.folder, self.database) | {
            "ALLOWED_HOSTS": self.host,
            "DATABASE_URL": f"postgres://postgres@{self.database_host.address}/{database.name}",
            "REDIS_URL": f"redis://{self.redis_host.address}",
            "EMAIL_URL": f"smtp://{mail_host.address}:{self.mail.port}?timeout=3",
            "SIMULATED_WORK_SECONDS": "0.1",
        }
        closing.enter_context(visitor.inside())

    def spawn_web(self) -> None:
        with self.web_host.inside():
            super().spawn_web()

    def start_worker_host(self) -> Host:
        host = self.switch.host()
        with host.inside():
            self.start_master()
        return host

    def start_database(self) -> None:
        with self.database_host.inside():
            self.server.start()
