"""What log lines look like, and what each belongs to: the request that came, the delivery in hand.

None holds an email address: mail servers repeat them in their replies.
"""

import json
import logging
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

ADDRESS = re.compile(r"[^\s<>\"'(),:;\[\]{}]+@[^\s<>\"'(),:;\[\]{}]+")
GIVEN = re.compile(r"[\w.-]{1,64}")

_belongs_to: ContextVar[dict[str, object]] = ContextVar("belongs_to", default={})  # noqa: B039


@contextmanager
def about(**things: object) -> Iterator[None]:
    """Write into every log line of the block what it is about."""
    token = _belongs_to.set({**_belongs_to.get(), **things})
    try:
        yield
    finally:
        _belongs_to.reset(token)


def current_request() -> str:
    return str(_belongs_to.get().get("request", ""))


def request_ids(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Give each request an id, or take the one that the proxy gave it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        name = given if GIVEN.fullmatch(given) else uuid.uuid4().hex
        with about(request=name):
            response = get_response(request)
        response.headers["X-Request-ID"] = name
        return response

    return middleware


class Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return without_addresses(super().format(record))


class JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_belongs_to.get(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(masked(line), default=str)


def without_addresses(text: str) -> str:
    return ADDRESS.sub("(address)", text)


def masked(thing: Any) -> Any:
    """Return a thing made of texts, lists and dictionaries, without the addresses in it."""
    if isinstance(thing, dict):
        return {masked(key): masked(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [masked(part) for part in thing]
    return without_addresses(thing) if isinstance(thing, str) else thing
