from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from operations.metrics import metrics
from project import health

urlpatterns = [
    path("", include("feedback.urls")),
    path("operations/", include("operations.urls")),
    path("admin/", admin.site.urls),
    path("metrics", metrics),
    path("livez", health.livez),
    path("readyz", health.readyz),
]
if settings.MAILBOX_DIR:
    urlpatterns.append(path("mailbox/", include("project.mailbox.urls")))
