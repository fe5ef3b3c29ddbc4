import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from django.db import models
from django.db.models import Q

from feedback.models.clock import now

PATIENCE = timedelta(seconds=15)
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class WorkerQuerySet(models.QuerySet["Worker"]):
    def alive(self) -> "WorkerQuerySet":
        return self.filter(seen_at__gte=now() - PATIENCE)

    def on_this_host(self) -> "WorkerQuerySet":
        return self.filter(name__startswith=f"{_host()}:")

    def elsewhere(self) -> "WorkerQuerySet":
        """Those under another kernel than ours. Containers of one machine share its kernel."""
        return self.exclude(Q(name__startswith=f"{_host()}:") | Q(name__endswith=f"@{_kernel()}"))


PlacedManager = models.Manager.from_queryset(WorkerQuerySet)


class WorkerManager(PlacedManager["Worker"]):
    def beat(self) -> None:
        """Show that this process lives."""
        self.update_or_create(name=_this_process(), defaults={"seen_at": now()})

    def sign_off(self) -> None:
        self.filter(name=_this_process()).delete()

    def forget_this_host(self) -> None:
        """Forget all workers of this machine; one that lives shows itself again within seconds."""
        self.on_this_host().delete()

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
    return f"{_host()}:{os.getpid()}@{_kernel()}"


def _host() -> str:
    return os.uname().nodename


def _kernel() -> str:
    """Return what tells one running kernel from another; the host's name where none is told."""
    with suppress(OSError):
        return BOOT_ID.read_text().strip()[:13]
    return _host()
