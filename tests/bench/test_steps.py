import pytest

from bench.steps import TIMES, _steps


@pytest.mark.django_db
@pytest.mark.usefixtures("broker")
def test_each_step_can_be_taken() -> None:
    steps = _steps()
    assert list(steps) == list(TIMES)
    for prepare in steps.values():
        prepare()()
