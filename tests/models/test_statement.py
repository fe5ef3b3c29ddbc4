import threading

import pytest
from django.db import connection

from feedback.models.statement import one_writer


@pytest.mark.django_db
def test_one_thread_of_a_process_writes_at_a_time_where_the_database_takes_no_more() -> None:
    entered = threading.Event()

    def enter() -> None:
        with one_writer():
            entered.set()

    with one_writer(), one_writer():
        other = threading.Thread(target=enter)
        other.start()
        assert entered.wait(0.05) == (connection.vendor != "sqlite")
    other.join()
    assert entered.is_set()
