from ipaddress import ip_network
from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from feedback.sender import client_address, network_of, sender_of

PROXY = "10.0.0.1"


def request(remote: str, forwarded: str = "") -> Any:
    return RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)


@pytest.fixture
def proxied(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]


def test_without_a_trusted_proxy_nobody_speaks_for_others() -> None:
    assert str(client_address(request(PROXY, "203.0.113.7"))) == PROXY


@pytest.mark.parametrize(
    ("remote", "forwarded", "address"),
    [
        (PROXY, "203.0.113.7", "203.0.113.7"),
        (PROXY, "1.2.3.4, 203.0.113.7", "203.0.113.7"),
        (PROXY, "1.2.3.4, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (PROXY, "203.0.113.7:51234", "203.0.113.7"),
        (PROXY, "[2001:db8::7]:51234", "2001:db8::7"),
        (PROXY, "::ffff:203.0.113.7", "203.0.113.7"),
        (PROXY, "1.2.3.4, nonsense", PROXY),
        (PROXY, "", PROXY),
        ("", "203.0.113.7", "203.0.113.7"),
        ("203.0.113.9", "1.2.3.4", "203.0.113.9"),
    ],
)
def test_a_trusted_proxy_says_whom_it_saw(proxied: None, remote: str, forwarded: str, address: str) -> None:
    assert str(client_address(request(remote, forwarded))) == address


@given(remote=st.text(max_size=40), forwarded=st.text(max_size=80))
def test_no_header_whatever_breaks_it(remote: str, forwarded: str) -> None:
    assert len(sender_of(request(remote, forwarded))) == 22


def test_a_home_with_ipv6_is_its_whole_64() -> None:
    one, same = sender_of(request("2001:db8:1:2::1")), sender_of(request("2001:db8:1:2:ffff::9"))
    neighbour, other = sender_of(request("2001:db8:1:3::1")), sender_of(request("2001:db8:9::1"))
    assert one == same != neighbour
    assert network_of(one) == network_of(neighbour) != network_of(other)


def test_a_home_with_ipv4_is_one_address() -> None:
    one, neighbour = sender_of(request("203.0.113.7")), sender_of(request("203.0.113.8"))
    assert one != neighbour
    assert network_of(one) == network_of(neighbour)


def test_a_sender_tells_no_address_and_depends_on_our_key(settings: Settings) -> None:
    before = sender_of(request("203.0.113.7"))
    assert "203" not in before or "113" not in before
    settings.SECRET_KEY = "another" * 10
    assert sender_of(request("203.0.113.7")) != before
