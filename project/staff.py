"""Sessions, logins and messages, which only staff have: what a visitor asks for goes past them."""

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

PLACES = ("/admin/", "/operations/", "/metrics")


class ForStaff(MiddlewareMixin):
    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        respond = super().__call__ if request.path_info.startswith(PLACES) else self.get_response
        return respond(request)  # type: ignore[return-value]  # nothing here is awaited


class Sessions(ForStaff, SessionMiddleware):
    pass


class Logins(ForStaff, AuthenticationMiddleware):
    pass


class Messages(ForStaff, MessageMiddleware):
    pass
