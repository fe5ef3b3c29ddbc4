from django.urls import path

from project.mailbox import views

app_name = "mailbox"
urlpatterns = [
    path("", views.list_mails, name="list"),
    path("<str:name>/", views.show, name="show"),
    path("<str:name>/html/", views.html, name="html"),
    path("<str:name>/raw/", views.raw, name="raw"),
]
