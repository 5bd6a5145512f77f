"""What this room says on the public log."""

from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import StringConstraints

from sameboat.transparency.events import Event, Subject

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class ForecastMade(Event, type="forecast.made", words=_("Forecast made")):
    """Forecasts were made from one vintage alone: `sha256` is that of their canonical file.

    `from_sha256` is the hash of that vintage's own file; `last` the last day of its figures, `ends` the last days of
    the weeks forecast. Who holds the file can score it once those weeks are over.
    """

    forecast: Subject
    feed: Subject
    vintage: Subject
    from_sha256: Sha256
    signal: str
    last: str
    ends: list[str]
    places: int
    sha256: Sha256
