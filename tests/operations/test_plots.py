from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from feedback.models import Tally
from operations.plots import Plot, Series, lined, plots, stacked

pytestmark = pytest.mark.django_db


def plot(title: str) -> Plot:
    return next(plot for plot in plots() if plot.title.startswith(title))


def tallied(**totals: object) -> None:
    """Three minutes, with everything in the second."""
    now = timezone.now().replace(second=0, microsecond=0)
    for ago, values in (
        (3, {}),
        (2, totals),
        (1, {k: v for k, v in totals.items() if k in ("sent", "failed")}),
    ):
        Tally.objects.create(at=now - timedelta(minutes=ago), **values)


def test_without_any_tally_every_plot_is_empty_and_says_so() -> None:
    assert [(plot.bars, plot.lines) for plot in plots()] == [([], [])] * 4
    assert plot("Last hour").text == "0 sent and 0 failed or unconfirmed in the last hour."


def test_minutes_are_the_differences_of_totals() -> None:
    tallied(sent=30, failed=10)
    drawn = plot("Last hour")
    assert drawn.text == "30 sent and 10 failed or unconfirmed in the last hour."
    assert [(bar.mark, bar.x, bar.y, bar.height) for bar in drawn.bars] == [
        ("good", 0, 40, 60),
        ("bad", 0, 20, 20),
    ]
    assert drawn.top == "50"


def test_days_go_from_midnight_to_midnight_and_to_now() -> None:
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    for days, sent in ((2, 0), (1, 5), (0, 12)):
        Tally.objects.create(at=midnight - timedelta(days=days), sent=sent)
    Tally.objects.create(at=midnight + timedelta(seconds=1), sent=15)
    assert list(plot("30 days").series[0].values) == [5, 7, 3]


def test_the_first_day_of_a_site_counts_though_it_did_not_begin_at_midnight() -> None:
    now = timezone.now()
    for minutes, sent in ((2, 0), (1, 11)):
        Tally.objects.create(at=now - timedelta(minutes=minutes), sent=sent)
    assert plot("30 days").text == "11 sent and 0 failed or unconfirmed in 30 days."


def test_the_speed_is_said_in_words() -> None:
    tallied(sent=3, median=0.5, p95=1.5)
    assert plot("From Send").text == "95 of 100 emails were accepted within 1.5 s in every minute."
    assert plot("From Send").top == "2.0 s"


def test_states_have_gaps_where_nothing_was_counted() -> None:
    now = timezone.now()
    start = now.replace(minute=now.minute // 10 * 10, second=0, microsecond=0)
    for ago, waiting in ((50, 4), (40, 2), (10, 8)):
        Tally.objects.create(at=start - timedelta(minutes=ago), standing={"queued": waiting, "failed": 0})
    drawn = plot("States")
    assert "At most 8 waiting, 0 failed" in drawn.text
    assert len([line for line in drawn.lines if line.mark == "accent"]) == 2


def test_the_top_of_a_plot_is_a_round_number() -> None:
    tops = [lined("", [Series("", "", [most])], [], "").top for most in (0, 3, 7, 42, 140, 999, 1001)]
    assert tops == ["1", "5", "10", "50", "200", "1,000", "2,000"]


def test_nothing_is_drawn_outside_its_field() -> None:
    drawn = stacked("", [Series("", "good", [1, 7]), Series("", "bad", [3, 0])], [], "")
    assert all(bar.x >= 0 and bar.x + bar.width <= 100 and bar.y >= 0 for bar in drawn.bars)


def test_all_plots_cost_five_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    tallied(sent=3)
    with django_assert_num_queries(5):
        plots()
