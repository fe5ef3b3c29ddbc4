from datetime import timedelta

import pytest
from django.utils import timezone

from feedback.models import LoginTries

pytestmark = pytest.mark.django_db


def test_tries_are_counted_and_end() -> None:
    assert [LoginTries.objects.take("grace from 192.0.2.1", 3) for _ in range(5)] == [True] * 3 + [False] * 2


def test_others_have_tries_of_their_own() -> None:
    LoginTries.objects.take("grace from 192.0.2.1", 1)
    assert LoginTries.objects.take("ada from 192.0.2.1", 1)


def test_after_a_while_there_are_new_ones() -> None:
    LoginTries.objects.take("grace", 1)
    LoginTries.objects.update(since=timezone.now() - timedelta(minutes=16))
    assert LoginTries.objects.take("grace", 1)


def test_a_login_that_succeeds_gives_them_back() -> None:
    LoginTries.objects.take("grace", 1)
    LoginTries.objects.give_back("grace")
    assert LoginTries.objects.take("grace", 1)


def test_nobody_can_read_from_them_who_it_was() -> None:
    LoginTries.objects.take("grace from 192.0.2.1", 1)
    assert "grace" not in repr(LoginTries.objects.values())
