import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.database import Sqlite
from tests.faults.system import environment
from tests.runner.running import BASE_DIR

NEWER = '{"paths": {"feedback-2.css": "feedback-2.0.css"}, "version": "1.1", "hash": ""}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    prepare(tmp_path)
    return tmp_path


def prepare(folder: Path, *options: str) -> None:
    command = [sys.executable, "-m", "project.runner.prepare", *options]
    subprocess.run(command, cwd=BASE_DIR, env=environment(folder, Sqlite(folder)), check=True)


def test_what_was_collected_from_the_same_files_is_left_as_it_is(folder: Path) -> None:
    manifest = folder / "static/staticfiles.json"
    os.utime(manifest, (0, 0))  # older than every file, as after a checkout or in an image
    prepare(folder)
    assert manifest.stat().st_mtime == 0


def test_what_was_collected_from_other_files_is_collected_anew_whatever_their_times(folder: Path) -> None:
    (folder / "static/collected-from").write_text("those of a newer version")
    (folder / "static/staticfiles.json").write_text(NEWER)
    prepare(folder)
    assert '"base.css"' in (folder / "static/staticfiles.json").read_text()


def test_an_image_is_built_without_a_database(tmp_path: Path) -> None:
    prepare(tmp_path, "--only-static")
    assert (tmp_path / "static/staticfiles.json").exists()
    assert not (tmp_path / "db.sqlite3").exists()
