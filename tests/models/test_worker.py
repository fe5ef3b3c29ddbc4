from datetime import timedelta

from django.utils import timezone

from feedback.models import Worker


def test_a_worker_is_seen_for_a_while_after_its_last_beat(db: None) -> None:
    assert not Worker.objects.seen()
    Worker.objects.beat("host:1")
    assert Worker.objects.seen()
    Worker.objects.update(seen_at=timezone.now() - timedelta(seconds=20))
    assert not Worker.objects.seen()


def test_the_dead_are_forgotten_after_a_day(db: None) -> None:
    Worker.objects.beat("host:1")
    Worker.objects.filter(name="host:1").update(seen_at=timezone.now() - timedelta(days=2))
    Worker.objects.beat("host:2")
    Worker.objects.forget_the_dead()
    assert [worker.name for worker in Worker.objects.all()] == ["host:2"]
