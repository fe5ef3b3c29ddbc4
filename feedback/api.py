"""The same door for programs: an app, or a page that has no server. Described in openapi.json.

A browser sends JSON to a foreign site only after asking by OPTIONS, and we answer yes to the sites of
EMBED_ORIGINS alone; there is no login to abuse either. So no CSRF token is needed here.
"""

import json
import uuid
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.html import strip_tags
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from feedback.card import Card
from feedback.forms import ApiForm
from feedback.intake import NotTaken, rung_for, take
from feedback.language import speak_as
from feedback.models import follow

DESCRIPTION = (Path(__file__).parent / "openapi.json").read_text()

View = Callable[..., HttpResponse]


class Problem(Exception):
    """An answer that says what is wrong, as RFC 9457 has it."""

    def __init__(self, status: int, title: str, detail: str, **more: Any) -> None:
        self.status = status
        self.headers = more.pop("headers", {})
        self.body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}


def api(*methods: str) -> Callable[[View], View]:
    """Make a view one of the API: for these methods, with its problems as JSON and open to our sites."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @never_cache
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                response = _answer(view, methods, request, *args, **kwargs)
            except Problem as problem:
                response = JsonResponse(
                    problem.body,
                    status=problem.status,
                    headers=problem.headers,
                    content_type="application/problem+json",
                )
            return _opened(request, response, methods)

        return answer

    return decorate


@api("POST")
def create(request: HttpRequest) -> HttpResponse:
    form = ApiForm(_fields(request) | {"form_token": _form_token(request)})
    if not form.is_valid():
        raise Problem(
            422, "Not acceptable as it is", "Some fields are wrong; see errors.", errors=form.errors
        )
    try:
        followed, owed = take(request, form)
    except NotTaken as fault:
        headers = {"Retry-After": str(fault.retry_after)}
        raise Problem(fault.status, "Not now", fault.sentence, headers=headers) from None
    report = _report(Card.of(followed))
    response = JsonResponse(report, status=201, headers={"Location": report["status_url"]})
    return rung_for(response, owed)


@api("GET", "HEAD")
def status(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    delivery = follow(pk)
    if not delivery:
        raise Problem(404, "Not found", "There is no feedback with this id.")
    speak_as(request, delivery.feedback)
    return JsonResponse(_report(Card.of(delivery)))


@api("GET", "HEAD")
def description(request: HttpRequest) -> HttpResponse:
    return HttpResponse(DESCRIPTION, content_type="application/json")


@api("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
def nothing(request: HttpRequest) -> HttpResponse:
    raise Problem(404, "Not found", "There is nothing at this address; see /api/openapi.json.")


def _answer(
    view: View, methods: tuple[str, ...], request: HttpRequest, *args: Any, **kwargs: Any
) -> HttpResponse:
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers={"Allow": ", ".join(methods)})
    if request.method not in methods:
        allowed = ", ".join(methods)
        raise Problem(405, "Wrong method", f"This address takes {allowed}.", headers={"Allow": allowed})
    return view(request, *args, **kwargs)


def _opened(request: HttpRequest, response: HttpResponse, methods: tuple[str, ...]) -> HttpResponse:
    """Let the scripts of our sites ask this and read the answer (CORS)."""
    patch_vary_headers(response, ["Origin"])
    origin = request.headers.get("Origin")
    if origin in settings.EMBED_ORIGINS:
        response.headers["Access-Control-Allow-Origin"] = str(origin)
        response.headers["Access-Control-Allow-Methods"] = ", ".join(methods)
        response.headers["Access-Control-Allow-Headers"] = "Content-Type, Idempotency-Key"
        response.headers["Access-Control-Expose-Headers"] = "Location, Retry-After"
        response.headers["Access-Control-Max-Age"] = "600"
    return response


def _fields(request: HttpRequest) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise Problem(415, "Wrong content type", "Please send JSON, with Content-Type: application/json.")
    try:
        said = json.loads(request.body)
    except RequestDataTooBig:
        raise Problem(413, "Too large", "The body is too large.") from None
    except (ValueError, RecursionError, UnreadablePostError):
        raise Problem(400, "Not JSON", "The body cannot be read as JSON.") from None
    if not isinstance(said, dict):
        raise Problem(422, "Not an object", "The body must be an object with email and message.")
    fields: dict[str, Any] = {name: said[name] for name in ("email", "name", "message") if name in said}
    wrong = {name: ["This must be a text."] for name, value in fields.items() if not isinstance(value, str)}
    if wrong:
        raise Problem(422, "Not acceptable as it is", "Some fields are wrong; see errors.", errors=wrong)
    return fields


def _form_token(request: HttpRequest) -> str:
    """Make the same feedback of what is sent again with the same Idempotency-Key."""
    key = request.headers.get("Idempotency-Key", "")
    return str(uuid.uuid5(uuid.NAMESPACE_OID, key)) if key else ""


def _report(card: Card) -> dict[str, Any]:
    return {
        "id": str(card.pk),
        "reference": card.reference,
        "status": card.status,
        "sentence": strip_tags(card.sentence),
        "poll_seconds": card.poll_seconds,
        "status_url": settings.SITE_URL + reverse("feedback:api-status", args=[card.pk]),
        "page_url": settings.SITE_URL + card.page_url,
    }
