from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from feedback.models import Worker
from feedback.models import worker as module


def test_a_worker_is_seen_for_a_while_after_its_last_beat(db: None) -> None:
    assert not Worker.objects.seen()
    Worker.objects.beat()
    assert Worker.objects.seen()
    Worker.objects.update(seen_at=timezone.now() - timedelta(seconds=20))
    assert not Worker.objects.seen()


def test_the_dead_are_forgotten_after_a_day(db: None) -> None:
    Worker.objects.create(name="other:1", seen_at=timezone.now() - timedelta(days=2))
    Worker.objects.beat()
    Worker.objects.forget_the_dead()
    assert not Worker.objects.filter(name="other:1").exists()
    assert Worker.objects.seen()


def test_a_worker_that_ends_signs_off(db: None) -> None:
    Worker.objects.beat()
    Worker.objects.sign_off()
    assert not Worker.objects.exists()


def test_the_workers_of_this_host_are_forgotten_before_a_run(db: None) -> None:
    Worker.objects.create(name="other:1", seen_at=timezone.now())
    Worker.objects.beat()
    Worker.objects.forget_this_host()
    assert [worker.name for worker in Worker.objects.all()] == ["other:1"]


def test_a_worker_in_a_container_of_this_machine_is_not_elsewhere(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_host", lambda: "a-container")
    Worker.objects.beat()
    monkeypatch.undo()
    assert not Worker.objects.on_this_host().exists()
    assert not Worker.objects.elsewhere().exists()


def test_a_worker_under_another_kernel_is_elsewhere(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    Worker.objects.beat()
    monkeypatch.setattr(module, "_host", lambda: "another")
    monkeypatch.setattr(module, "_kernel", lambda: "another")
    assert Worker.objects.alive().elsewhere().count() == 1


def test_where_no_kernel_is_told_the_host_tells_where_a_worker_is(
    db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "BOOT_ID", tmp_path / "none")
    Worker.objects.beat()
    assert Worker.objects.on_this_host().exists()
    assert not Worker.objects.elsewhere().exists()
