"""The Content-Security-Policy header, from the setting that Django 6 reads itself (SECURE_CSP)."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    usual = _serialised(settings.SECURE_CSP)
    framed = _serialised(settings.SECURE_CSP | {"frame-ancestors": settings.FRAME_ANCESTORS})

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        # Django's mark for a page that other sites may show, which X-Frame-Options cannot name.
        policy = framed if getattr(response, "xframe_options_exempt", False) else usual
        response.headers.setdefault("Content-Security-Policy", policy)
        return response

    return middleware


def _serialised(policy: dict[str, str]) -> str:
    return "; ".join(f"{name} {sources}" for name, sources in policy.items())
