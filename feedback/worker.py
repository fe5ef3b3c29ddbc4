"""What each worker process does beside its messages, in two threads of its own.

The keeper shows that the process lives, renews the leases of the emails in hand, takes up those of
dead workers, hangs up on an idle mail server and ends with its master; it goes on while the process
shuts down. The sweeper looks after what the queue forgot; it may send an email itself, so nothing
urgent waits for it.
"""

import logging
import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import dramatiq
from django import db

log = logging.getLogger(__name__)

KEEP_SECONDS = 3.0
MAKE_WAY = 10  # in steps of nice: of a busy core the web server has nine times as much
SIDE_BY_SIDE = 2  # emails a thread: with 8 threads one sent 1,700 a second so, with one 1,500
OBEY_SECONDS = 15.0  # in which a worker that was told to end begins to, however busy the machine is


class Housekeeping(dramatiq.Middleware):
    """Dramatiq's middleware is loaded before Django's models are, hence the late imports."""

    end_at = 0.0  # when to end with the master, at the earliest

    def after_process_boot(self, broker: dramatiq.Broker) -> None:
        """Let those who wait for an answer come first, on the cores that the web server shares with us."""
        os.nice(MAKE_WAY)
        # Where Linux shares them among sessions first, nice counts within one only. Ours is a service's
        # own, or else somebody's terminal.
        if os.getsid(0) == _master():
            with suppress(OSError):  # no autogroups, or another of us has just written the same
                Path("/proc/self/autogroup").write_text(str(MAKE_WAY))

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        from feedback.delivery import finishing
        from feedback.pool import pool

        finishing.clear()
        pool.open(SIDE_BY_SIDE * worker.worker_threads)
        self.master = _master()
        self.keeper = Loop("keeper", self._keep)
        self.sweeper = Loop("sweeper", self._sweep)
        self.keeper.start()
        self.sweeper.start()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        from feedback.delivery import finishing
        from feedback.pool import pool

        finishing.set()
        pool.close()
        self.sweeper.stopping.set()

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self.sweeper.join()  # it may have an email in hand
        self.keeper.stopping.set()
        self.keeper.join()
        self._forget()

    def _keep(self) -> float:
        from feedback.delivery import finishing
        from feedback.lease import renew_leases
        from feedback.models import Worker
        from feedback.outcome import recover_lost
        from feedback.pool import pool

        # First, since the rest needs a database that answers.
        if self._is_orphan() and time.monotonic() >= self.end_at and not finishing.is_set():
            self._end_with_master()
        pool.close_idle()
        renew_leases()
        Worker.objects.beat()
        recover_lost()
        return KEEP_SECONDS

    def _sweep(self) -> float:
        from feedback.clock import run_due_jobs
        from feedback.sweeper import sweep

        run_due_jobs()
        return sweep()

    def _forget(self) -> None:
        from feedback.models import Worker

        try:
            Worker.objects.sign_off()
        except db.DatabaseError as error:
            log.info("the database did not take our goodbye: %s", error)
        db.connections.close_all()

    def _is_orphan(self) -> bool:
        # From Python 3.14 on a fork server is our parent, which lives as long as we do. Where the master
        # forks by itself, our brothers hold the pipe that tells whether it is alive.
        master = multiprocessing.parent_process()
        if master and multiprocessing.get_start_method() != "fork":
            return not master.is_alive()
        return os.getppid() != self.master

    def _end_with_master(self) -> None:
        # Dramatiq's workers outlive a killed master and keep old code. Where it was killed as they
        # booted, their main thread waits for its answer and obeys the second signal only.
        self.end_at = time.monotonic() + OBEY_SECONDS
        os.kill(os.getpid(), signal.SIGTERM)
        log.error("the master process is gone; finishing the email in hand and ending")


def _master() -> int | None:
    # As Dramatiq started us: while we boot, a killed master may have left us to somebody else.
    parent = multiprocessing.parent_process()
    return parent.pid if parent else os.getppid()


class Loop(threading.Thread):
    """Does `work` again and again, whatever goes wrong; it returns the seconds to pause."""

    def __init__(self, name: str, work: Callable[[], float]) -> None:
        super().__init__(name=name, daemon=True)
        self.work = work
        self.stopping = threading.Event()

    def run(self) -> None:
        pause = 0.0
        while not self.stopping.wait(pause):
            try:
                pause = self.work() * random.uniform(0.7, 1.3)  # many workers should not march in step
            except Exception as error:
                log.error("the %s met %s: %s; it goes on", self.name, type(error).__name__, error)
                pause = KEEP_SECONDS
            db.close_old_connections()
        db.connections.close_all()
