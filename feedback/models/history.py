"""The words of a delivery: its states, its kinds, and the history that is kept in its own row."""

import json
from datetime import datetime
from typing import NamedTuple

from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Concat

from feedback.models.clock import now
from project.logs import current_request

IN_REQUEST = " in request "


class State(models.TextChoices):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    HELD = "held"  # waits for a person


class Kind(models.TextChoices):
    ACKNOWLEDGEMENT = "acknowledgement"  # to the visitor
    NOTIFICATION = "notification"  # to an owner
    TEST = "test"  # to whom the doctor is told
    DIGEST = "digest"  # to an owner, about everything that came in


class Move(NamedTuple):
    """One line of a history."""

    at: datetime
    to: State
    why: str
    by: str = ""  # the person who made it, where it was one


def begun(why: str) -> str:
    """Return why a history begins, with the request in whose log lines to look."""
    return f"{why}{IN_REQUEST}{current_request()}" if current_request() else why


def request_of(history: str) -> str:
    return _parsed(history.partition("\n")[0]).why.partition(IN_REQUEST)[2]


def line(to: State, why: str, by: str = "") -> str:
    who = [by] if by else []
    return json.dumps([now().isoformat(), to, why[:500], *who]) + "\n"


def appended(to: State, why: str, by: str = "") -> Concat:
    return Concat(F("history"), Value(line(to, why, by)), output_field=models.TextField())


def parsed(history: str) -> list[Move]:
    return list(map(_parsed, history.splitlines()))


def last(history: str) -> Move:
    return _parsed(history[history.rfind("\n", 0, -1) + 1 :])


def _parsed(line: str) -> Move:
    at, to, *words = json.loads(line)
    return Move(datetime.fromisoformat(at), State(to), *words)
