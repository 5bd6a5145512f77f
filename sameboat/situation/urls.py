"""Public addresses of the situation."""

from django.urls import path

from sameboat.situation import views

urlpatterns = [
    path("situation", views.situation, name="situation"),
    path("situation/compare", views.compare, name="situation-compare"),
    path("situation/rounds/<str:public_id>.csv", views.forecast_file, name="situation-forecast-file"),
    path("situation/<str:code>", views.place, name="situation-place"),
    path("situation/<str:code>/embed", views.embed, name="situation-embed"),
    path("situation/<str:code>/forecasts", views.forecasts, name="situation-forecasts"),
    path("situation/<str:code>/days.csv", views.days_as_csv, name="situation-days-csv"),
    path("situation/<str:code>/days.json", views.days_as_json, name="situation-days-json"),
]
