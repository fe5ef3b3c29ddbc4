import uuid
from collections.abc import Callable

import pytest
from django.conf import LazySettings

from feedback.models import Delivery, Feedback

TOKEN = uuid.uuid4()


def test_a_feedback_is_saved_with_all_its_emails_or_not_at_all(
    submit: Callable[..., Delivery], settings: LazySettings
) -> None:
    settings.FEEDBACK_OWNERS = ["team@example.org", None]  # which the database does not take
    with pytest.raises(Feedback.DoesNotExist):
        submit()
    assert not Feedback.objects.exists()
    assert not Delivery.objects.exists()


def test_what_was_saved_is_what_stands_in_the_rows(submit: Callable[..., Delivery]) -> None:
    delivery = submit()
    found = Delivery.objects.select_related("feedback").get(pk=delivery.pk)
    for saved, kept in ((delivery, found), (delivery.feedback, found.feedback)):
        names = [field.attname for field in saved._meta.concrete_fields]
        assert [getattr(saved, name) for name in names] == [getattr(kept, name) for name in names]
        assert not saved._state.adding


def test_the_same_text_with_the_same_token_is_one_feedback(submit: Callable[..., Delivery]) -> None:
    first, second = submit(form_token=TOKEN), submit(form_token=TOKEN)
    assert first.pk == second.pk
    assert Feedback.objects.count() == 1
    assert Delivery.objects.count() == 2


def test_changed_text_with_a_used_token_is_another_feedback(submit: Callable[..., Delivery]) -> None:
    first = submit(form_token=TOKEN)
    second = submit(form_token=TOKEN, message="And the window, too.")
    again = submit(form_token=TOKEN, message="And the window, too.")
    assert first.feedback_id != second.feedback_id == again.feedback_id
    assert Feedback.objects.count() == 2


def test_without_a_token_every_post_is_another_feedback(submit: Callable[..., Delivery]) -> None:
    assert submit().feedback_id != submit().feedback_id
