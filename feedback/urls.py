from django.urls import path

from feedback import views

app_name = "feedback"
urlpatterns = [
    path("", views.home, name="new"),
    path("feedback/<uuid:pk>/", views.show, name="show"),
    path("feedback/<uuid:pk>/status/", views.status, name="status"),
]
