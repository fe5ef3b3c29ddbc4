"""The visitor's pages. Each answers with what the row says, and asks no worker to be there."""

import logging
from uuid import UUID

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import push_url
from django_htmx.middleware import HtmxDetails

from feedback.card import Card
from feedback.forms import FeedbackForm
from feedback.models import Delivery, Kind
from feedback.tasks import deliver_later


class Request(HttpRequest):
    htmx: HtmxDetails


log = logging.getLogger(__name__)

FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def home(request: Request) -> HttpResponse:
    return _create(request) if request.method == "POST" else _form(request, FeedbackForm())


def _create(request: Request) -> HttpResponse:
    if request.content_type not in FORM_TYPES:
        return _refuse(
            request, 415, _("This address takes the form as a browser sends it, and nothing else.")
        )
    form = FeedbackForm(request.POST)
    if not form.is_valid():
        return _form(request, form, status=422)
    try:
        feedback, deliveries = form.submit()
    except DatabaseError as error:
        log.error("a feedback could not be saved: %s", error)
        form.add_error(None, _("This could not be saved just now. Please press Send again in a moment."))
        return _form(request, form, status=503)
    log.info("a feedback was saved; its deliveries: %s", [delivery.pk for delivery in deliveries])
    deliver_later(deliveries)
    if not request.htmx:
        return HttpResponseRedirect(feedback.get_absolute_url(), status=303)
    card = Card(deliveries[0], arrived=True)
    return push_url(render(request, "feedback/_status.html", {"card": card}), feedback.get_absolute_url())


@never_cache
@require_GET
def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    return render(request, "feedback/show.html", {"card": _card(pk)})


@never_cache
@require_GET
def status(request: HttpRequest, pk: UUID) -> HttpResponse:
    card = _card(pk)
    if request.GET.get("seen") == card.version:
        return HttpResponse(status=204)
    return render(request, "feedback/_status.html", {"card": card})


def csrf_failure(request: Request, reason: str = "") -> HttpResponse:
    """Show the form again with everything that was typed and a fresh token, so that Send works now."""
    if request.path != "/":
        return _refuse(
            request, 403, _("This page was open for too long. Please go back, reload it and try again.")
        )
    form = FeedbackForm(request.POST)
    form.add_error(
        None,
        _("This page was open for too long, or cookies are switched off. Please press Send again."),
    )
    return _form(request, form, status=403)


def _card(pk: UUID) -> Card:
    acknowledgements = Delivery.objects.select_related("feedback")
    return Card(get_object_or_404(acknowledgements, feedback=pk, kind=Kind.ACKNOWLEDGEMENT))


def _form(request: Request, form: FeedbackForm, status: int = 200) -> HttpResponse:
    template = "feedback/_form.html" if request.htmx else "feedback/new.html"
    response = render(request, template, {"form": form}, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _refuse(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    return render(request, "refused.html", {"sentence": sentence}, status=status)
