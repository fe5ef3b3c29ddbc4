"""A Redis primary, its replica and three Sentinels that watch them, over TCP on the loopback."""

import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis

from project.runner.redis_server import command
from tests.redis_server import RedisServer
from tests.runner.running import free_port, wait_until

SENTINEL = """port {port}
bind 127.0.0.1
dir {folder}
logfile {folder}/{port}.log
sentinel monitor queue 127.0.0.1 {primary} 2
sentinel down-after-milliseconds queue 1000
sentinel failover-timeout queue 3000
"""


class Sentinels:
    def __init__(self, folder: Path, preexec: Callable[[], None] | None = None) -> None:
        self.folder, self.preexec = folder, preexec
        folder.mkdir()
        port = free_port()
        self.primary = self._server("primary", port)
        self.replica = self._server("replica", free_port(), "--replicaof", "127.0.0.1", str(port))
        self.ports = [free_port() for _ in range(3)]
        self.processes = [start_sentinel(folder, sentinel, port, preexec=preexec) for sentinel in self.ports]
        hosts = ",".join(f"127.0.0.1:{sentinel}" for sentinel in self.ports)
        self.url = f"redis+sentinel://{hosts}/queue/0"
        wait_until(lambda: all(map(_sees_everybody, self.ports)))

    def has_taken_over(self) -> bool:
        """Whether the replica is the primary now and a worker's consumer waits at it."""
        with suppress(redis.ConnectionError):  # as it becomes the primary, it hangs up on everybody
            is_primary = self.replica.client.info("replication")["role"] == "master"
            return is_primary and "cmdstat_blpop" in self.replica.client.info("commandstats")
        return False

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        self.primary.stop()
        self.replica.stop()

    def _server(self, name: str, port: int, *options: str) -> RedisServer:
        options = ("--bind", "127.0.0.1", "--port", str(port), "--repl-diskless-sync-delay", "0", *options)
        return RedisServer(self.folder / name, self.preexec, options)


def start_sentinel(
    folder: Path, port: int, primary: int, *more: str, preexec: Callable[[], None] | None = None
) -> subprocess.Popen[bytes]:
    path = folder / f"{port}.conf"
    path.write_text("\n".join([SENTINEL.format(port=port, folder=folder, primary=primary), *more, ""]))
    program = command(folder, path)[0]
    return subprocess.Popen([program, path, "--sentinel"], stdin=subprocess.DEVNULL, preexec_fn=preexec)


def _sees_everybody(port: int) -> bool:
    with redis.Redis.from_url(f"redis://127.0.0.1:{port}", retry=None) as sentinel:
        try:
            state: dict[str, Any] = sentinel.sentinel_master("queue")
        except redis.RedisError:
            return False
    return (state["num-slaves"], state["num-other-sentinels"]) == (1, 2)
