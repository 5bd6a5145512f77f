"""Addresses: each room brings its own; public pages stand in both languages, Chinese under /zh-hans/."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, include, path

from sameboat.project.api import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("sameboat.transparency.urls")),
    path("api/", api.urls),
    *i18n_patterns(path("", include("sameboat.site.urls")), prefix_default_language=False),
]
