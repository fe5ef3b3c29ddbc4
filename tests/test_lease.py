from datetime import timedelta

from django.utils import timezone

from feedback import lease
from feedback.models import Delivery


def lapse() -> None:
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def claimed(owed: Delivery) -> list[Delivery]:
    claim = Delivery.objects.claim(owed.pk)
    assert claim
    return [claim]


def test_the_lease_of_an_email_in_hand_is_renewed(owed: Delivery) -> None:
    claims = claimed(owed)
    with lease.kept(claims):
        lapse()
        lease.renew_leases()
        assert not Delivery.objects.lost().exists()
    lapse()
    lease.renew_leases()
    assert Delivery.objects.lost().exists()


def test_a_thread_that_hangs_loses_its_email(owed: Delivery) -> None:
    claims = claimed(owed)
    with lease.kept(claims):
        lease._in_hand[id(claims)] = claims, -2 * lease.LONGEST_SECONDS
        lapse()
        lease.renew_leases()
        assert Delivery.objects.lost().exists()
