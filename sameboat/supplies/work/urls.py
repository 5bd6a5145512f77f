"""Addresses of the pages on which members move goods."""

from django.urls import path

from sameboat.supplies.work import handovers, lots, needs

urlpatterns = [
    path("work/needs", needs.mine, name="needs-mine"),
    path("work/needs/new", needs.new, name="need-new"),
    path("work/needs/<str:public_id>/confirm", needs.confirm, name="need-confirm"),
    path("work/needs/<str:public_id>/meet", needs.meet, name="need-meet"),
    path("work/needs/<str:public_id>/stop", needs.stop, name="need-stop"),
    path("work/lots", lots.lots, name="lots"),
    path("work/lots/<str:public_id>", lots.lot, name="lot"),
    path("work/allocations/<str:public_id>/hand-over", handovers.hand_over_page, name="hand-over"),
    path("work/allocations/<str:public_id>/take-back", lots.take_back, name="take-back"),
    path("hand-overs/<str:public_id>/sign", handovers.sign, name="sign-for"),
    path("hand-overs/<str:public_id>/slip", handovers.slip, name="handover-slip"),
]
