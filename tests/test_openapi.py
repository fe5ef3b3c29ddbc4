"""The API against its own description."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from schemathesis.specs.openapi.checks import positive_data_acceptance

from project.wsgi import application

schema = schemathesis.openapi.from_wsgi("/api/openapi.json", application)


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Keep the test's transaction open from one request to the next, as Django's own client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@pytest.mark.django_db
@pytest.mark.usefixtures("broker", "worker", "one_connection")
def test_the_api_is_as_it_is_described(case: Any) -> None:
    """Whatever the description allows and forbids, in hundreds of requests."""
    # An address that the schema takes for one may be none to us, as in "a@b": that is no fault.
    case.call_and_validate(excluded_checks=[positive_data_acceptance])
