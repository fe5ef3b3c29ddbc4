import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPResponse

import pytest

from tests.faults.database import Sqlite
from tests.faults.system import environment
from tests.runner.running import BASE_DIR, free_port, wait_until

SERVE = [sys.executable, "-m", "project.serve"]
FROM_VISITOR = {"X-Forwarded-Proto": "https", "SCRIPT_NAME": "/elsewhere"}


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A site in production that trusts a proxy at 127.0.0.2."""
    folder = tmp_path_factory.mktemp("var")
    variables = environment(folder, Sqlite(folder)) | {
        "PORT": str(free_port()),
        "SITE_URL": "https://127.0.0.1",
        "TRUSTED_PROXIES": "127.0.0.2",
    }
    subprocess.run([*SERVE, "prepare"], cwd="/", env=variables, check=True)
    return variables


@pytest.fixture(scope="module")
def port(variables: dict[str, str]) -> Iterator[int]:
    port = int(variables["PORT"])
    web = subprocess.Popen([*SERVE, "web"], cwd="/", env=variables)
    wait_until(lambda: answers(port))
    yield port
    web.terminate()
    assert web.wait(60) == 0


def answers(port: int) -> bool:
    with suppress(OSError):
        return get(port, "127.0.0.3", "/livez").status == 200
    return False


def get(port: int, source: str, path: str = "/") -> HTTPResponse:
    with closing(HTTPConnection("127.0.0.1", port, timeout=30, source_address=(source, 0))) as connection:
        connection.request("GET", path, headers=FROM_VISITOR)
        response = connection.getresponse()
        response.read()
        return response


def test_a_static_file_carries_our_policies_too(port: int) -> None:
    answer = get(port, "127.0.0.2", "/static/base.css")
    assert answer.status == 200
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "camera=()" in answer.headers["Permissions-Policy"]


def test_a_trusted_proxy_may_say_that_a_visitor_came_by_https(port: int) -> None:
    assert get(port, "127.0.0.2").status == 200


def test_nobody_else_may_say_so(port: int) -> None:
    assert get(port, "127.0.0.3").status == 301


def test_nobody_may_say_under_which_path_we_live(port: int) -> None:
    response = get(port, "127.0.0.2", "/admin/")
    assert response.headers["Location"].startswith("/admin/login/")


def test_a_web_server_that_answers_is_healthy(port: int, variables: dict[str, str]) -> None:
    assert health("web", variables) == (0, "")


def test_a_web_server_that_does_not_answer_is_not(variables: dict[str, str]) -> None:
    code, why = health("web", variables | {"PORT": str(free_port())})
    assert code == 1
    assert why.startswith("the web server does not answer")


def test_a_worker_is_healthy_while_it_is_seen_on_this_host(variables: dict[str, str]) -> None:
    assert health("worker", variables) == (1, "no worker was seen here in 15 seconds\n")
    beat = "from feedback.models import Worker; Worker.objects.beat()"
    shell = [sys.executable, "manage.py", "shell", "--verbosity", "0", "--command", beat]
    subprocess.run(shell, cwd=BASE_DIR, env=variables, check=True)
    assert health("worker", variables) == (0, "")


def health(program: str, variables: dict[str, str]) -> tuple[int, str]:
    command = [sys.executable, "-m", "project.healthcheck", program]
    ended = subprocess.run(command, cwd="/", env=variables, stderr=subprocess.PIPE, text=True)
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("program", ["web", "worker", "prepare"])
def test_bad_settings_end_a_program_with_the_code_that_is_not_started_again(program: str) -> None:
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(BASE_DIR), "ALLOWED_HOSTS": "*"}
    ended = subprocess.run([*SERVE, program], cwd="/", env=variables, capture_output=True, text=True)
    assert ended.returncode == 78
    assert "ALLOWED_HOSTS: must not be *" in ended.stderr


def test_a_program_that_is_none_is_answered_with_those_there_are() -> None:
    ended = subprocess.run([*SERVE, "beat"], cwd=BASE_DIR, capture_output=True, text=True)
    assert ended.returncode == 1
    assert "project.serve web`, `worker` or `prepare`" in ended.stderr
