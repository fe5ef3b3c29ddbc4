from pathlib import Path

import pytest

from project.runner import reload
from project.runner.reload import Watcher


@pytest.fixture
def watcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watcher:
    monkeypatch.setattr(reload, "LOOK_SECONDS", 0)
    for name in ("views.py", "var/db.py", "state/made.py", ".venv/django.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("old")
    return Watcher(tmp_path, tmp_path / "state")


@pytest.mark.parametrize("name", ["views.py", "new.html", "style.css", "script.js", "email.txt"])
def test_a_changed_or_new_file_is_noticed_once(watcher: Watcher, name: str) -> None:
    (watcher.root / name).write_text("newer")
    assert watcher.change() == Path(name)
    assert watcher.change() is None


def test_a_file_that_is_gone_is_noticed(watcher: Watcher) -> None:
    (watcher.root / "views.py").unlink()
    assert watcher.change() == Path("views.py")


@pytest.mark.parametrize("name", ["var/db.py", "state/made.py", ".venv/django.py", "db.sqlite3"])
def test_what_is_no_source_is_not_watched(watcher: Watcher, name: str) -> None:
    (watcher.root / name).write_text("newer")
    assert watcher.change() is None
