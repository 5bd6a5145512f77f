"""Addresses: each room brings its own; public pages stand in both languages, Chinese under /zh-hans/."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
