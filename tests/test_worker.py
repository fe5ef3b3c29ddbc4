import os
import signal
import threading

import pytest
from django.db import DatabaseError

from feedback.worker import Housekeeping, Loop


def test_a_loop_goes_on_whatever_goes_wrong(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("feedback.worker.KEEP_SECONDS", 0.01)
    calls, thrice = [], threading.Event()

    def work() -> float:
        calls.append(1)
        if len(calls) == 3:
            thrice.set()
        raise OSError("Redis is gone")

    loop = Loop("sweeper", work)
    loop.start()
    assert thrice.wait(5)
    loop.stopping.set()
    loop.join(5)
    assert not loop.is_alive()
    assert "the sweeper met OSError: Redis is gone; it goes on" in caplog.text


@pytest.mark.django_db
def test_a_worker_whose_master_is_gone_ends_itself_gracefully_and_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    housekeeping = Housekeeping()
    housekeeping.master = -1
    housekeeping._keep()
    housekeeping._keep()
    assert sent == [(os.getpid(), signal.SIGTERM)]


@pytest.mark.django_db
@pytest.mark.parametrize(("ending", "signals"), [(False, 2), (True, 1)])
def test_a_worker_that_does_not_obey_is_told_to_end_again(
    monkeypatch: pytest.MonkeyPatch, ending: bool, signals: int
) -> None:
    sent, finishing = [], threading.Event()
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append(number))
    monkeypatch.setattr("feedback.worker.OBEY_SECONDS", 0)
    monkeypatch.setattr("feedback.delivery.finishing", finishing)
    housekeeping = Housekeeping()
    housekeeping.master = -1
    housekeeping._keep()
    if ending:
        finishing.set()
    housekeeping._keep()
    assert sent == [signal.SIGTERM] * signals


def test_a_worker_whose_master_is_gone_ends_also_where_the_database_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    monkeypatch.setattr("feedback.lease.renew_leases", _refused)
    housekeeping = Housekeeping()
    housekeeping.master = -1
    with pytest.raises(DatabaseError):
        housekeeping._keep()
    assert sent == [(os.getpid(), signal.SIGTERM)]


def _refused() -> None:
    raise DatabaseError("no such file")
