"""What the admin's pages have in common."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from feedback.compose import compose
from feedback.models import Delivery
from project.mailbox.letter import Letter, parse


class LookUp(admin.ModelAdmin):
    """Only to be looked at. What can be done to an email is done at /operations/, guarded and recorded."""

    actions: tuple[str, ...] = ("export",)
    show_full_result_count = False  # counting a million rows takes longer than showing a hundred
    show_facets = admin.ShowFacets.NEVER

    class Media:
        css = {"all": ["lookup.css"]}

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def timeline(delivery: Delivery) -> SafeString:
    return render_to_string("operations/_history.html", {"moves": delivery.moves})


def letter(delivery: Delivery) -> Letter:
    """Return the email as it goes out, not another one made for show."""
    return parse("", compose(delivery).message().as_bytes())
