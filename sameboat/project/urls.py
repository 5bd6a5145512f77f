"""Addresses: each room brings its own; public pages stand in both languages, Chinese under /zh-hans/."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, include, path

from sameboat.project.api import api
from sameboat.project.health import healthz
from sameboat.project.metrics import metrics

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("metrics", metrics, name="metrics"),
    path("", include("sameboat.transparency.urls")),
    path("api/", api.urls),
    *i18n_patterns(
        path("", include("sameboat.site.urls")),
        path("", include("sameboat.registry.work.urls")),
        path("", include("sameboat.supplies.urls")),
        path("", include("sameboat.supplies.work.urls")),
        path("", include("sameboat.donations.urls")),
        path("", include("sameboat.donations.work.urls")),
        path("", include("sameboat.figures.urls")),
        path("", include("sameboat.figures.work.urls")),
        path("", include("sameboat.situation.urls")),
        path("", include("sameboat.transparency.page_urls")),
        prefix_default_language=False,
    ),
]
