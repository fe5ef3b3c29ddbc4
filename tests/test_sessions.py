import pytest
from django.contrib.auth.models import User
from django.test import Client

from project.sessions import SessionStore


@pytest.mark.parametrize("key", ["\0" + "a" * 31, "\udc80" + "a" * 31, "é" * 32, "a" * 7])
def test_a_key_that_we_never_gave_out_is_none_at_all(key: str) -> None:
    assert SessionStore(key).session_key is None


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/operations/", "/admin/", "/admin/login/", "/metrics"])
def test_no_session_cookie_whatever_is_a_fault(client: Client, path: str) -> None:
    assert client.get(path, headers={"cookie": r'sessionid="\000aaaaaaaaaaaa"'}).status_code < 500


@pytest.mark.django_db
def test_a_key_that_we_gave_out_is_known_again(client: Client) -> None:
    client.force_login(User.objects.create_superuser("grace"))
    assert client.get("/operations/").status_code == 200
