"""The shell with every door of its navigation, each leading to the style page, whichever rooms are installed."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from sameboat.site import views

rooms = ("needs", "gifts", "organisations", "log", "search")
urlpatterns = i18n_patterns(
    *(path(name, views.style, name=name) for name in rooms),
    path("", include("sameboat.site.urls")),
    prefix_default_language=False,
)
