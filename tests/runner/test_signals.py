import signal

import pytest

from project.runner.signals import SAME_REQUEST_SECONDS, Interrupted, Signals


class Clock:
    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("project.runner.signals.time", clock)
    return clock


@pytest.fixture
def signals(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Signals:
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    return Signals()


def test_nothing_is_obeyed_until_somebody_asks(signals: Signals) -> None:
    signals.obey()
    signals.note(signal.SIGTERM)
    with pytest.raises(Interrupted) as interrupted:
        signals.obey()
    assert interrupted.value.exit_code == 143


def test_one_request_that_arrives_twice_counts_once(signals: Signals, clock: Clock) -> None:
    signals.note(signal.SIGTERM)
    clock.now += SAME_REQUEST_SECONDS / 2
    signals.note(signal.SIGTERM)
    assert not signals.again


def test_a_second_request_means_at_once(signals: Signals, clock: Clock) -> None:
    signals.note(signal.SIGINT)
    clock.now += SAME_REQUEST_SECONDS * 2
    signals.note(signal.SIGINT)
    assert signals.again


def test_the_first_request_while_we_stop_for_our_own_reason_means_at_once(
    signals: Signals, clock: Clock
) -> None:
    signals.stopping()
    clock.now += SAME_REQUEST_SECONDS * 2
    signals.note(signal.SIGINT)
    assert signals.again
