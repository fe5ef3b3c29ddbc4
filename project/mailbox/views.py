"""The page that shows what the local mailbox took; it exists only where the runner started one."""

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from project.headers import STRANGERS_HTML, policy
from project.mailbox import store
from project.mailbox.letter import parse

LISTED = 100


@require_safe
@never_cache
def list_mails(request: HttpRequest) -> HttpResponse:
    names = store.names(Path(settings.MAILBOX_DIR))
    letters = [parse(name, _read(name)) for name in names[:LISTED]]
    return render(request, "mailbox/list.html", {"letters": letters, "total": len(names)})


@require_safe
def show(request: HttpRequest, name: str) -> HttpResponse:
    response = render(request, "mailbox/show.html", {"letter": parse(name, _read(name))})
    response["Content-Security-Policy"] = policy(frame_src="'self'")
    return response


@require_safe
@xframe_options_sameorigin
def html(request: HttpRequest, name: str) -> HttpResponse:
    page = parse(name, _read(name)).html
    if not page:
        raise Http404("This mail has no HTML part.")
    return HttpResponse(page, headers={"Content-Security-Policy": STRANGERS_HTML})


@require_safe
def raw(request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse(_read(name), content_type="text/plain; charset=utf-8")


def _read(name: str) -> bytes:
    content = store.read(Path(settings.MAILBOX_DIR), name)
    if content is None:
        raise Http404("There is no such mail.")
    return content
