import threading
import time

import pytest

from feedback import turn as module
from feedback.turn import Turn


@pytest.fixture
def turn(monkeypatch: pytest.MonkeyPatch) -> Turn:
    monkeypatch.setattr(module, "STALL_SECONDS", 0.05)
    return Turn()


Answers = list[tuple[bool, bool]]


def asked(turn: Turn, answers: Answers) -> threading.Thread:
    def ask() -> None:
        with turn.awaited() as answer:
            answers.append(answer)

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def test_it_is_one_s_own_and_then_the_next_one_s(turn: Turn) -> None:
    with turn.awaited() as first:
        pass
    with turn.awaited() as second:
        pass
    assert first == second == (True, False)


def test_who_waits_has_it_when_it_is_over(turn: Turn) -> None:
    answers: Answers = []
    with turn.awaited():
        waiting = asked(turn, answers)
    waiting.join()
    assert answers == [(True, True)]


def test_nobody_waits_for_one_who_is_held_up(turn: Turn) -> None:
    answers: Answers = []
    with turn.awaited():
        asked(turn, answers).join(5)
        assert answers == [(False, True)]
    with turn.awaited() as (ours, _):
        assert ours, "who did not have it has not given it away"


def test_one_who_gets_on_is_waited_for(turn: Turn) -> None:
    answers: Answers = []
    with turn.awaited():
        waiting = asked(turn, answers)
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            turn.get_on()
            assert not answers
            time.sleep(0.001)
    waiting.join()
    assert answers == [(True, True)]


def test_it_is_given_back_whatever_happens(turn: Turn) -> None:
    with pytest.raises(OSError, match="away"), turn.awaited():
        raise OSError("away")
    with turn.awaited() as (ours, _):
        assert ours
