from django.urls import path, re_path

from feedback import api, embed, views

app_name = "feedback"
urlpatterns = [
    path("", views.home, name="new"),
    path("feedback/<uuid:pk>/", views.show, name="show"),
    path("feedback/<uuid:pk>/status/", views.status, name="status"),
    path("embed/", embed.home, name="embed"),
    path("embed/demo/", embed.demo, name="embed-demo"),
    path("embed/<uuid:pk>/", embed.show, name="embed-show"),
    path("embed/<uuid:pk>/status/", embed.status, name="embed-status"),
    path("api/feedback", api.create, name="api"),
    path("api/feedback/<uuid:pk>", api.status, name="api-status"),
    path("api/openapi.json", api.description, name="api-description"),
    re_path("^api/", api.nothing),
]
