"""The one login of the staff pages, with a limit to how often a password can be guessed.

Ours rather than django-axes: that brings a middleware, an authentication backend, three tables and
signals, and keeps names and addresses in the clear. This is a count in a row.
"""

from ipaddress import ip_network
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from feedback.models import LoginTries
from feedback.sender import HOME, client_address

PER_ACCOUNT = 5  # in a quarter of an hour, from one network
PER_NETWORK = 30  # for all accounts together
TOO_MANY = (
    "Too many attempts to log in from your network. Please wait a quarter of an hour and try again; "
    "who runs this site can set a new password with: manage.py changepassword"
)


class LoginForm(AdminAuthenticationForm):
    def clean(self) -> dict[str, Any]:
        network = network_name(self.request) if self.request else "no network"
        account = f"{self.cleaned_data.get('username', '').casefold()} from {network}"
        takes = LoginTries.objects.take
        if not (takes(network, PER_NETWORK) and takes(account, PER_ACCOUNT)):
            raise ValidationError(TOO_MANY, code="too_many")
        cleaned = super().clean()  # raises if the password is wrong
        LoginTries.objects.give_back(account)
        return cleaned


class StaffSite(AdminSite):
    site_header = site_title = "Feedback"
    index_title = "Everything that is kept"
    site_url = "/operations/"
    login_form = LoginForm


def network_name(request: HttpRequest) -> str:
    """Return who can be told apart: an IPv4 address, but all of the 64 bits that one IPv6 customer has."""
    address = client_address(request)
    return str(ip_network((int(address), HOME[address.version]), strict=False)) if address else "no network"
