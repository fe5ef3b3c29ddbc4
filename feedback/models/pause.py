import logging

from django.db import models

from feedback.models.clock import now

log = logging.getLogger(__name__)


class PauseManager(models.Manager["Pause"]):
    def begin(self, by: str) -> bool:
        """Stop all sending until a person ends it; False where it was stopped already."""
        _, new = self.get_or_create(pk=1, defaults={"by": by, "since": now()})
        if new:
            log.warning("An operator paused sending. All emails wait and none is lost.")
        return new

    def end(self) -> bool:
        ended = bool(self.filter(pk=1).delete()[0])
        if ended:
            log.warning("An operator resumed sending; everything that waited is being sent.")
        return ended


class Pause(models.Model):
    """A person's wish that nothing be sent: while the one row is there, every delivery waits."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    by = models.CharField(max_length=150)
    since = models.DateTimeField()

    objects = PauseManager()

    def __str__(self) -> str:
        return f"paused by {self.by}"
