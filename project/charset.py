"""Refuses a form in another character set than ours, before anything reads it.

Django decodes with whatever codec of Python the browser names; some are no character sets at all
(`rot13`, `hex`) and raise what nobody expects. Every browser sends UTF-8 to a page in UTF-8, and what
is no form says for itself how it is encoded.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language_from_request, override

FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


def utf_8_only(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        charset = (request.content_params or {}).get("charset", "utf-8")
        if charset.lower() in ("utf-8", "utf8"):
            return get_response(request)
        request.encoding = "utf-8"
        if request.content_type not in FORM_TYPES:
            return get_response(request)
        with override(get_language_from_request(request)):
            return render(request, "400.html", status=400)

    return middleware
