"""The simulation against sums that can be done by hand, and against what was measured."""

import pytest

from bench.scale import Site, capacity, poisson, simulate

ALONE = Site(
    processes=1, threads=1, places=1, cores=1, work_seconds=0.2, commit_seconds=0.1, mail_seconds=0.7
)


def test_who_comes_to_an_empty_site_waits_for_nobody() -> None:
    assert simulate(ALONE, [0.0, 10.0]) == pytest.approx([1.0, 1.0])


def test_with_one_thread_one_waits_for_the_other() -> None:
    assert simulate(ALONE, [0.0, 0.0, 0.0]) == pytest.approx([1.0, 2.0, 3.0])


def test_a_second_thread_shares_the_core_and_the_database() -> None:
    assert simulate(ALONE._replace(threads=2), [0.0, 0.0]) == pytest.approx([1.0, 1.2])


@pytest.mark.parametrize(
    ("site", "first"),
    [
        (Site(1, mail_seconds=1), "places"),
        (Site(4, cores=2, mail_seconds=0), "cores"),
        (Site(16, cores=16, mail_seconds=0), "database"),
    ],
)
def test_a_queue_that_never_ends_is_served_as_fast_as_the_first_limit_allows(site: Site, first: str) -> None:
    most, held_up_by = capacity(site)
    assert held_up_by == first
    assert 5000 / max(simulate(site, [0.0] * 5000)) == pytest.approx(most, rel=0.05)


def test_below_its_limit_a_site_keeps_up() -> None:
    site = Site(2)
    waits = simulate(site, poisson(capacity(site)[0] * 0.7, 20_000))
    assert sorted(waits)[10_000] < 1.1 * site.mail_seconds


@pytest.mark.parametrize(("processes", "measured"), [(1, 56), (2, 107)])
def test_what_was_measured_is_near_what_is_simulated(processes: int, measured: float) -> None:
    """The figures of docs/growing.md; that machine did other things too."""
    assert capacity(Site(processes))[0] == pytest.approx(measured, rel=0.25)
