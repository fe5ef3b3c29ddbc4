"""The same form for a frame on other sites.

Django's CSRF protection needs a cookie, and browsers send none from a frame on a foreign site. What
it protects is a login that a foreign page would use without its owner knowing. This form has none:
who posts it speaks for nobody, and could do the same without a browser. What is left to prevent is
that a foreign page has its visitors' browsers post here by the thousand, each from its own address.
Two things prevent that, and need no cookie:

- the Origin header, which browsers send with every POST and no page can change, must be our own: the
  frame's page is ours, whatever site it stands on;
- the form carries a token that we signed not long ago, so a post needs a form that we have shown.

Which sites may show the frame is said by frame-ancestors, from EMBED_ORIGINS.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from feedback import views
from feedback.forms import FeedbackForm, new_form_token
from feedback.suspicion import signer

TOKEN_SECONDS = 12 * 3600

View = Callable[..., HttpResponse]


def framed(view: View) -> View:
    """Let the sites of EMBED_ORIGINS show this; the policy follows the same mark (project/headers.py)."""
    return xframe_options_exempt(view)


@csrf_exempt
@framed
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return views.show_form(request, FeedbackForm(), embedded=True)
    if request.headers.get("Origin") not in _own_origins(request):
        fault = _("This form can only be sent from its own page. Please open it anew and try again.")
    elif not _is_fresh(request.POST.get("form_token", "")):
        fault = _("This page was open for too long. Please press Send again.")
    else:
        return views.create(request, embedded=True)
    form = FeedbackForm(_with_new_token(request))
    form.add_error(None, fault)
    return views.show_form(request, form, 403, embedded=True)


@framed
def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    return views.show(request, pk, embedded=True)


@framed
def status(request: HttpRequest, pk: UUID) -> HttpResponse:
    return views.status(request, pk, embedded=True)


@require_GET
def demo(request: HttpRequest) -> HttpResponse:
    """Show how a foreign page looks with the frame on it, and the lines it takes."""
    return render(request, "feedback/demo.html", {"site_url": settings.SITE_URL})


def _own_origins(request: HttpRequest) -> set[str]:
    # Behind a proxy that speaks HTTPS for us, our own scheme may read http.
    return {f"{request.scheme}://{request.get_host()}", settings.SITE_URL, *settings.CSRF_TRUSTED_ORIGINS}


def _is_fresh(form_token: str) -> bool:
    try:
        signer.unsign(form_token, max_age=TOKEN_SECONDS)
    except BadSignature:
        return False
    return True


def _with_new_token(request: HttpRequest) -> Any:
    """What was typed, with a token as old as a person's: all they have left to do is press Send."""
    typed = request.POST.copy()
    typed["form_token"] = new_form_token(settings.MIN_FORM_SECONDS)
    return typed
