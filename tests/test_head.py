from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/livez", "/nothing/"])
def test_head_is_get_without_a_body(path: str) -> None:
    got, headers = answer("GET", path)
    assert got
    assert answer("HEAD", path) == (b"", headers)


def answer(method: str, path: str) -> tuple[bytes, str]:
    """Return what leaves for the server, and how long it says that it is; the test client drops the body."""
    said: dict[str, Any] = {}
    environ = RequestFactory().generic(method, path).environ
    response = WSGIHandler()(environ, lambda status, headers: said.update(headers))  # type: ignore[arg-type]
    body = b"".join(response)
    response.close()
    return body, said["Content-Length"]
