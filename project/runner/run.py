"""One run, from the first claim to the last goodbye."""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any

from project.environment import BASE_DIR
from project.runner.children import Failure, Family
from project.runner.claims import claim_folder, claim_port, listen
from project.runner.console import complain, say
from project.runner.defaults import redis_url
from project.runner.prepare import prepare
from project.runner.programs import start_mailbox, start_web, start_worker
from project.runner.readiness import wait_until_ready
from project.runner.redis_server import socket_for, start_redis
from project.runner.reload import Watcher
from project.runner.signals import Interrupted, Signals


def run(env: dict[str, Any], ours: set[str], signals: Signals, *, reload: bool) -> int:
    """Run until told to stop; return the exit code. `ours` names the variables nobody else has set."""
    lock = claim_folder(env["VAR_DIR"], env["PORT"])
    web_socket = claim_port(env["PORT"])
    code = 1
    with ExitStack() as cleanup:
        running = Run(env, ours, Family(signals), web_socket, cleanup)
        try:
            running.start(lock)
            running.stay(reload)
        except Interrupted as interrupted:
            code = interrupted.exit_code
        except Failure as failure:
            complain(failure)
    signals.ignore()
    return code


@dataclass
class Run:
    env: dict[str, Any]
    ours: set[str]
    family: Family
    web_socket: socket
    cleanup: ExitStack  # undoes, last first, what was done

    def start(self, lock: int) -> None:
        self._start_stores(lock)
        say("Preparing the database…")
        if not prepare(self.family):
            raise Failure("Preparing failed for the reason above, so all is being stopped.")
        self._start_servers()
        wait_until_ready(self.family, self.env["PORT"], self.env["ALLOWED_HOSTS"][0].lstrip("."))
        self.family.is_ready = True
        self._announce()

    def stay(self, reload: bool) -> None:
        watcher = Watcher(BASE_DIR, self.env["VAR_DIR"]) if reload else None
        while True:
            self.family.watch()
            if watcher and (changed := watcher.change()):
                self._restart_servers(f"{changed} changed")

    def _start_stores(self, lock: int) -> None:
        var_dir = self.env["VAR_DIR"]
        path = self.cleanup.enter_context(socket_for(var_dir))
        self.cleanup.callback(self._stop)
        if "REDIS_URL" in self.ours:
            os.environ["REDIS_URL"] = redis_url(path)
            start_redis(self.family, var_dir, path, lock)
        if "EMAIL_URL" in self.ours:
            smtp = self.cleanup.enter_context(listen(0))
            os.environ["EMAIL_URL"] = "smtp://{}:{}".format(*smtp.getsockname())
            start_mailbox(self.family, Path(self.env["MAILBOX_DIR"]), smtp)

    def _start_servers(self) -> None:
        worker = start_worker(self.family, self.env)
        web = start_web(self.family, self.env, self.web_socket)
        self.servers = web, worker

    def _restart_servers(self, reason: str) -> None:
        if not prepare(self.family):
            say(f"{reason}, but does not work yet; what ran before still runs.")
            return
        say(f"{reason}; restarting web and worker.")
        for server in self.servers:
            self.family.restart(server)

    def _announce(self) -> None:
        address = f"http://127.0.0.1:{self.env['PORT']}/"
        mailbox = f"mailbox: {address}mailbox/ — " if "EMAIL_URL" in self.ours else ""
        say(f"Ready: {address}  ({mailbox}Ctrl-C stops everything)")

    def _stop(self) -> None:
        self.family.signals.stopping()
        self.web_socket.close()  # a browser that asks now is refused at once, not kept waiting
        self.family.stop()
