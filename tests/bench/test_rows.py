from datetime import timedelta

import pytest

from bench.rows import watch


@pytest.mark.django_db
def test_those_who_have_watched_for_longest_come_first_and_ask_most_rarely() -> None:
    asked = watch(5, timedelta(hours=1))
    assert len(asked) == 5
    assert all("/status/?lang=en&seen=" in address for address, _ in asked)
    seconds = [seconds for _, seconds in asked]
    assert seconds == sorted(seconds, reverse=True)
