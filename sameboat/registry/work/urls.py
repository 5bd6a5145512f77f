"""Addresses of the pages on which members look after their own keys."""

from django.urls import path

from sameboat.registry.work import keys

urlpatterns = [
    path("work/keys", keys.keys, name="keys"),
    path("work/keys/<str:public_id>/revoke", keys.revoke, name="key-revoke"),
]
