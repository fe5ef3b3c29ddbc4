"""`make run`, with real processes: it starts whole, says what is wrong, and leaves nothing behind."""

import os
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.runner.running import DEADLINE_SECONDS, Running, none_left, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


DEEP = f"a folder with spaces, too deep for a socket{'-' * 80}"
RUNS = {
    "shared": {"SIMULATED_WORK_SECONDS": "1"},
    "hurried": {"SIMULATED_WORK_SECONDS": "60"},
    "killed": {"SIMULATED_WORK_SECONDS": "1"},
    DEEP: {},
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Running]]:
    """All runs of this module, started side by side: one after the other they take three times as long."""
    folder = tmp_path_factory.mktemp("runs")
    runs = {name: Running(folder / name, **variables) for name, variables in RUNS.items()}
    yield runs
    for running in runs.values():
        running.process.kill()
        running.process.wait()


@pytest.fixture
def shared(runs: dict[str, Running]) -> Running:
    """The run for tests that only look at one; the last test of this file ends it."""
    return runs["shared"].until_ready()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start a run that is expected to be refused."""
    started: list[Running] = []

    def start(**variables: str) -> Running:
        started.append(Running(tmp_path / "var", **variables))
        return started[-1]

    yield start
    for running in started:
        running.process.kill()
        running.process.wait()


@pytest.fixture
def busy(request: pytest.FixtureRequest, runs: dict[str, Running]) -> Running:
    """The run of the given name, with the two emails of one feedback in hand."""
    running = runs[request.param].until_ready()
    status = running.send_feedback()
    wait_until(lambda: 'data-status="sending"' in running.get(status)[1])
    return running


def test_it_says_once_that_it_is_ready(shared: Running) -> None:
    address = f"http://127.0.0.1:{shared.port}/"
    ready = f"Ready: {address}  (mailbox: {address}mailbox/ — Ctrl-C stops everything)"
    assert [line for line in shared.lines() if "Ready" in line] == [ready]
    assert shared.get("/readyz")[0] == 200


def test_an_email_arrives_in_the_mailbox(shared: Running) -> None:
    shared.send_feedback()
    wait_until(lambda: len(shared.mails()) == 2)
    assert "ada@example.org" in shared.get("/mailbox/")[1]


def test_workers_make_way_for_the_web_server(shared: Running) -> None:
    master, web = shared.child("dramatiq") or 0, shared.child("gunicorn") or 0
    workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    assert [os.getpriority(os.PRIO_PROCESS, int(pid)) for pid in workers] == [10, 10]
    assert os.getpriority(os.PRIO_PROCESS, web) == 0
    if Path("/proc/self/autogroup").exists():
        assert [_nice_of_session(pid) for pid in (master, web)] == [10, 0]


def _nice_of_session(pid: int) -> int:
    return int(Path(f"/proc/{pid}/autogroup").read_text().rpartition(" ")[2])


def test_the_secret_key_is_kept_for_its_owner_only(shared: Running) -> None:
    assert stat.S_IMODE((shared.var_dir / "secret_key").stat().st_mode) == 0o600


def test_a_taken_port_is_said_in_one_line(shared: Running, start: Callable[..., Running]) -> None:
    late = start(PORT=str(shared.port))
    assert late.process.wait(10) == 1
    assert late.lines() == [
        f"Port {shared.port} is taken by another program; choose another: PORT={shared.port + 1} make run"
    ]


def test_two_runs_in_one_folder_do_not_collide(shared: Running, start: Callable[..., Running]) -> None:
    late = start(VAR_DIR=str(shared.var_dir))
    assert late.process.wait(10) == 1
    assert late.lines() == [
        f"Another run is using {shared.var_dir}. Stop it, or give this one its own folder and port: "
        f"VAR_DIR=var-2 PORT={late.port + 1} make run"
    ]


def test_every_bad_variable_is_named_at_once(start: Callable[..., Running]) -> None:
    bad = {
        "PORT": "80000",
        "WEB_THREADS": "many",
        "WORKER_PROCESSES": "0",
        "WORKER_THREADS": "-1",
        "VAR_DIR": f"{__file__}/var",
        "EMAIL_URL": "ftp://mail",
        "SECRET_KEY": "short",
    }
    running = start(**bad)
    assert running.process.wait(10) == 2
    first, *named = running.lines()
    assert first.startswith("Nothing was started.")
    assert [line.split(":")[0].strip() for line in named] == sorted(bad)


@pytest.mark.parametrize("busy", ["hurried"], indirect=True)
def test_a_second_ctrl_c_stops_at_once(busy: Running) -> None:
    pids = busy.pids()

    def ended_by_ctrl_c() -> bool:
        busy.process.send_signal(signal.SIGINT)
        return busy.process.poll() is not None

    wait_until(ended_by_ctrl_c)
    assert busy.process.returncode == 130
    assert not busy.mails()
    assert none_left(pids)


@pytest.mark.parametrize("busy", ["killed"], indirect=True)
def test_kill_9_of_the_runner_leaves_no_process_behind(busy: Running) -> None:
    pids = busy.pids()
    assert len(pids) >= 9, "the runner, Redis, the mailbox, three for the web and three for the worker"
    busy.process.kill()
    wait_until(lambda: none_left(pids))


@pytest.mark.parametrize(("word", "name"), [("dramatiq", "worker"), ("gunicorn", "web server")])
def test_a_program_that_dies_is_started_again(runs: dict[str, Running], word: str, name: str) -> None:
    running = runs[DEEP].until_ready()
    dead = running.child(word)
    assert dead
    os.kill(dead, signal.SIGKILL)
    said = f"The {name} ended on its own (killed by SIGKILL); starting it again."
    wait_until(lambda: said in running.lines() and running.child(word) not in (None, dead))
    wait_until(lambda: running.answers("/readyz"))


def test_a_worker_whose_master_was_killed_is_still_heard(runs: dict[str, Running]) -> None:
    running = runs[DEEP].until_ready()
    before, master = len(running.lines()), running.child("dramatiq")
    assert master
    os.kill(master, signal.SIGKILL)
    wait_until(lambda: any("the master process is gone" in line for line in running.lines()[before:]))
    wait_until(lambda: any("starting it again" in line for line in running.lines()[before:]))
    wait_until(lambda: running.answers("/readyz"))


def test_a_program_that_cannot_stay_up_stops_all_and_is_named(runs: dict[str, Running]) -> None:
    running = runs[DEEP].until_ready()
    pids = running.pids()
    while running.process.poll() is None:
        if mailbox := running.child("project.mailbox"):
            os.kill(mailbox, signal.SIGKILL)
        time.sleep(0.05)
    assert running.process.wait(DEADLINE_SECONDS) == 1
    assert "The mailbox ended on its own (killed by SIGKILL), so all is being stopped." in running.lines()
    assert none_left(pids)


@pytest.mark.parametrize("busy", ["shared"], indirect=True)
def test_ctrl_c_finishes_the_emails_in_hand_and_leaves_no_process_behind(busy: Running) -> None:
    before, pids = len(busy.mails()), busy.pids()
    assert busy.end(signal.SIGINT) == 130
    assert len(busy.mails()) == before + 2
    assert none_left(pids)
