"""Which language a page is in: the one chosen by its address, else the one the browser asks for.

A choice travels in the address, as ?lang=de, so that it needs no cookie.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from feedback.models import Feedback


def in_the_visitors_language(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """As Django's LocaleMiddleware, without its searches for a language in the path, where we have none."""

    def middleware(request: HttpRequest) -> HttpResponse:
        _speak(request, _chosen(request) or translation.get_language_from_request(request))
        response = get_response(request)
        patch_vary_headers(response, ["Accept-Language"])
        response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        return response

    return middleware


def speak_as(request: HttpRequest, feedback: Feedback) -> None:
    """Answer in the language a feedback was written in, unless another one was chosen since."""
    if feedback.language in dict(settings.LANGUAGES) and not _chosen(request):
        _speak(request, feedback.language)


def _chosen(request: HttpRequest) -> str:
    language = request.GET.get("lang", "")
    return language if language in dict(settings.LANGUAGES) else ""


def _speak(request: HttpRequest, language: str) -> None:
    translation.activate(language)
    request.LANGUAGE_CODE = language
