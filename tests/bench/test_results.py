from pathlib import Path

import pytest

from bench import results
from bench.part import Part, Row

ROWS = [Row("answer", "≤ 5 ms", "**4 ms**", True), Row("drain", "≥ 9", "**8**", False)]
MACHINE = {"processor": "two cores"}


def test_each_row_shows_goal_figure_and_whether_it_is_met() -> None:
    page = results.page([(Part("answers", "Answers", ROWS), MACHINE)])
    assert "| answer | ≤ 5 ms | **4 ms** | met |" in page
    assert "| drain | ≥ 9 | **8** | **not met** |" in page
    assert "- processor: two cores" in page


def test_a_part_that_is_measured_anew_replaces_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    results.save(Part("answers", "Answers", ROWS[:1]), MACHINE)
    results.save(Part("drain", "Drain", ROWS[1:]), MACHINE)
    results.save(Part("answers", "Answers", []), {"processor": "another"})
    assert [part.rows for part, _ in results.load(["answers", "drain", "polls"])] == [[], ROWS[1:]]


def test_what_was_measured_on_two_machines_is_said_of_each() -> None:
    parts = [(Part("a", "First", []), MACHINE), (Part("b", "Second", []), {"processor": "another"})]
    page = results.page(parts)
    assert page.index("The machine of: First") < page.index("The machine of: Second")
