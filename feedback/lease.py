"""The claims that this process has in hand; the keeper thread renews their leases.

So a lease can be short, and an email whose worker died is taken up again within seconds, while the
300 s that a mail server may take for its last reply are still granted to one that lives.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from feedback.models import Delivery

LONGEST_SECONDS = 1800  # a thread that hangs for so long has lost its emails

_in_hand: dict[int, tuple[Sequence[Delivery], float]] = {}


@contextmanager
def kept(claims: Sequence[Delivery]) -> Iterator[None]:
    _in_hand[id(claims)] = claims, time.monotonic()
    try:
        yield
    finally:
        del _in_hand[id(claims)]


def renew_leases() -> None:
    oldest = time.monotonic() - LONGEST_SECONDS
    held = [claims for claims, since in list(_in_hand.values()) if since > oldest]
    Delivery.objects.renew([claim for claims in held for claim in claims])
