"""What every page's shell knows."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from sameboat.transparency import queries as log


def shell(request: HttpRequest) -> dict[str, object]:  # noqa: ARG001 (Django passes it)
    """Return whether this is a demonstration, which every page must say, and the latest checkpoint, read if shown."""
    return {"demo": settings.DEMO, "checkpoint": SimpleLazyObject(_checkpoint)}


def _checkpoint() -> dict[str, object]:
    latest = log.checkpoint()
    if latest is None:
        return {}
    return {"size": latest.size, "signed_at": latest.signed_at, "url": reverse("log")}
