import runpy
from typing import Any

import pytest

from project.environment import BASE_DIR


@pytest.mark.parametrize(
    ("size", "workers", "threads"), [(1, 1, 1), (2, 2, 1), (3, 2, 2), (4, 2, 2), (16, 2, 8)]
)
def test_two_processes_share_the_threads_where_there_are_two(
    monkeypatch: pytest.MonkeyPatch, size: int, workers: int, threads: int
) -> None:
    env: dict[str, Any] = {"PORT": 8000, "WEB_THREADS": size, "TRUSTED_PROXIES": []}
    monkeypatch.setattr("project.environment.read_environment", lambda: env)
    config = runpy.run_path(str(BASE_DIR / "project/gunicorn.py"))
    assert (config["workers"], config["threads"]) == (workers, threads)
