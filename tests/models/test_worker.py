from datetime import timedelta

from django.utils import timezone

from feedback.models import Worker


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
