"""Public addresses of figures."""

from django.urls import path

from sameboat.figures import views

urlpatterns = [
    path("figures", views.feeds, name="figures"),
    path("figures/vintages/<str:public_id>", views.vintage, name="figures-vintage"),
    path("figures/<slug:feed>", views.feed, name="figures-feed"),
    path("figures/<slug:feed>/<str:place>/<str:signal>/<str:day>", views.figure, name="figures-figure"),
]
