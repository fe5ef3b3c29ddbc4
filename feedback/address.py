"""An email address as mail servers take it."""

import re
from functools import lru_cache

from django.core.mail.message import sanitize_address

PLAIN = re.compile(r"[\w+-]+(\.[\w+-]+)*@[\w-]{1,63}(\.[\w-]{1,63})*", re.ASCII)


@lru_cache(maxsize=100)  # the sender is always the same
def sanitized(address: str) -> str:
    """Return an address in ASCII, its name encoded; raise ValueError where that cannot be done."""
    # To read one takes Django 0.1 ms, and nearly all visitors' are plain.
    return address if PLAIN.fullmatch(address) else sanitize_address(address, "utf-8")
