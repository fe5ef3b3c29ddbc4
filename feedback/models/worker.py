import os
from datetime import timedelta

from django.db import models

from feedback.models.clock import now

PATIENCE = timedelta(seconds=15)


class WorkerManager(models.Manager["Worker"]):
    def beat(self) -> None:
        """Show that this process lives."""
        self.update_or_create(name=_this_process(), defaults={"seen_at": now()})

    def sign_off(self) -> None:
        self.filter(name=_this_process()).delete()

    def forget_this_host(self) -> None:
        """Forget all workers of this machine; one that lives shows itself again within seconds."""
        self.filter(name__startswith=f"{os.uname().nodename}:").delete()

    def alive(self) -> models.QuerySet["Worker"]:
        return self.filter(seen_at__gte=now() - PATIENCE)

    def seen(self) -> bool:
        return self.alive().exists()

    def forget_the_dead(self) -> None:
        self.filter(seen_at__lt=now() - timedelta(days=1)).delete()


class Worker(models.Model):
    """A worker process and when it was last known to live."""

    name = models.CharField(max_length=255, primary_key=True)
    seen_at = models.DateTimeField()

    objects = WorkerManager()

    def __str__(self) -> str:
        return self.name


def _this_process() -> str:
    return f"{os.uname().nodename}:{os.getpid()}"
