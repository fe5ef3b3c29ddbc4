from datetime import timedelta

from django.utils import timezone

from feedback import lease
from feedback.models import Delivery


def lapse() -> None:
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_the_lease_of_an_email_in_hand_is_renewed(owed: Delivery) -> None:
    claimed = Delivery.objects.claim(owed.pk)
    assert claimed
    with lease.kept(claimed):
        lapse()
        lease.renew_leases()
        assert not Delivery.objects.lost().exists()
    lapse()
    lease.renew_leases()
    assert Delivery.objects.lost().exists()


def test_a_thread_that_hangs_loses_its_email(owed: Delivery) -> None:
    claimed = Delivery.objects.claim(owed.pk)
    assert claimed
    with lease.kept(claimed):
        lease._in_hand[id(claimed)] = claimed, -2 * lease.LONGEST_SECONDS
        lapse()
        lease.renew_leases()
        assert Delivery.objects.lost().exists()
