from datetime import datetime, timedelta

from django.db import models

from feedback.models.clock import now


class SlotManager(models.Manager["Slot"]):
    def is_due(self, job: str, every: timedelta) -> bool:
        """Whether the current slot of a periodic job has not been taken yet."""
        return not self.filter(job=job, number__gte=_current(every)).exists()

    def take(self, job: str, every: timedelta) -> bool:
        """Win the current slot; of any number of workers that try, one does.

        Slots that were missed while everything was down are won once, late.
        """
        self.get_or_create(job=job, defaults={"number": 0})
        current = _current(every)
        return self.filter(job=job, number__lt=current).update(number=current) == 1

    def win(self, job: str, asked: datetime) -> bool:
        """Whether nobody has done this since it was `asked` about; of any number that try, one wins."""
        self.get_or_create(job=job, defaults={"number": 0})
        since, moment = (int(time.timestamp() * 1000) for time in (asked, now()))
        return self.filter(job=job, number__lt=since).update(number=moment) == 1


class Slot(models.Model):
    """The last time slot in which a periodic job ran, counted in its own periods since 1970.

    Of what people ask for, the millisecond when it was last done.
    """

    job = models.CharField(max_length=50, primary_key=True)
    number = models.BigIntegerField()

    objects = SlotManager()

    def __str__(self) -> str:
        return self.job


def _current(every: timedelta) -> int:
    # Weeks begin on Monday; 1970 began on a Thursday.
    return int((now().timestamp() + timedelta(days=3).total_seconds()) // every.total_seconds())
