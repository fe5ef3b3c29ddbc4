"""The security headers that Django does not set itself.

Content-Security-Policy comes from the setting that Django 6 reads itself (SECURE_CSP).
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

# A mail's HTML is a stranger's: no script, no form, nothing loaded from elsewhere.
STRANGERS_HTML = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
)


NOTHING_OF_THE_DEVICE = ", ".join(
    f"{feature}=()" for feature in ("camera", "geolocation", "microphone", "payment", "usb")
)


def policy(**more: str) -> str:
    """Return the header's value, with what one page needs more: frame_src="'self'"."""
    sources = settings.SECURE_CSP | {name.replace("_", "-"): source for name, source in more.items()}
    return "; ".join(f"{name} {source}" for name, source in sources.items())


def security_headers(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    usual = policy()
    framed = policy(frame_ancestors=settings.FRAME_ANCESTORS)

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        # Django's mark for a page that other sites may show, which X-Frame-Options cannot name.
        may_be_framed = getattr(response, "xframe_options_exempt", False)
        response.headers.setdefault("Content-Security-Policy", framed if may_be_framed else usual)
        response.headers["Permissions-Policy"] = NOTHING_OF_THE_DEVICE
        return response

    return middleware
