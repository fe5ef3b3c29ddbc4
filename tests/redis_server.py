"""A Redis of the tests' own, the one that `make run` brings along."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import redis

from project.runner.redis_server import command


class RedisServer:
    def __init__(
        self,
        folder: Path | None = None,
        preexec: Callable[[], None] | None = None,
        options: Sequence[str] = (),
    ) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="redis-"))
        self.folder.mkdir(exist_ok=True)
        self.socket = self.folder / "redis.sock"
        self.url = f"unix://{self.socket}?db=0"
        self.client = redis.Redis.from_url(self.url, retry=None)
        self.preexec, self.options = preexec, options
        self.start()

    def start(self) -> Self:
        self.process = subprocess.Popen(
            [*command(self.folder, self.socket), *self.options],
            stdin=subprocess.DEVNULL,
            preexec_fn=self.preexec,
        )
        while not self.answers():
            assert self.process.poll() is None, "the Redis server ended"
            os.sched_yield()
        return self

    def answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def stop(self) -> None:
        self.client.close()
        self.process.kill()
        self.process.wait()
