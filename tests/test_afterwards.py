import json
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.test import RequestFactory
from dramatiq.brokers.stub import StubBroker

from feedback.afterwards import afterwards
from feedback.models import Delivery
from project.logs import about, current_request

FIELDS = {"email": "ada@example.org", "message": "The door is too heavy."}
TOKEN = "c" * 32
CSRF = {"Cookie": f"csrftoken={TOKEN}", "X-CSRFToken": TOKEN}
POSTS = {
    "a browser's": RequestFactory().post("/", FIELDS, headers=CSRF),
    "htmx's": RequestFactory().post("/", FIELDS, headers=CSRF | {"HX-Request": "true"}),
    "a program's": RequestFactory().post("/api/feedback", json.dumps(FIELDS), "application/json"),
}


class Answer(HttpResponse):
    def close(self) -> None:
        self.closed = True


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("post", POSTS.values(), ids=POSTS)
def test_redis_is_rung_when_the_answer_has_left(post: Any, broker: StubBroker) -> None:
    rung = broker.queues["email"]
    response = WSGIHandler()(post.environ, lambda *_: None)  # type: ignore[arg-type]
    b"".join(response)
    assert Delivery.objects.exists()
    assert rung.qsize() == 0, "the visitor waits for Redis"
    response.close()  # as the server does then
    assert rung.qsize() == Delivery.objects.count()


def test_what_is_done_afterwards_still_belongs_to_its_request() -> None:
    named: list[str] = []
    with about(request="r1"):
        response = afterwards(Answer(), lambda: named.append(current_request()))
    response.close()
    assert named == ["r1"]


def test_a_response_is_closed_whatever_befalls_the_work() -> None:
    response = afterwards(Answer(), lambda: 1 / 0)
    assert not response.closed
    with pytest.raises(ZeroDivisionError):
        response.close()
    assert response.closed
