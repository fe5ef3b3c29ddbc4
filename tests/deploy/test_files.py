"""What is said in several files of deploy/ must agree, with each other and with the product."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
import yaml
from django_dramatiq.management.commands.rundramatiq import Command

from project import gunicorn, serve
from project.environment import BASE_DIR, read_environment
from project.healthcheck import PROGRAMS as WATCHED
from project.runner.redis_server import command as redis_command
from tests.test_environment import GOOD

DEPLOY = BASE_DIR / "deploy"
UNITS = {path.name: path.read_text() for path in (DEPLOY / "systemd").rglob("*.*") if path.is_file()}
ALL_UNITS = "\n".join(UNITS.values())
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if service.get("build")}
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
EXAMPLE = dict(re.findall(r"^([A-Z_]+)=(.*)$", (DEPLOY / "feedback.env.example").read_text(), re.MULTILINE))
SECRET = "0123456789" * 6  # the one thing that the example leaves open


@pytest.fixture
def environ() -> Iterator[None]:
    with patch.dict(os.environ, EXAMPLE | {"SECRET_KEY": SECRET}, clear=True):
        yield


def test_every_variable_is_one_that_the_product_reads() -> None:
    with patch.dict(os.environ, GOOD, clear=True):
        known = set(read_environment())
    in_units = re.findall(r"^Environment=(\w+)", ALL_UNITS, re.MULTILINE)
    in_compose = [name for service in OURS.values() for name in service["environment"]]
    in_image = re.findall(r"\b([A-Z_]+)=(?:\w+:|localhost|\"\$|http|build)", DOCKERFILE)
    assert in_units == ["VAR_DIR"]
    assert len(in_image) == 6
    assert {*EXAMPLE, *in_units, *in_compose, *in_image} <= known


def test_the_example_is_accepted_as_it_is_but_for_the_secret(environ: None) -> None:
    assert read_environment()["SITE_URL"] == "https://feedback.example.org"
    del os.environ["SECRET_KEY"]
    with pytest.raises(Exception, match="SECRET_KEY"):
        read_environment()


def test_the_example_lacks_nothing_in_production_but_a_domain() -> None:
    command = [sys.executable, "manage.py", "check", "--deploy"]
    path = {"PATH": os.environ["PATH"]}
    checked = subprocess.run(
        command, cwd=BASE_DIR, env=path | EXAMPLE | {"SECRET_KEY": SECRET}, stderr=subprocess.PIPE, text=True
    )
    assert re.findall(r"\((\w+\.\w+)\)", checked.stderr) == ["feedback.W001"]


def test_units_containers_and_the_image_start_what_the_product_can_start() -> None:
    in_units = re.findall(r"^ExecStart=\S+/python -m project\.serve (\w+)$", ALL_UNITS, re.MULTILINE)
    assert sorted(in_units) == sorted(serve.PROGRAMS) == sorted(OURS)
    in_compose = {name: service.get("command") for name, service in OURS.items()}
    started = {name: ["python", "-m", "project.serve", name] for name in serve.PROGRAMS}
    assert in_compose == started | {"web": None}  # as the image does by itself
    assert 'CMD ["python", "-m", "project.serve", "web", "--bind", "0.0.0.0:8000"]' in DOCKERFILE


def test_every_container_says_whether_it_works() -> None:
    asked = [" ".join(service.get("healthcheck", {}).get("test", [])) for service in OURS.values()]
    asked.append(DOCKERFILE.replace('", "', " ").replace('"', ""))
    assert {name for text in asked for name in re.findall(r"project\.healthcheck (\w+)", text)} == {*WATCHED}
    assert all(service.get("healthcheck") for name, service in COMPOSE["services"].items() if name != "web")


def test_the_healthcheck_asks_where_the_image_listens_whatever_the_settings_say() -> None:
    (port,) = re.findall(r'"--bind", "0\.0\.0\.0:(\d+)"', DOCKERFILE)
    assert {service["environment"]["PORT"] for service in OURS.values()} == {port}


def test_what_is_told_to_stop_may_finish_what_it_has_in_hand() -> None:
    worker = Command().create_parser("manage.py", "rundramatiq").get_default("worker_shutdown_timeout") / 1000
    for name, needs in {"worker": worker, "web": gunicorn.graceful_timeout}.items():
        unit = UNITS["feedback-worker@.service" if name == "worker" else "feedback-web.service"]
        granted = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
        granted += [OURS[name]["stop_grace_period"].removesuffix("s")]
        assert len(granted) == 2
        assert all(needs < int(seconds) <= needs + 60 for seconds in granted)


def test_what_ends_is_started_again_unless_its_settings_are_bad() -> None:
    assert f"RestartPreventExitStatus={serve.BAD_SETTINGS}\n" in UNITS["common.conf"]
    for name in ("feedback-web.service", "feedback-worker@.service"):
        assert "\nRestart=always\n" in UNITS[name]
    assert [COMPOSE["services"][name]["restart"] for name in ("web", "worker")] == ["always", "always"]


def test_workers_make_way_for_the_web_server() -> None:
    assert "\nCPUWeight=10\n" in UNITS["feedback-worker@.service"]
    assert "CPUWeight" not in UNITS["feedback-web.service"]
    assert OURS["worker"]["cpu_shares"] == 100
    assert "cpu_shares" not in OURS["web"]


def test_only_the_master_is_told_to_stop() -> None:
    assert "\nKillMode=mixed\n" in UNITS["common.conf"]
    assert all(service["init"] is True for service in OURS.values())  # which tells its child alone


def test_containers_run_as_nobody_and_change_nothing() -> None:
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == ["10001"]
    for service in OURS.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]


def test_the_proxies_ask_where_the_product_listens(environ: None) -> None:
    address = f"127.0.0.1:{read_environment()['PORT']}"
    assert f"reverse_proxy {address} {{" in (DEPLOY / "Caddyfile").read_text()
    assert f"proxy_pass http://{address};" in (DEPLOY / "nginx.conf").read_text()
    assert f"ListenStream={address}\n" in UNITS["feedback-web.socket"]
    assert OURS["web"]["ports"] == [f"{address}:8000"]


def test_the_proxy_outside_of_the_containers_is_trusted() -> None:
    (network,) = COMPOSE["networks"]["default"]["ipam"]["config"]
    assert {service["environment"]["TRUSTED_PROXIES"] for service in OURS.values()} == {network["gateway"]}


def test_redis_is_told_what_the_one_of_make_run_is_told() -> None:
    told = [str(word) for word in redis_command(BASE_DIR, BASE_DIR)]
    assert COMPOSE["services"]["redis"]["command"][1:] == told[told.index("--save") :]


def test_the_image_has_a_python_that_is_tested() -> None:
    versions = set(re.findall(r"^FROM python:([\d.]+)-slim", DOCKERFILE, re.MULTILINE))
    tested = yaml.safe_load((BASE_DIR / ".github/workflows/ci.yml").read_text())
    assert versions <= set(tested["jobs"]["check"]["strategy"]["matrix"]["python"])
    least = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["requires-python"]
    assert least == f">={min(tested['jobs']['check']['strategy']['matrix']['python'])}"


def test_the_image_has_all_that_the_product_is_made_of() -> None:
    copied = set(re.findall(r"^COPY (?!--)(\S+) \S+$", DOCKERFILE, re.MULTILINE))
    kept = re.findall(r"^!(.+)$", (BASE_DIR / ".dockerignore").read_text(), re.MULTILINE)
    packages = {path.parent.name for path in BASE_DIR.glob("*/__init__.py")} - {"bench", "docs", "tests"}
    assert copied == {*kept} == packages | {"manage.py", "requirements.txt", "templates", "static"}


def test_the_image_can_copy_the_database_that_stands_beside_it() -> None:
    client = re.findall(r"postgresql-client-(\d+)", DOCKERFILE)
    assert COMPOSE["services"]["postgres"]["image"].startswith(f"postgres:{client[0]}-")
