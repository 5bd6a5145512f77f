"""Public addresses of the log's pages, in both languages."""

from django.urls import path

from sameboat.transparency import pages

urlpatterns = [
    path("log", pages.log, name="log"),
    path("log/<int:index>", pages.entry, name="entry"),
    path("log/<int:index>/proof", pages.entry_proof, name="entry-proof"),
    path("log/promises/<str:leaf_hash>", pages.promise, name="promise"),
    path("verify", pages.verify, name="verify"),
    path("verify/sameboat-verify.html", pages.verify_offline, name="verify-offline"),
]
