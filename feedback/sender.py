"""Where a post comes from, known only as far as it takes to count posts from the same place."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

DIGITS = 11
# How much of an address is one home, and how much one network. With IPv6 every home has a whole /64.
HOME = {4: 32, 6: 64}
NETWORK = {4: 24, 6: 48}


def sender_of(request: HttpRequest) -> str:
    """Return a keyed hash of the network and one of the home; the first half names the network.

    Nobody without our SECRET_KEY can tell the address from it, and it is forgotten within the day.
    """
    address = client_address(request)
    return _hashed(address, NETWORK) + _hashed(address, HOME)


def network_of(sender: str) -> str:
    return sender[:DIGITS]


def client_address(request: HttpRequest) -> IPv4Address | IPv6Address | None:
    """Return the address of who asks. What X-Forwarded-For says counts only from a trusted proxy.

    It is read from its end: each proxy of ours has added whom it saw, and what stands before that
    anybody may have written.
    """
    address = _parsed(request.META.get("REMOTE_ADDR", ""))
    chain = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    while chain and _is_trusted(address) and (before := _parsed(chain.pop())):
        address = before
    return address


def _is_trusted(address: IPv4Address | IPv6Address | None) -> bool:
    if address is None:  # a unix socket: whoever can reach it is on this machine
        return bool(settings.TRUSTED_PROXIES)
    return any(address in network for network in settings.TRUSTED_PROXIES)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip()
    if text.startswith("["):  # some proxies add the port
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _hashed(address: IPv4Address | IPv6Address | None, prefix: dict[int, int]) -> str:
    part = ip_network((int(address), prefix[address.version]), strict=False) if address else "unknown"
    return salted_hmac("feedback.sender", str(part), algorithm="sha256").hexdigest()[:DIGITS]
