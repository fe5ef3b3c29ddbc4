"""The words of a delivery: its states, its kinds, and the history that is kept in its own row."""

import json
from datetime import datetime
from typing import NamedTuple

from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Concat

from feedback.models.clock import now


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


class Move(NamedTuple):
    """One line of a history."""

    at: datetime
    to: State
    why: str


def line(to: State, why: str) -> str:
    return json.dumps([now().isoformat(), to, why[:500]]) + "\n"


def appended(to: State, why: str) -> Concat:
    return Concat(F("history"), Value(line(to, why)), output_field=models.TextField())


def parsed(history: str) -> list[Move]:
    lines = map(json.loads, history.splitlines())
    return [Move(datetime.fromisoformat(at), State(to), why) for at, to, why in lines]
