"""Lets Back show the very page that was left, with the form's one-time token in it.

The first visit brings no cookie and is answered with one, so with `Vary: Cookie` a browser takes the
page that it kept for another one and asks anew. A private answer is kept by that one browser only.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


def private_pages_are_kept(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        control = response.headers.get("Cache-Control", "")
        if "private" in control and "no-store" not in control:
            varies = [name.strip() for name in response.headers.get("Vary", "").split(",")]
            response.headers["Vary"] = ", ".join(name for name in varies if name not in ("", "Cookie"))
        return response

    return middleware
