"""What a check has found: how it is, and what to do where it is not well."""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import NamedTuple


class Mark(Enum):
    OK = "ok"
    WRONG = "wrong"
    UNKNOWN = "?"


class Finding(NamedTuple):
    mark: Mark
    what: str
    do: str = ""


Check = Callable[[], Iterator[Finding]]


def ok(what: str) -> Finding:
    return Finding(Mark.OK, what)


def wrong(what: str, do: str) -> Finding:
    return Finding(Mark.WRONG, what, do)


def unknown(what: str, do: str = "") -> Finding:
    return Finding(Mark.UNKNOWN, f"could not be checked: {what}", do)
