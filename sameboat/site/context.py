"""What every page's shell knows."""

from django.conf import settings
from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, object]:  # noqa: ARG001 (Django passes it)
    """Return whether this installation is a demonstration, which every page must say."""
    return {"demo": settings.DEMO}
