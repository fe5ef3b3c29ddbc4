"""What is left of a person outside the database, after a run of the whole product."""

import re
from pathlib import Path

import pytest

from tests.mail_server import MailServer, Reply, Step
from tests.runner.running import Running, wait_until

PERSONAL = (b"ada@example.org", b"ada%40example.org", b"The door is too heavy")


def holders(folder: Path) -> set[str]:
    """Return the files in which something personal is found."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.name for path in files if any(part in path.read_bytes() for part in PERSONAL)}


def refuse(step: Step, text: str) -> Reply:
    address = re.search(r"<(.*)>", text)
    return f"550 5.1.1 <{address[1]}> is unknown here" if step == "RCPT" and address else None


def test_redis_and_the_log_hold_nothing_personal_whatever_the_server_says(tmp_path: Path) -> None:
    with MailServer() as server:
        server.misbehave = refuse
        running = Running(tmp_path / "var", EMAIL_URL=f"smtp://127.0.0.1:{server.port}").until_ready()
        try:
            status = running.send_feedback()
            wait_until(lambda: 'data-status="failed"' in running.get(status)[1])
        finally:
            running.end()
    log = running.output.read_bytes()
    assert b"failed after 550" in log
    assert not [part for part in PERSONAL if part in log]
    assert list((tmp_path / "var").rglob("*.aof")), "Redis has written nothing, so this proves nothing"
    assert {name.split("-")[0] for name in holders(tmp_path / "var")} == {"db.sqlite3"}


@pytest.mark.parametrize("while_it_runs", [True, False])
def test_a_person_who_is_forgotten_is_in_no_file_any_more(tmp_path: Path, while_it_runs: bool) -> None:
    running = Running(tmp_path / "var").until_ready()
    try:
        status = running.send_feedback()
        wait_until(lambda: 'data-status="sent"' in running.get(status)[1] and len(running.mails()) == 2)
        assert holders(tmp_path / "var")
        if while_it_runs:
            assert running.manage("forget", "ada@example.org").startswith(
                "Erased: 1 feedback, 2 emails, 2 files"
            )
            assert running.get(status)[0] == 404
    finally:
        running.end()
    if not while_it_runs:
        running.manage("forget", "ada@example.org")
    assert holders(tmp_path / "var") == set()
