from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from feedback.models import Delivery

Become = Callable[..., Delivery]


def test_the_page_answers_whether_mail_flows_and_what_needs_a_person(
    operator: Client, become: Become
) -> None:
    delivery = become("failed", "550 no such user")
    page = operator.get("/operations/").text
    assert "No worker has been seen yet." in page
    assert "550 no such user" in page
    assert f"/operations/do/resend/?id={delivery.pk}" in page


def test_the_numbers_and_the_plots_renew_themselves(viewer: Client) -> None:
    assert 'hx-trigger="every 2s"' in viewer.get("/operations/now/").text
    assert viewer.get("/operations/plots/").text.count('role="img"') == 4


def test_a_list_that_was_seen_is_not_drawn_again(viewer: Client, become: Become) -> None:
    become("failed")
    seen = viewer.get("/operations/people/").text.split("seen=")[1].split("&")[0]
    assert viewer.get("/operations/people/", {"seen": seen}).status_code == 204
    become("unconfirmed")
    assert "unconfirmed" in viewer.get("/operations/people/", {"seen": seen}).text


@pytest.mark.parametrize("state", ["queued", "sending", "sent", "failed", "unconfirmed", "held"])
def test_every_state_can_be_listed(viewer: Client, become: Become, state: str) -> None:
    become(state, email="lovelace@example.org")
    assert "lovelace@example.org" in viewer.get("/operations/people/", {"state": state}).text


@pytest.mark.parametrize("query", ["state=nonsense", "id=0", "id=99999999999999999999", "age=7", "error=%00"])
def test_a_filter_we_do_not_know_is_said(viewer: Client, query: str) -> None:
    assert "selects nothing" in viewer.get(f"/operations/?{query}").text


def test_nothing_to_do_is_said(viewer: Client) -> None:
    assert "Every email has gone out or is on its way." in viewer.get("/operations/").text


def test_the_page_costs_the_same_for_one_email_and_for_many(
    operator: Client, become: Become, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(12):
        become("failed")
    with django_assert_max_num_queries(28):
        operator.get("/operations/")


def test_the_pages_keep_the_policy(viewer: Client) -> None:
    response = viewer.get("/operations/")
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert "style=" not in response.text
    assert "no-store" in response.headers["Cache-Control"]
