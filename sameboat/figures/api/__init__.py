"""The HTTP API of figures: everything that is read, open without a key, and what publishers write."""

from sameboat.figures.api import publishing, reading  # noqa: F401 - they put their operations on the router
from sameboat.figures.api.router import router as router
