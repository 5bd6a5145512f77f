"""Addresses of the pages on which members publish figures."""

from django.urls import path

from sameboat.figures.work import publishing, remarks

urlpatterns = [
    path("work/figures", publishing.mine, name="figures-mine"),
    path("work/figures/<slug:feed>", publishing.upload, name="figures-upload"),
    path("work/figures/<slug:feed>/publish", publishing.publish, name="figures-publish"),
    path("work/figures/<slug:feed>/break", remarks.declare, name="figures-break"),
    path("work/figures/<slug:feed>/explain", remarks.tell, name="figures-explain"),
]
