"""Which language a page is in: the one chosen by its address, else the one the browser asks for.

A choice travels in the address, as ?lang=de, so that it needs no cookie.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers

from feedback.models import Feedback


class LanguageMiddleware(LocaleMiddleware):
    def process_request(self, request: HttpRequest) -> None:
        if chosen := _chosen(request):
            _speak(request, chosen)
        else:
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        # As Django does it, without its search for a language in the path, where we have none.
        patch_vary_headers(response, ["Accept-Language"])
        response.headers.setdefault("Content-Language", translation.get_language())
        return response


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
