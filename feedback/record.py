"""The record of what staff did: who, what and when. The admin keeps it too, so that there is one."""

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType

from feedback.models import Delivery


def record(by: User, what: str, *delivery_id: int, about: str = "emails") -> None:
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(Delivery),
        object_id=str(*delivery_id) or None,
        object_repr=f"email {delivery_id[0]}" if delivery_id else about,
        action_flag=CHANGE,
        change_message=what,
    )
