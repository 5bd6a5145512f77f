"""Addresses of the pages on which gifts are pledged, received, paid out and signed for."""

from django.urls import path

from sameboat.donations.work import funds, payments, pledges, privacy, receipts

urlpatterns = [
    path("needs/<str:public_id>/pledge", pledges.goods, name="pledge-goods"),
    path("funds/<str:public_id>/pledge", pledges.money, name="pledge-money"),
    path("pledges/<str:public_id>", pledges.pledge, name="pledge"),
    path("pledges/<str:public_id>/private", privacy.private, name="pledge-private"),
    path("pledges/<str:public_id>/private/open", privacy.opened, name="pledge-open"),
    path("work/pledges/<str:public_id>/receive", receipts.of_pledge, name="receive-pledge"),
    path("work/goods/new", receipts.goods, name="receive-goods"),
    path("work/funds/<str:public_id>/receive", receipts.money, name="receive-money"),
    path("work/campaigns/new", funds.file, name="campaign-new"),
    path("work/funds", funds.mine, name="funds-mine"),
    path("work/funds/new", funds.open_new, name="fund-new"),
    path("work/funds/<str:public_id>/pay", payments.pay, name="pay"),
    path("payments/<str:public_id>/sign", payments.sign, name="sign-for-payment"),
]
