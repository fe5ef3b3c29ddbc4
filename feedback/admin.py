"""What staff can look up: everything that was said and every email, and nothing of it can be edited."""

import re
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from feedback.export import csv_response, newest_first
from feedback.filters import AgeFilter, ErrorFilter, StateFilter
from feedback.lookup import AMONG, LookUp, letter, timeline
from feedback.models import Delivery, Feedback
from feedback.privacy import forget
from feedback.record import record
from project.headers import STRANGERS_HTML, policy

AT_ONCE = 100  # a page of the list; more would be erased unread, or end in a timeout
REFERENCE = re.compile(r"[0-9a-f]{8,32}")  # how the id of a feedback begins


class DeliveryInline(admin.TabularInline):
    model = Delivery
    fields = readonly_fields = ("email", "recipient", "status", "timeline")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display
    def email(self, delivery: Delivery) -> SafeString:
        address = reverse("admin:feedback_delivery_change", args=[delivery.pk])
        return format_html('<a href="{}">{}</a>', address, delivery.get_kind_display())

    @admin.display
    def timeline(self, delivery: Delivery) -> SafeString:
        return timeline(delivery)


@admin.register(Feedback)
class FeedbackAdmin(LookUp):
    actions = ("export", "no_spam", "erase")
    list_display = ("reference", "created_at", "email", "name", "said", "emails", "spam")
    list_filter = ("spam", AgeFilter)
    search_fields = ("email", "name", "message")
    address = "email"
    search_help_text = f"A reference, a whole address, or any words {AMONG}"
    ordering = ("-created_at",)
    fields = readonly_fields = ("reference", "created_at", "name", "email", "message", "spam", "reply")
    inlines = (DeliveryInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Feedback]:
        return super().get_queryset(request).prefetch_related("deliveries")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        begins = search_term.strip().replace("-", "").lower()
        if not REFERENCE.fullmatch(begins):
            return super().get_search_results(request, queryset, search_term)
        first, last = (UUID(begins.ljust(32, filling)) for filling in "0f")
        return queryset.filter(pk__range=(first, last)), False

    @admin.display(description="message")
    def said(self, feedback: Feedback) -> str:
        return Truncator(feedback.message).chars(60)

    @admin.display
    def emails(self, feedback: Feedback) -> str:
        return ", ".join(delivery.status for delivery in feedback.deliveries.all())

    @admin.display
    def reply(self, feedback: Feedback) -> SafeString:
        subject = quote(f"Re: your feedback ({feedback.reference})")
        return format_html(
            '<a href="mailto:{}?subject={}">Reply by email</a>', quote(feedback.email, "@"), subject
        )

    @admin.action(description="Export as CSV")
    def export(self, request: HttpRequest, queryset: QuerySet[Feedback]) -> StreamingHttpResponse:
        columns = ("reference", "created_at", "email", "name", "message", "spam")
        rows = newest_first(queryset.prefetch_related(None), "created_at")
        record(cast(User, request.user), f"Exported {queryset.count()} feedback", about="feedback")
        return csv_response("feedback", columns, ([getattr(row, name) for name in columns] for row in rows))

    @admin.action(description="Mark as no spam", permissions=["operate"])
    def no_spam(self, request: HttpRequest, queryset: QuerySet[Feedback]) -> None:
        count = Feedback.objects.filter(pk__in=queryset.values("pk")).mark_as_no_spam()
        record(cast(User, request.user), f"Mark as no spam: {count} feedback", about="feedback")
        self.message_user(
            request, f"{count} marked as no spam. Their emails can be sent again at the operations."
        )

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("feedback.operate_delivery"))

    @admin.action(description="Erase all data of these people…", permissions=["erase"])
    def erase(self, request: HttpRequest, queryset: QuerySet[Feedback]) -> HttpResponse | None:
        if queryset.count() > AT_ONCE:
            told = f"Nothing was erased: please choose at most {AT_ONCE} at a time, and look at who they are."
            self.message_user(request, told, messages.ERROR)
            return None
        addresses = sorted(set(queryset.values_list("email", flat=True)))
        if "sure" not in request.POST:
            context = self.admin_site.each_context(request) | {"addresses": addresses, "feedback": queryset}
            return render(request, "admin/erase.html", context | {"title": "Erase all data of these people?"})
        for address in addresses:
            erased = forget(address)
            self.message_user(request, str(erased))
            record(cast(User, request.user), str(erased), about="a person")
        return None

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("feedback.erase_feedback"))


@admin.register(Delivery)
class DeliveryAdmin(LookUp):
    list_display = ("id", "kind", "recipient", "status", "last", "created_at", "ended_at")
    list_filter = (StateFilter, ErrorFilter, AgeFilter, "kind")
    search_fields = ("recipient", "message_id")
    address = "recipient"
    search_help_text = f"A whole address, or part of one or of a Message-ID {AMONG}"
    ordering = ("-pk",)
    fields = readonly_fields = (
        *("kind", "recipient", "feedback", "status", "mend", "timeline"),
        *("headers", "text", "html", "attempt", "retries", "created_at", "due_at", "ended_at"),
    )

    def get_urls(self) -> list[URLPattern]:
        html = path(
            "<int:pk>/html/", self.admin_site.admin_view(self.show_html), name="feedback_delivery_html"
        )
        return [html, *super().get_urls()]

    def change_view(self, *arguments: Any, **more: Any) -> HttpResponse:
        response = super().change_view(*arguments, **more)
        response["Content-Security-Policy"] = policy(frame_src="'self'")
        return response

    def show_html(self, request: HttpRequest, pk: int) -> HttpResponse:
        delivery = Delivery.objects.select_related("feedback").filter(pk=pk).first()
        if not delivery or not self.has_view_permission(request, delivery):
            raise Http404
        headers = {"Content-Security-Policy": STRANGERS_HTML, "X-Frame-Options": "SAMEORIGIN"}
        return HttpResponse(letter(delivery).html, headers=headers)

    @admin.display
    def last(self, delivery: Delivery) -> str:
        return Truncator(delivery.moves[-1].why).chars(60)

    @admin.display
    def timeline(self, delivery: Delivery) -> SafeString:
        return timeline(delivery)

    @admin.display(description="what can be done")
    def mend(self, delivery: Delivery) -> SafeString:
        address = f"{reverse('operations:home')}?id={delivery.pk}#people"
        return format_html('<a href="{}">Resend, mark, release or cancel it at the operations</a>', address)

    @admin.display
    def headers(self, delivery: Delivery) -> SafeString:
        lines = format_html_join("", "<div><dt>{}</dt> <dd>{}</dd></div>", letter(delivery).headers.items())
        return format_html('<dl class="headers">{}</dl>', lines)

    @admin.display
    def text(self, delivery: Delivery) -> SafeString:
        return format_html('<pre class="text">{}</pre>', letter(delivery).text)

    @admin.display(description="HTML")
    def html(self, delivery: Delivery) -> SafeString:
        address = reverse("admin:feedback_delivery_html", args=[delivery.pk])
        return format_html(
            '<iframe class="html" src="{}" title="The email as HTML" sandbox></iframe>', address
        )

    @admin.action(description="Export as CSV")
    def export(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> StreamingHttpResponse:
        columns = ("id", "kind", "recipient", "status", "attempt", "created_at", "ended_at", "message_id")
        rows = newest_first(queryset, "pk")
        record(cast(User, request.user), f"Exported {queryset.count()} emails")
        values = ([*(getattr(row, name) for name in columns), row.moves[-1].why] for row in rows)
        return csv_response("emails", (*columns, "last"), values)
