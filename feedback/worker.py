"""What each worker process does beside delivering: it shows that it lives, and ends with its master."""

import logging
import os
import signal
import threading

import dramatiq
from django.db import DatabaseError, connections

from feedback.models import Worker

log = logging.getLogger(__name__)

BEAT_SECONDS = 3


class Housekeeping(dramatiq.Middleware):
    """Runs the heartbeat thread from the worker's boot to its shutdown."""

    def __init__(self) -> None:
        self.stopping = threading.Event()

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self.master = os.getppid()
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self.stopping.set()

    def _beat(self) -> None:
        name = f"{os.uname().nodename}:{os.getpid()}"
        while True:
            try:
                Worker.objects.beat(name)
            except DatabaseError as error:
                log.error("the heartbeat could not be saved: %s", error)
            if os.getppid() != self.master:
                self._end_with_master()
            if self.stopping.wait(BEAT_SECONDS):
                break
        Worker.objects.filter(name=name).delete()
        connections.close_all()

    def _end_with_master(self) -> None:
        # Dramatiq's workers outlive a killed master, keep old code and lose their logs.
        log.error("the master process is gone; finishing the email in hand and ending")
        os.kill(os.getpid(), signal.SIGTERM)
        self.master = os.getppid()
