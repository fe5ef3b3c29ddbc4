"""Is mail flowing? The answer in one sentence, and the numbers behind it."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Max
from django.utils.functional import cached_property

from feedback import tasks
from feedback.models import (
    Alarm,
    Delivery,
    Pause,
    State,
    Tally,
    Worker,
    clock,
    oldest_owed_seconds,
    standing,
    tried_in_vain,
)
from operations.words import age, emails, fix, number

SLOW_SECONDS = 60
CLOCK_SECONDS = 180
START = "Find out why it ended, then start one: make run, or manage.py rundramatiq."
PROBED = "One email is tried now and then; when it is accepted, all go out by themselves."
HURRY = "Look at what the mail server answers below, or give WORKER_THREADS a larger number."
DOUBTS = (
    "Resume sending when you are ready. What was owed in the copy then becomes unconfirmed and is not sent "
    "by itself, since it may have been sent after the copy was made. What came in since then goes out."
)
NO_REDIS = (
    "Start the Redis that REDIS_URL names. Until then the workers look for what is owed every few seconds."
)


class Verdict(NamedTuple):
    mark: str  # good, warn or bad: how it looks
    word: str
    sentence: str
    help: str = ""


class Tile(NamedTuple):
    name: str
    value: str
    mark: str = ""
    state: str = ""  # what a click on it lists


class Overview:
    def __init__(self) -> None:
        self.now = clock.now()
        self.standing = standing()
        self.pause = Pause.objects.first()
        self.alarm = Alarm.objects.first()
        self.oldest = oldest_owed_seconds()
        self.due = Delivery.objects.oldest_due_seconds() or 0
        self.worker_seen: datetime | None = Worker.objects.aggregate(seen=Max("seen_at"))["seen"]
        self.workers = Worker.objects.alive().count()
        self.tally = Tally.objects.last_one()
        self.rings = tasks.queue_length()

    @cached_property
    def sent(self) -> int:
        """How many emails were accepted in the last minute."""
        since = self.now - timedelta(minutes=1)
        return Delivery.objects.filter(state=State.SENT, ended_at__gt=since).count()

    @property
    def owed(self) -> int:
        return self.standing[State.QUEUED] + self.standing[State.SENDING]

    @cached_property
    def verdict(self) -> Verdict:
        if self.pause and self.pause.is_of_a_copy:
            sentence = f"Nothing is sent: {self.pause}. Emails that wait: {number(self.owed)}."
            return Verdict("bad", "Stopped", sentence, DOUBTS)
        waiting = f"{emails(self.owed)} {'waits' if self.owed == 1 else 'wait'} and nothing is lost."
        if not self.workers:
            seen = f"for {self._since(self.worker_seen)}" if self.worker_seen else "yet"
            return Verdict("bad", "Stopped", f"No worker has been seen {seen}. {waiting}", START)
        if self.pause:
            paused = f"{self.pause.by} paused all sending {self._since(self.pause.since)} ago."
            return Verdict("warn", "Paused", f"{paused} {waiting}", "Resume it when you are ready.")
        if self.alarm:
            refused = f"The mail server has refused us for {self._since(self.alarm.since)}: {self.alarm.why}."
            return Verdict("bad", "Stopped", f"{refused} {waiting}", f"{fix(self.alarm.why)} {PROBED}")
        if (tried := tried_in_vain()) and not self.sent:
            answer = next(move.why for move in reversed(tried.moves) if move.to == State.QUEUED)
            mark = "warn" if answer[0].isdigit() else "bad"  # a server that puts us off, or none at all
            sentence = f"The last attempts failed and are made again: {answer}. {waiting}"
            return Verdict(mark, "Retrying", sentence, fix(answer))
        if self.due > SLOW_SECONDS:
            return Verdict("warn", "Slow", f"The oldest email has waited {age(self.due)}.", HURRY)
        if self.rings is None:
            return Verdict("warn", "Flowing", "Redis does not answer, but emails still go out.", NO_REDIS)
        return Verdict("good", "Flowing", "Emails go out as they come in.")

    @property
    def tiles(self) -> list[Tile]:
        return [
            Tile("Oldest owed", "none" if self.oldest is None else age(self.oldest)),
            self._tile("Waiting", State.QUEUED, ""),
            self._tile("Sending", State.SENDING, ""),
            Tile("Sent per minute", number(self.sent), state=State.SENT),
            self._tile("Failed", State.FAILED, "bad"),
            self._tile("Unconfirmed", State.UNCONFIRMED, "warn"),
            self._tile("Held", State.HELD, "warn"),
        ]

    @property
    def facts(self) -> list[Tile]:
        clock = self.tally and (self.now - self.tally.at).total_seconds()
        rings = (
            "does not answer"
            if self.rings is None
            else f"{self.rings:,} queued, {self.owed:,} owed in the database"
        )
        return [
            Tile("Workers", f"{self.workers} seen", "" if self.workers else "bad"),
            Tile("Last seen", f"{self._since(self.worker_seen)} ago" if self.worker_seen else "never"),
            Tile(
                "Clock",
                f"{age(clock)} ago" if clock else "not yet",
                "warn" if (clock or 0) > CLOCK_SECONDS else "",
            ),
            Tile("Redis", rings, "warn" if self.rings is None else ""),
        ]

    def _tile(self, name: str, state: State, mark: str) -> Tile:
        count = self.standing[state]
        return Tile(name, number(count), mark if count else "", state)

    def _since(self, moment: datetime | None) -> str:
        return age((self.now - moment).total_seconds()) if moment else ""
