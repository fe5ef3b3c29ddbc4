"""Refuses a form in another character set than ours, before anything reads it.

Django decodes with whatever codec of Python the browser names; some are no character sets at all
(`rot13`, `hex`) and raise what nobody expects. Every browser sends UTF-8 to a page in UTF-8.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def utf_8_only(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        charset = (request.content_params or {}).get("charset", "utf-8")
        if charset.lower() not in ("utf-8", "utf8"):
            return render(request, "400.html", status=400)
        return get_response(request)

    return middleware
