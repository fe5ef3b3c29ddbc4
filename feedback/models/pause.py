import logging

from django.db import models

from feedback.models.clock import now

log = logging.getLogger(__name__)

COPY = "a restored copy"  # whom no login can be called, for it has spaces


class PauseManager(models.Manager["Pause"]):
    def begin(self, by: str) -> bool:
        """Stop all sending until a person ends it; False where it was stopped already."""
        _, new = self.get_or_create(pk=1, defaults={"by": by, "since": now()})
        if new:
            log.warning("An operator paused sending. All emails wait and none is lost.")
        return new

    def of_a_copy(self) -> models.QuerySet["Pause"]:
        return self.filter(by=COPY)

    def end(self) -> bool:
        ended = bool(self.filter(pk=1).delete()[0])
        if ended:
            log.warning("Sending was resumed; everything that waited is being sent.")
        return ended


class Pause(models.Model):
    """A person's wish that nothing be sent: while the one row is there, every delivery waits.

    A copy of the database has it too, from the moment at which it was made: what it takes for owed
    may have been sent since. `feedback.resume` is the way out of either.
    """

    id = models.PositiveSmallIntegerField(primary_key=True)
    by = models.CharField(max_length=150)
    since = models.DateTimeField()

    objects = PauseManager()

    def __str__(self) -> str:
        if self.is_of_a_copy:
            return f"this database is a copy of {self.since:%Y-%m-%d %H:%M} UTC that was restored"
        return f"paused by {self.by}"

    @property
    def is_of_a_copy(self) -> bool:
        return self.by == COPY
