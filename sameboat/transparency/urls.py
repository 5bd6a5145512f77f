"""The log's own addresses, outside /api and outside the languages: `/checkpoint` and `/tile/…`."""

from django.urls import path

from sameboat.transparency import views

urlpatterns = [
    path("checkpoint", views.checkpoint, name="checkpoint"),
    path("tile/<path:path>", views.tile, name="tile"),
]
