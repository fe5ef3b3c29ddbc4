import asyncio
import time

from bench import load
from bench.load import at_moments, one_by_one, schedule, together


def test_a_steady_rate_is_evenly_spaced() -> None:
    assert schedule(4, 1.5) == [0, 0.25, 0.5, 0.75, 1.0, 1.25]


def test_an_answer_is_timed_from_when_it_should_have_been_asked_for() -> None:
    """Where one holds up all others, their waiting counts too."""

    async def ask() -> None:
        time.sleep(0.05)

    times = asyncio.run(at_moments(ask, [0, 0.001, 0.002]))
    assert times[0] >= 45
    assert times[2] >= 140


def test_so_many_are_asked_at_once_and_not_one_more() -> None:
    now: list[int] = []
    seen: list[int] = []

    async def ask() -> None:
        now.append(1)
        seen.append(len(now))
        await asyncio.sleep(0)
        now.pop()

    asyncio.run(together(ask, 10, 3))
    assert (len(seen), max(seen)) == (10, 3)


def test_one_by_one_is_never_two_at_once() -> None:
    now: list[int] = []

    async def ask() -> None:
        now.append(1)
        await asyncio.sleep(0)
        assert now == [1]
        now.pop()

    assert len(asyncio.run(one_by_one(ask, 5))) == 5


def test_no_two_filled_in_forms_are_the_same_feedback() -> None:
    first, second = load.filled_in(), load.filled_in()
    assert first["form_token"] != second["form_token"]
    assert first["email"] != second["email"]
