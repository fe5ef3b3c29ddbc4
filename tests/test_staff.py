import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/", "/api/openapi.json", "/livez", "/nowhere/"])
def test_what_a_visitor_asks_for_has_no_session(client: Client, path: str) -> None:
    request = client.get(path).wsgi_request
    assert not any(hasattr(request, name) for name in ("session", "user", "_messages"))


@pytest.mark.parametrize("path", ["/admin/login/", "/operations/", "/metrics"])
def test_staff_have_one(client: Client, path: str) -> None:
    request = client.get(path).wsgi_request
    assert all(hasattr(request, name) for name in ("session", "user", "_messages"))
