"""The filters beside the admin's lists."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from feedback.models import Delivery, State
from feedback.models.clock import now
from feedback.models.standing import UNENDED

LOOKED_AT = 500  # the newest emails of each state in whose replies we look for errors
Choices = Iterable[tuple[Any, str]]


class StateFilter(admin.SimpleListFilter):
    title = parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Choices:
        return State.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        state = self.value()
        if state not in State.values:
            return queryset
        # As the indexes have it, which the database would not guess.
        return queryset.filter(state=state) if state in UNENDED else _ended(queryset, state)


class ErrorFilter(admin.SimpleListFilter):
    """The replies that the newest failed and unconfirmed emails got, by their first word."""

    title = parameter_name = "error"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Choices:
        found = Counter[str]()
        for state in (State.FAILED, State.UNCONFIRMED):
            newest = _ended(Delivery.objects.order_by("-ended_at"), state).only("history")[:LOOKED_AT]
            found.update(_first_word(delivery.moves[-1].why) for delivery in newest)
        return [(error, f"{error} ({count})") for error, count in found.most_common(12) if error]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        error = self.value()
        if not error:
            return queryset
        ended = queryset.filter(state__in=(State.FAILED, State.UNCONFIRMED), ended_at__isnull=False)
        return ended.filter(history__contains=f'", {json.dumps(error)[:-1]}')


class AgeFilter(admin.SimpleListFilter):
    title = parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> Choices:
        return [("1", "Last hour"), ("24", "Last day"), ("168", "Last week"), ("720", "Last 30 days")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        hours = self.value()
        if hours not in dict(self.lookup_choices):
            return queryset
        return queryset.filter(created_at__gt=now() - timedelta(hours=int(hours or 0)))


def _ended(queryset: QuerySet[Any], state: str | None) -> QuerySet[Any]:
    return queryset.filter(state=state, ended_at__isnull=False)


def _first_word(why: str) -> str:
    return why.split(" ")[0].strip(":;,")
