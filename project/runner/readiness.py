"""Asks /readyz until the product can really do its work."""

import http.client
import time

from project.runner.children import Failure, Family

PATIENCE_SECONDS = 60


def wait_until_ready(family: Family, port: int, host: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    answer = "no answer"
    while answer:
        if time.monotonic() > deadline:
            raise Failure(
                f"Not ready after {PATIENCE_SECONDS} s, so all is being stopped. /readyz says: {answer}"
            )
        family.watch(0.2)
        answer = _what_is_missing(port, host)


def _what_is_missing(port: int, host: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz", headers={"Host": host})
        response = connection.getresponse()
        body = response.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"no answer ({error or type(error).__name__})"
    finally:
        connection.close()
    return "" if response.status == 200 else f"{response.status} {body}".strip()
