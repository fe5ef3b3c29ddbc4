from django.urls import path

from operations import views

app_name = "operations"
urlpatterns = [
    path("", views.home, name="home"),
    path("now/", views.now, name="now"),
    path("plots/", views.drawn, name="plots"),
    path("people/", views.people, name="people"),
    path("pause/", views.sending, {"wanted": "pause"}, name="pause"),
    path("resume/", views.sending, {"wanted": "resume"}, name="resume"),
    path("digest/", views.digest, name="digest"),
    path("do/<slug:name>/", views.do, name="do"),
]
