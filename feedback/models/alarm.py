import logging
from datetime import timedelta

from django.db import models

from feedback.models.clock import now

log = logging.getLogger(__name__)

FIRST_PROBE, LAST_PROBE = timedelta(seconds=5), timedelta(minutes=5)


class AlarmManager(models.Manager["Alarm"]):
    def raise_for(self, why: str) -> None:
        """Stop all sending, and say so once, however many emails meet the same fault."""
        moment = now()
        _, new = self.get_or_create(
            pk=1, defaults={"why": why, "since": moment, "probe_at": moment + FIRST_PROBE}
        )
        if new:
            log.error(
                "The mail server refuses this site (%s). All emails wait and none is lost. Please check "
                "EMAIL_URL and DEFAULT_FROM_EMAIL; one email is tried now and then until it is accepted.",
                why,
            )

    def clear(self) -> None:
        if self.filter(pk=1).delete()[0]:
            log.warning("The mail server takes our email again; everything that waited is being sent.")

    def win_probe(self) -> bool:
        """Whether it is now upon us, and on us alone, to try one email in spite of the alarm."""
        moment = now()
        alarm = self.filter(probe_at__lte=moment).first()
        if not alarm:
            return False
        # The pause doubles: it is as long as the alarm is old. A server that refuses a login
        # too often may lock the account.
        pause = min(max(moment - alarm.since, FIRST_PROBE), LAST_PROBE)
        return self.filter(probe_at=alarm.probe_at).update(probe_at=moment + pause) == 1


class Alarm(models.Model):
    """A fault that is the operator's: while the one row is there, every delivery waits."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    why = models.TextField()
    since = models.DateTimeField()
    probe_at = models.DateTimeField()

    objects = AlarmManager()

    def __str__(self) -> str:
        return self.why
