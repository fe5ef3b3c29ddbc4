import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from feedback.models import Delivery, Pause
from operations.actions import ACTIONS

BUTTONS = ["pause/", "resume/", "digest/", *(f"do/{name}/" for name in ACTIONS)]
PAGES = ["", "now/", "plots/", "people/", *BUTTONS]
HTMX = {"HX-Request": "true"}
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_shown_the_login(client: Client, page: str) -> None:
    response = client.get(f"/operations/{page}")
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/?next=/operations/")


@pytest.mark.parametrize("page", PAGES)
def test_staff_without_the_permission_is_refused(client: Client, page: str) -> None:
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert client.get(f"/operations/{page}").status_code == 403


def test_a_member_of_the_group_who_is_no_staff_any_more_is_shown_the_login(operator: Client) -> None:
    User.objects.update(is_staff=False)
    assert operator.get("/operations/").status_code == 302


def test_the_pages_are_in_english_and_say_so(operator: Client) -> None:
    assert (
        '<html lang="en" dir="ltr">' in operator.get("/operations/", headers={"Accept-Language": "ar"}).text
    )


def test_a_fragment_after_a_logout_reloads_the_page(client: Client) -> None:
    response = client.get("/operations/now/", headers=HTMX)
    assert response.headers["HX-Refresh"] == "true"
    assert not response.content


@pytest.mark.parametrize("action", BUTTONS)
def test_a_viewer_sees_everything_and_can_do_nothing(viewer: Client, owed: Delivery, action: str) -> None:
    page = viewer.get("/operations/?state=queued").text
    assert owed.recipient in page
    assert "/operations/do/" not in page
    assert "/operations/pause/" not in page
    assert viewer.post(f"/operations/{action}?id={owed.pk}").status_code == 403
    assert not Pause.objects.exists()


@pytest.mark.parametrize("action", BUTTONS)
def test_no_action_goes_without_its_token(owed: Delivery, action: str) -> None:
    client = Client(enforce_csrf_checks=True)
    user = User.objects.create_superuser("root")
    client.force_login(user)
    assert client.post(f"/operations/{action}?id={owed.pk}").status_code == 403
    assert Delivery.objects.get(pk=owed.pk).state == "queued"
    assert not Pause.objects.exists()


def test_the_groups_may_do_what_they_say(operator: Client) -> None:
    granted = {group.name: group.permissions.count() for group in Group.objects.all()}
    assert granted == {"viewer": 3, "operator": 5}
