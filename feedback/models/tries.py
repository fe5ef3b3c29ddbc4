from datetime import timedelta

from django.db import models
from django.db.models import F
from django.utils.crypto import salted_hmac

from feedback.models.clock import now

PERIOD = timedelta(minutes=15)


class LoginTriesManager(models.Manager["LoginTries"]):
    def take(self, what: str, limit: int) -> bool:
        """Use up one of the `limit` tries of a period; False where none is left.

        Taken before the password is looked at, so that many tries at once count like many in a row.
        """
        moment = now()
        key = _key(what)
        self.filter(since__lte=moment - PERIOD).delete()
        self.get_or_create(key=key, defaults={"since": moment})
        return self.filter(key=key, count__lt=limit).update(count=F("count") + 1) == 1

    def give_back(self, what: str) -> None:
        self.filter(key=_key(what)).delete()


class LoginTries(models.Model):
    """How often somebody has tried to log in lately; nobody can read from it who or from where."""

    key = models.CharField(max_length=64, primary_key=True)
    since = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    objects = LoginTriesManager()

    def __str__(self) -> str:
        return f"{self.count} tries since {self.since:%H:%M}"


def _key(what: str) -> str:
    return salted_hmac("feedback.login", what, algorithm="sha256").hexdigest()
