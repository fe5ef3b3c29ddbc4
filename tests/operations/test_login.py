import pytest
from django.contrib.auth.models import User
from django.test import Client

from operations.login import PER_ACCOUNT, PER_NETWORK

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def grace() -> None:
    User.objects.create_user("grace", password="right and long", is_staff=True)


def login(client: Client, name: str, password: str, address: str = "192.0.2.1") -> str:
    fields = {"username": name, "password": password}
    response = client.post("/admin/login/?next=/livez", fields, REMOTE_ADDR=address)
    return "in" if response.status_code == 302 else response.text


def test_the_right_password_logs_in(client: Client) -> None:
    assert login(client, "grace", "right and long") == "in"


def test_guessing_ends_after_some_attempts_even_with_the_right_password(client: Client) -> None:
    for _ in range(PER_ACCOUNT):
        assert "Too many attempts" not in login(client, "grace", "guess")
    assert "Please wait a quarter of an hour" in login(client, "Grace", "right and long")


def test_who_guesses_elsewhere_locks_nobody_out(client: Client) -> None:
    for _ in range(PER_ACCOUNT + 1):
        login(client, "grace", "guess", "2001:db8::1")
    assert "Too many" in login(client, "grace", "right and long", "2001:db8::2")  # one customer's network
    assert login(client, "grace", "right and long", "192.0.2.7") == "in"


def test_a_login_that_succeeds_forgives_the_typing_errors(client: Client) -> None:
    for _ in range(3):
        for _ in range(PER_ACCOUNT - 1):
            login(client, "grace", "tpyo")
        assert login(client, "grace", "right and long") == "in"


def test_guessing_many_names_ends_too(client: Client) -> None:
    for number in range(PER_NETWORK):
        login(client, f"name{number}", "guess")
    assert "Too many" in login(client, "grace", "right and long")


def test_a_server_without_addresses_limits_all_together(client: Client) -> None:
    for _ in range(PER_ACCOUNT):
        login(client, "grace", "guess", "")
    assert "Too many" in login(client, "grace", "guess", "")
