"""Whatever anybody sends to any address, no answer is a fault of ours."""

import os
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedback.models import Delivery

EXAMPLES = 1500 if "CI" in os.environ else 60
UNKNOWN = "9b2f7c1e-5a0d-4c55-8f5b-0d7c2f1a6e11"
PUBLIC = [
    "/",
    "/embed/",
    "/embed/demo/",
    *(f"/{page}/{{pk}}/{part}" for page in ("feedback", "embed") for part in ("", "status/")),
    "/api/feedback",
    "/api/feedback/{pk}",
    "/api/openapi.json",
    "/api/",
    "/livez",
    "/metrics",
    "/static/base.css",
    "/admin/login/",
    "/admin/jsi18n/",
    "/operations/",
]
STAFF = [
    "/operations/",
    *(f"/operations/{part}/" for part in ("now", "plots", "people", "pause", "resume", "digest")),
    *(f"/operations/do/{name}/" for name in ("resend", "release", "cancel", "mark-as-sent", "spam", "none")),
    "/admin/feedback/delivery/",
    "/admin/feedback/feedback/",
    "/admin/feedback/delivery/1/change/",
]
FIELDS = ["email", "name", "message", "form_token", "xtopic", "seen", "lang", "next", "username", "password"]
FILTERS = ["state", "kind", "why", "age", "q", "p", "o", "e", "_selected_action", "action", "asked", "pk"]
HEADERS = ["Accept", "Accept-Language", "Authorization", "Cookie", "HX-Request", "HX-Current-URL", "Host"]
HEADERS += [
    "Idempotency-Key",
    "If-None-Match",
    "Origin",
    "Range",
    "Referer",
    "X-Forwarded-For",
    "X-Request-ID",
]
TYPES = [
    "application/x-www-form-urlencoded",
    "application/json",
    "multipart/form-data; boundary=x",
    "text/plain",
]

METHODS = ["GET", "GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "ODD"]

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
header = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=80)
fields = st.lists(st.tuples(st.sampled_from(FIELDS + FILTERS), text), max_size=6).map(urlencode)
request = {
    "method": st.sampled_from(
        ["GET", "GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "ODD"]
    ),
    "query": st.one_of(fields, header),
    "headers": st.dictionaries(st.sampled_from(HEADERS), header, max_size=4),
    "content_type": st.one_of(st.sampled_from(TYPES), header),
    "body": st.one_of(fields.map(str.encode), st.binary(max_size=200), text.map(str.encode)),
}
thorough = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.usefixtures("broker", "worker")
@thorough
@given(path=st.sampled_from(PUBLIC), pk=st.one_of(st.just(UNKNOWN), st.none(), text), **request)
def test_no_request_whatever_is_a_fault(
    client: Client, owed: Delivery, path: str, pk: str | None, **asked: Any
) -> None:
    assert ask(client, path.format(pk=owed.feedback_id if pk is None else pk), **asked) < 500


@pytest.mark.usefixtures("broker", "worker", "owed")
@thorough
@given(path=st.sampled_from(STAFF), **request)
def test_no_request_of_staff_whatever_is_a_fault(operator: Client, path: str, **asked: Any) -> None:
    asked["headers"] = {name: value for name, value in asked["headers"].items() if name != "Cookie"}
    assert ask(operator, path, **asked) < 500


def ask(
    client: Client, path: str, *, method: str, query: str, headers: Any, content_type: str, body: bytes
) -> int:
    # What a proxy or a server refuses by itself never reaches us: header values are stripped.
    sent = {name: value.strip() for name, value in headers.items()}
    environment = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in sent.items()}
    answer = client.generic(
        method, path, body, content_type=content_type.strip(), QUERY_STRING=query, **environment
    )
    answer.getvalue() if answer.streaming else answer.content
    return int(answer.status_code)
