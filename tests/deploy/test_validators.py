"""The files of deploy/ as those programs see them that will read them, where this machine has them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from project.environment import BASE_DIR

DEPLOY = BASE_DIR / "deploy"
COMMON = DEPLOY / "systemd/feedback-.service.d/common.conf"
EXPOSURE = 2.0  # of 10, as systemd-analyze rates it


def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    found = shutil.which(program, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin")
    if not found:
        pytest.skip(f"{program} is not on this machine")
    return subprocess.run(
        [found, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Our units as they lie in /etc, with a program that is there."""
    folder = tmp_path / "system"
    shutil.copytree(DEPLOY / "systemd", folder)
    for path in folder.glob("*.service"):
        path.write_text(path.read_text().replace("/srv/feedback/.venv/bin/python", "/bin/true"))
    return folder


@pytest.mark.parametrize("name", ["feedback-web", "feedback-prepare", "feedback-worker@1"])
def test_systemd_understands_every_line_of_a_unit(units: Path, name: str) -> None:
    checked = run("systemd-analyze", "verify", "--man=no", units / f"{name}.service")
    ours = [line for line in checked.stdout.splitlines() if "feedback" in line]
    assert ours == []
    assert checked.returncode == 0


@pytest.mark.parametrize("name", ["feedback-web", "feedback-prepare", "feedback-worker@"])
def test_systemd_leaves_a_program_little_to_break(units: Path, name: str) -> None:
    rated = run("systemd-analyze", "security", "--offline=true", "--no-pager", units / f"{name}.service")
    found = re.search(r"Overall exposure level for .*: ([\d.]+)", rated.stdout)
    assert found, rated.stdout
    assert float(found[1]) <= EXPOSURE


def test_systemd_lets_a_worker_make_way_for_the_web_server() -> None:
    allowed: set[str] = set()
    for line in re.findall(r"^SystemCallFilter=(.+)$", COMMON.read_text(), re.MULTILINE):
        meant = {name for word in line.removeprefix("~").split() for name in system_calls(word)}
        allowed = allowed - meant if line.startswith("~") else allowed | meant
    assert "setpriority" in allowed  # which nice asks for


def system_calls(name: str) -> set[str]:
    if not name.startswith("@"):
        return {name}
    listed = run("systemd-analyze", "syscall-filter", name).stdout.split("\n")[2:]
    return {call for line in listed if line.strip() for call in system_calls(line.strip())}


def test_caddy_understands_its_file() -> None:
    checked = run("caddy", "validate", "--adapter", "caddyfile", "--config", DEPLOY / "Caddyfile")
    assert checked.returncode == 0, checked.stdout


def test_nginx_understands_its_file(tmp_path: Path) -> None:
    subject = ["-subj", "/CN=feedback.example.org", "-newkey", "rsa:2048"]
    files: list[str | Path] = ["-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"]
    made = run("openssl", "req", "-x509", "-nodes", *subject, *files)
    assert made.returncode == 0, made.stdout
    site = (DEPLOY / "nginx.conf").read_text().replace("/etc/ssl/feedback", str(tmp_path))
    whole = tmp_path / "whole.conf"
    whole.write_text(f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; {site} }}")
    checked = run("nginx", "-t", "-c", whole)
    assert checked.returncode == 0, checked.stdout


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    checked = run("hadolint", DEPLOY / "Dockerfile")
    assert checked.returncode == 0, checked.stdout
