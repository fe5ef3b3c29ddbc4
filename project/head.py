"""Answers HEAD without a body. Django leaves that to the server, and gunicorn logs a warning for each,
which is each look of most uptime monitors.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


def no_body_for_head(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.method == "HEAD" and not response.streaming:
            response.content = b""  # and Content-Length stays what GET would say (RFC 9110, section 9.3.2)
        return response

    return middleware
