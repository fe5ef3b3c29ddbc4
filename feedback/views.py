"""The visitor's pages. Each answers with what the row says, and asks no worker to be there."""

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import push_url, replace_url

from feedback.card import Card, page_url
from feedback.forms import FeedbackForm
from feedback.intake import NotTaken, rung_for, take
from feedback.language import speak_as
from feedback.models import Delivery, follow
from project.charset import FORM_TYPES

METHODS = ("GET", "HEAD", "POST")


@require_http_methods(METHODS)
def home(request: HttpRequest) -> HttpResponse:
    response = create(request) if request.method == "POST" else show_form(request, FeedbackForm())
    # Not no-store: where Back shows the form again, it must be the same one, with its token.
    response.headers["Cache-Control"] = "no-cache, private"
    return response


def create(request: HttpRequest, *, embedded: bool = False) -> HttpResponse:
    if request.content_type not in FORM_TYPES:
        return _not_a_form(request)
    form = FeedbackForm(request.POST)
    if not form.is_valid():
        return show_form(request, form, 422, embedded=embedded)
    try:
        followed, owed = take(request, form)
    except NotTaken as fault:
        form.add_error(None, fault.sentence)
        response = show_form(request, form, fault.status, embedded=embedded)
        response.headers["Retry-After"] = str(fault.retry_after)
        return response
    return rung_for(_created(request, followed, embedded), owed)


def _created(request: HttpRequest, delivery: Delivery, embedded: bool) -> HttpResponse:
    url = page_url(delivery.feedback.pk, embedded)
    if not _by_htmx(request):
        return HttpResponseRedirect(url, status=303)
    response = HttpResponse(Card.of(delivery, arrived=True, embedded=embedded).html)
    # A frame shares its Back with the page around it, which has not moved on.
    return (replace_url if embedded else push_url)(response, url)


def _by_htmx(request: HttpRequest) -> bool:
    # As request.htmx says, which first reads all headers of the request: 4 % of a POST.
    return request.META.get("HTTP_HX_REQUEST") == "true"


@never_cache
@require_safe
def show(request: HttpRequest, pk: UUID, *, embedded: bool = False) -> HttpResponse:
    delivery = _followed(pk)
    speak_as(request, delivery.feedback)
    card = Card.of(delivery, embedded=embedded)
    return render(request, "feedback/show.html", {"card": card, "embedded": embedded})


@cache_control(private=True, no_store=True)
@require_safe
def status(request: HttpRequest, pk: UUID, *, embedded: bool = False) -> HttpResponse:
    delivery = _followed(pk)
    card = Card.of(delivery, embedded=embedded)
    if request.GET.get("seen") == card.version:
        return HttpResponse(status=204)
    speak_as(request, delivery.feedback)
    return HttpResponse(card.html)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Show the form again with everything that was typed and a fresh token, so that Send works now."""
    if request.method not in METHODS:
        return HttpResponseNotAllowed(METHODS)
    if request.path != "/":
        return refuse(
            request, 403, _("This page was open for too long. Please go back, reload it and try again.")
        )
    if request.content_type not in FORM_TYPES:
        return _not_a_form(request)
    form = FeedbackForm(request.POST)
    form.add_error(None, _why_no_token(request))
    return show_form(request, form, 403)


def _why_no_token(request: HttpRequest) -> str:
    if settings.CSRF_COOKIE_NAME in request.COOKIES:
        return _("This page was open for too long. Please press Send again.")
    return _(
        "Your browser did not send our cookie, which shows that the form is ours. Please press Send again; "
        "if you read this once more, please allow cookies for this site."
    )


def show_form(
    request: HttpRequest, form: FeedbackForm, status: int = 200, *, embedded: bool = False
) -> HttpResponse:
    template = "feedback/_form.html" if _by_htmx(request) else "feedback/new.html"
    response = render(request, template, {"form": form, "embedded": embedded}, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _not_a_form(request: HttpRequest) -> HttpResponse:
    return refuse(request, 415, _("This address takes the form as a browser sends it, and nothing else."))


def refuse(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    return render(request, "refused.html", {"sentence": sentence}, status=status)


def _followed(pk: UUID) -> Delivery:
    delivery = follow(pk)
    if not delivery:
        raise Http404
    return delivery
