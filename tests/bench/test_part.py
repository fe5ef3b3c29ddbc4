import pytest

from bench.part import Row, compared, in_turn, interleaved, percentile, readable, spread, stated


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 50), (99, 99), (99.5, 100), (100, 100), (1, 1), (0, 1)]
)
def test_a_percentile_is_one_of_the_values(percent: float, expected: float) -> None:
    assert percentile([float(value) for value in range(100, 0, -1)], percent) == expected


def test_every_percentile_of_one_value_is_that_value() -> None:
    assert [percentile([7.0], percent) for percent in (0, 50, 99, 100)] == [7.0] * 4


@pytest.mark.parametrize(
    ("value", "words"),
    [(12345.6, "12,346"), (99.96, "100"), (12.34, "12.3"), (0.5, "0.5"), (0.00012, "0.0001"), (0, "0")],
)
def test_a_figure_has_three_digits_and_no_exponent(value: float, words: str) -> None:
    assert readable(value) == words


def test_a_spread_tells_the_median_and_the_ends() -> None:
    assert spread([3, 1, 8], "ms") == "3 (1-8) ms"
    assert spread([3]) == "3"


def test_each_contender_begins_a_round() -> None:
    rounds = [[name for name, _ in in_turn({"a": 1, "b": 2, "c": 3}, number)] for number in range(4)]
    assert rounds == [["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"], ["a", "b", "c"]]


def test_a_ratio_is_of_the_same_round() -> None:
    row = compared("speed", [4, 40, 400], [8, 10, 200], least=2)
    assert row.figure.endswith("**× 2 (0.5-4)**")
    assert (row.goal, row.met) == ("≥ × 2", True)


@pytest.mark.parametrize(("value", "met"), [(0.9, True), (1.0, True), (1.1, False)])
def test_what_may_be_at_most_so_much_is_met_up_to_there(value: float, met: bool) -> None:
    assert stated("share", [value], "%", most=1).met is met


def test_what_has_no_goal_is_neither_met_nor_missed() -> None:
    assert (stated("memory", [9], "MiB").met, Row("", "", "", None).sign) == (None, "")


def test_contenders_take_turns() -> None:
    turns: list[str] = []

    def turn(name: str) -> float:
        turns.append(name)
        return float(len(turns))

    figures = interleaved({"a": lambda: turn("a"), "b": lambda: turn("b")}, 2, "turns")
    assert turns == ["a", "b", "b", "a"]
    assert figures == {"a": [1, 4], "b": [2, 3]}
