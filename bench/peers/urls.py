from django.urls import path

from bench.peers import views

urlpatterns = [
    path("later/", views.Later.as_view()),
    path("now/", views.Now.as_view()),
    path("success/", views.Success.as_view()),
    path("insert/", views.insert),
    path("read/<int:pk>/", views.read),
]
