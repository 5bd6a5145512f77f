"""Public addresses of gifts."""

from django.urls import path

from sameboat.donations import views

urlpatterns = [
    path("gifts", views.gifts, name="gifts"),
    path("gifts/<str:public_id>", views.gift, name="gift"),
    path("gifts/<str:public_id>/proof", views.gift_proof, name="gift-proof"),
]
