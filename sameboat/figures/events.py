"""What this room says on the public log. The figures themselves stand in the file whose hash an entry carries."""

from typing import Annotated, Literal

from django.utils.translation import gettext_lazy as _
from pydantic import StringConstraints

from sameboat.transparency.errors import ClaimError
from sameboat.transparency.events import Event, History, Subject

_CHAINS = "vintages of feeds"

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class FeedRegistered(Event, type="feed.registered", words=_("Source of figures registered"), doer="publisher"):
    """A source of figures was registered. No publisher: the operator enters what others published."""

    feed: Subject
    code: str
    publisher: Subject | None = None
    name_en: str = ""
    name_zh: str = ""
    url: str | None = None
    licence: str | None = None


class DefinitionStated(Event, type="definition.stated", words=_("Definition of a figure stated")):
    """What exactly a signal counts. Its values are whole numbers, 10^`decimals` of which make one `unit`."""

    definition: Subject
    signal: str
    code: str = ""
    form: Literal["cumulative", "incidence", "prevalence", "index"]
    unit: str
    decimals: int = 0
    name_en: str = ""
    name_zh: str = ""
    text_en: str | None = None
    text_zh: str | None = None
    url: str | None = None


class BreakDeclared(Event, type="break.declared", words=_("Break in a series declared")):
    """From `date` on a place's figures cannot be compared with those before; `within`: nor those of what lies in it."""

    series_break: Subject
    feed: Subject
    signal: str
    place: str
    date: str
    within: bool
    kind: Literal["definition", "correction", "backlog"]
    text_en: str | None = None
    text_zh: str | None = None
    url: str | None = None


class VintagePublished(Event, type="vintage.published", words=_("Figures published"), doer="publisher"):
    """A feed published a vintage: `sha256` is that of the canonical file of what it changed.

    Files chain by `previous`, so that the figures of any moment are those files replayed up to it. `flags` counts what
    the checks noticed, by kind; `rejected` the source's lines that could not be used.
    """

    vintage: Subject
    feed: Subject
    publisher: Subject | None = None
    number: int
    sha256: Sha256
    previous: Sha256 | None = None
    new: int
    revised: int
    withdrawn: int
    rejected: int = 0
    flags: dict[str, int] | None = None

    def check(self, history: History) -> None:
        chains = history.table(_CHAINS)
        number, sha256 = chains.get(self.feed, (0, None))
        if self.number != number + 1 or self.previous != sha256:
            raise ClaimError(
                f"vintage {self.number} of {self.feed} does not follow vintage {number}: one is left out or exchanged"
            )
        chains[self.feed] = (self.number, self.sha256)


class FiguresExplained(Event, type="figures.explained", words=_("Figures explained")):
    """Who publishes figures says why those of a place and of these days changed or look odd."""

    explanation: Subject
    feed: Subject
    place: str
    signal: str | None = None
    date: str
    until: str
    text_en: str | None = None
    text_zh: str | None = None
    url: str | None = None


class FeedStopped(Event, type="feed.stopped", words=_("Source could not be read"), doer="publisher"):
    """What came from a source, a file with this `sha256`, could not be read; the figures published before stand."""

    feed: Subject
    publisher: Subject | None = None
    code: str
    sha256: Sha256


class MappingSet(Event, type="mapping.set", words=_("Reading of a source declared"), doer="publisher"):
    """How a source's files are read from now on: a declared mapping, whose text has this `sha256`."""

    feed: Subject
    publisher: Subject | None = None
    sha256: Sha256
