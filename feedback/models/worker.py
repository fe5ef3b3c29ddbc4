from datetime import timedelta

from django.db import models
from django.utils import timezone

PATIENCE = timedelta(seconds=15)


class WorkerManager(models.Manager["Worker"]):
    def beat(self, name: str) -> None:
        self.update_or_create(name=name, defaults={"seen_at": timezone.now()})

    def seen(self) -> bool:
        return self.filter(seen_at__gte=timezone.now() - PATIENCE).exists()

    def forget_the_dead(self) -> None:
        self.filter(seen_at__lt=timezone.now() - timedelta(days=1)).delete()


class Worker(models.Model):
    """A worker process and when it was last known to live."""

    name = models.CharField(max_length=255, primary_key=True)
    seen_at = models.DateTimeField()

    objects = WorkerManager()

    def __str__(self) -> str:
        return self.name
