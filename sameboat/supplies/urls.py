"""Public addresses of needs and hand-overs."""

from django.urls import path

from sameboat.supplies import views

urlpatterns = [
    path("needs", views.needs, name="needs"),
    path("needs/<str:public_id>", views.need, name="need"),
    path("hand-overs/<str:public_id>", views.handover, name="handover"),
]
