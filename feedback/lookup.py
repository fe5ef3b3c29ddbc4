"""What the admin's pages have in common."""

import re
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from feedback.compose import compose
from feedback.models import Delivery
from project.mailbox.letter import Letter, parse

SEARCHED = 100_000  # what is read through for a word
AMONG = f"among the newest {SEARCHED:,}"
ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


class LookUp(admin.ModelAdmin):
    """Only to be looked at. What can be done to an email is done at /operations/, guarded and recorded."""

    actions: tuple[str, ...] = ("export",)
    address: str  # the field that a whole address is looked for in, however old
    show_full_result_count = False  # counting a million rows takes longer than showing a hundred
    show_facets = admin.ShowFacets.NEVER

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if ADDRESS.fullmatch(search_term.strip()):
            return queryset.filter(**{f"{self.address}__iexact": search_term.strip()}), False
        (order,) = map(str, self.get_ordering(request))
        field = order.lstrip("-")
        newest = self.model.objects.order_by(order).values_list(field, flat=True)
        if search_term and (oldest := newest[SEARCHED - 1 : SEARCHED].first()):
            queryset = queryset.filter(**{f"{field}__gte": oldest})
        return super().get_search_results(request, queryset, search_term)

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
