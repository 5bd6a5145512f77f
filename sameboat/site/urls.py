"""The shell's own addresses; the project sets them under each language."""

from django.contrib.auth import views as auth
from django.urls import path

from sameboat.site import views
from sameboat.site.sign_in import SignIn
from sameboat.site.work import work

urlpatterns = [
    path("", views.home, name="home"),
    path("organisations", views.organisations, name="organisations"),
    path("organisations/<str:public_id>", views.organisation, name="organisation"),
    path("search", views.search, name="search"),
    path("about", views.about, name="about"),
    path("sign-in", SignIn.as_view(), name="sign-in"),
    path("sign-out", auth.LogoutView.as_view(), name="sign-out"),
    path("work", work, name="work"),
    path("style", views.style, name="style"),
]
