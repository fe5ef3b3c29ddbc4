import json
import logging
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from feedback.connection import Connection
from feedback.delivery import deliver
from feedback.models import Delivery
from project import sentry
from project.logs import JsonLine, Line, about, current_request

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(broker: object) -> Any:
    """What would be written, line by line."""
    written: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(json.loads(JsonLine().format(record)))

    handler = Keep()
    logging.getLogger("feedback").addHandler(handler)
    yield written
    logging.getLogger("feedback").removeHandler(handler)


def post(client: Client, **headers: str) -> str:
    fields = {"email": "ada@example.org", "message": "The door is too heavy."}
    return client.post("/", fields, headers=headers).headers["X-Request-ID"]


def test_a_request_can_be_followed_from_the_post_to_the_accepted_email(
    client: Client, lines: list[dict[str, Any]]
) -> None:
    request = post(client)
    ids = list(Delivery.objects.values_list("pk", flat=True))
    deliver(ids[0])
    assert [line["request"] for line in lines] == [request, request]
    assert lines[0]["message"] == f"a feedback was saved; its deliveries: {ids}"
    assert (lines[1]["delivery"], lines[1]["message"]) == (ids[0], f"delivery {ids[0]}: sent")


def test_so_can_the_fault_of_an_email(
    client: Client, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*_: object) -> None:
        raise ConnectionRefusedError

    request = post(client)
    monkeypatch.setattr(Connection, "ask", ask)
    owed = Delivery.objects.all()[0]
    deliver(owed.pk)
    assert lines[1]["level"] == "WARNING"
    assert (lines[1]["request"], lines[1]["delivery"]) == (request, owed.pk)


def test_the_proxys_own_id_is_taken(client: Client) -> None:
    assert post(client, **{"X-Request-ID": "proxy-42"}) == "proxy-42"
    assert Delivery.objects.all()[0].moves[0].why == "saved in request proxy-42"
    assert Delivery.objects.all()[0].request_id == "proxy-42"


@pytest.mark.parametrize("given", ["", "x" * 65, "two words", "a;b", "ada@example.org"])
def test_an_id_that_is_none_is_replaced(client: Client, given: str) -> None:
    assert post(client, **{"X-Request-ID": given}) != given


def test_what_is_saved_outside_a_request_has_none(owed: Delivery) -> None:
    assert (owed.moves[0].why, owed.request_id) == ("saved", "")


def test_a_block_forgets_what_it_was_about() -> None:
    with about(request="outer"), about(delivery=5):
        assert current_request() == "outer"
    assert current_request() == ""


def test_a_line_of_json_is_one_line_with_the_fault_in_it() -> None:
    try:
        raise ValueError("no ada@example.org\nhere")
    except ValueError:
        record = logging.LogRecord("feedback", logging.ERROR, "", 0, "it %s", ("broke",), sys.exc_info())
    line = JsonLine().format(record)
    assert "\n" not in line
    said = json.loads(line)
    assert (said["level"], said["logger"], said["message"]) == ("ERROR", "feedback", "it broke")
    assert "no (address)\nhere" in said["exception"]


@pytest.mark.parametrize("form", [Line("%(message)s"), JsonLine()])
@pytest.mark.parametrize(
    "line", ["<ada@example.org>", "{'ada@example.org': 1}", "to=ada@example.org,", "'ada@x'"]
)
def test_no_line_holds_an_address(form: logging.Formatter, line: str) -> None:
    written = form.format(logging.makeLogRecord({"msg": line}))
    assert "ada" not in written
    assert "(address)" in written


def test_sentry_without_its_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(ImproperlyConfigured, match="pip install sentry-sdk"):
        sentry.start("https://key@sentry.example.org/1")


def test_sentry_is_told_nothing_personal(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}
    init: Callable[..., None] = lambda **options: asked.update(options)  # noqa: E731
    monkeypatch.setitem(sys.modules, "sentry_sdk", SimpleNamespace(init=init))
    sentry.start("https://key@sentry.example.org/1")
    assert (asked["send_default_pii"], asked["include_local_variables"]) == (False, False)
    assert asked["max_request_body_size"] == "never"
    assert asked["before_send"]({"message": "550 <ada@example.org>"}, {}) == {"message": "550 <(address)>"}
