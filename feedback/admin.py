from django.contrib import admin

from feedback.models import Delivery, Feedback


@admin.register(Feedback)
class FeedbackAdmin(admin.ModelAdmin):
    list_display = ("reference", "email", "name", "created_at")
    search_fields = ("email", "name", "message")
    readonly_fields = ("created_at",)


@admin.register(Delivery)
class DeliveryAdmin(admin.ModelAdmin):
    list_display = ("id", "kind", "recipient", "status", "attempt", "created_at", "ended_at")
    list_filter = ("state", "kind")
    search_fields = ("recipient", "message_id")
    readonly_fields = [field.name for field in Delivery._meta.fields]
