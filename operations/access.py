"""Who may open a staff page."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRefresh
from django_htmx.middleware import HtmxDetails

P = ParamSpec("P")
VIEW, OPERATE, ERASE = "feedback.view_delivery", "feedback.operate_delivery", "feedback.erase_feedback"


class StaffRequest(HttpRequest):
    user: User
    htmx: HtmxDetails


StaffView = Callable[Concatenate[StaffRequest, P], HttpResponse]


def staff_only(permission: str) -> Callable[[StaffView[P]], StaffView[P]]:
    """Show the login to strangers, and a refusal to staff that lack the permission."""

    def decorate(view: StaffView[P]) -> StaffView[P]:
        @wraps(view)
        def checked(request: StaffRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not (request.user.is_active and request.user.is_staff):
                # A fragment that is asked for after a logout must not swap in the login.
                return HttpResponseClientRefresh() if request.htmx else _login(request)
            if not request.user.has_perm(permission):
                raise PermissionDenied
            with override("en"):  # which these pages speak, whatever the browser prefers
                return view(request, *args, **kwargs)

        return cast("StaffView[P]", never_cache(checked))

    return decorate


def _login(request: HttpRequest) -> HttpResponse:
    return redirect_to_login(request.get_full_path(), "admin:login")
