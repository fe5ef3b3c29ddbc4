"""What is done once an answer has left, so that it does not wait for it."""

from collections.abc import Callable
from contextvars import copy_context

from django.http import HttpResponse


def afterwards(response: HttpResponse, work: Callable[[], object]) -> HttpResponse:
    """Have this done when the server closes the response: it does so once it has sent it, and also
    where the visitor has gone away meanwhile (PEP 3333). Log lines still name the request.
    """
    close, context = response.close, copy_context()

    def work_and_close() -> None:
        try:
            context.run(work)
        finally:
            close()

    response.close = work_and_close  # type: ignore[method-assign]
    return response
