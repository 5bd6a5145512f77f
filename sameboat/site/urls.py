"""The shell's own addresses; the project sets them under each language."""

from django.contrib.auth import views as auth
from django.urls import path

from sameboat.site import views

urlpatterns = [
    path("", views.home, name="home"),
    path("about", views.about, name="about"),
    path("sign-in", auth.LoginView.as_view(template_name="site/sign-in.html"), name="sign-in"),
    path("sign-out", auth.LogoutView.as_view(), name="sign-out"),
    path("work", views.work, name="work"),
    path("style", views.style, name="style"),
]
