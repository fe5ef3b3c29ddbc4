from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.http import HttpRequest
from django_dramatiq.models import Task

admin.site.unregister(Task)  # a second truth, and an empty one: nothing is written to it


@admin.register(LogEntry)
class RecordAdmin(admin.ModelAdmin):
    """Who did what and when. Nobody can change it here."""

    list_display = ("action_time", "user", "object_repr", "get_change_message")
    list_filter = ("action_time", "user")
    list_select_related = ("user",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
