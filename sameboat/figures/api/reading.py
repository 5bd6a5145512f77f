"""What anyone reads without a key: feeds, vintages, series as of any moment, and what changed since."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query
from pydantic import Field

from sameboat.figures import asked, overview, queries
from sameboat.figures.answering import FORMAT_TYPES, change_file_answer, file_answer
from sameboat.figures.api.router import router
from sameboat.figures.asked import Days, Moment, Standing
from sameboat.figures.engine.formats import Table
from sameboat.figures.export import tables as exports
from sameboat.figures.shapes.feeds import (
    FeedDetailShape,
    FeedShape,
    MappingShape,
    SignalShape,
    VintageRef,
    VintageShape,
)
from sameboat.figures.shapes.figures import (
    ChangeShape,
    ChangesShape,
    RestShape,
    RestsShape,
    SaidOfFigureShape,
    SaidShape,
    SeriesShape,
)
from sameboat.figures.shapes.remarks import BreakShape, ExplanationShape, FlagShape, StopShape
from sameboat.registry import asking
from sameboat.registry.asking import Asked, Before, Day, Limit, Page, Text
from sameboat.registry.refusals import Fault, InvalidInput, NotFound
from sameboat.registry.shapes import OrganisationRef
from sameboat.transparency import queries as log

Ending = Literal["csv", "json", "parquet", "sdmx.csv", "fhir.json", "hub.csv"]
Code = Annotated[str, Field(max_length=200, description="A code.")]


@router.get("/figures/feeds", response=list[FeedShape])
def list_feeds(request: HttpRequest) -> list[FeedShape]:
    """Show the sources of figures, each with its last vintage."""
    return [FeedShape.of(state) for state in overview.feed_states(queries.feeds(), timezone.now())]


@router.get("/figures/feeds/{feed}", response=FeedDetailShape)
def get_feed(request: HttpRequest, feed: str) -> FeedDetailShape:
    """Show one source and what it counts."""
    found = asked.feed(feed)
    return FeedDetailShape.with_counts(overview.feed_states([found], timezone.now())[0], overview.counted(found))


@router.get("/figures/feeds/{feed}/mapping", response=MappingShape)
def get_mapping(request: HttpRequest, feed: str) -> MappingShape:
    """Show how a source's own files are read."""
    source = asked.feed(feed)
    found = overview.mapping_of(source)
    if found is None:
        raise NotFound(_("Nobody declared how the files of %(feed)s are read.") % {"feed": source.code}, "feed")
    return MappingShape.of(found)


@router.get("/figures/signals", response=list[SignalShape])
def list_signals(request: HttpRequest) -> list[SignalShape]:
    """Show what is counted, and what exactly its counts were defined as."""
    signals = queries.signals()
    definitions = overview.definitions_of_each(signals)
    return [SignalShape.of(each, definitions[each.pk]) for each in signals]


@router.get("/figures/feeds/{feed}/vintages", response=Page[VintageShape])
def list_vintages(request: HttpRequest, feed: str, before: Before = None, limit: Limit = 50) -> dict[str, Any]:
    """Show what a source published, newest first; `before` is a vintage's number."""
    before = None if before is None else min(before, 2**31 - 1)
    rows = queries.vintages(asked.feed(feed), before=before, limit=limit + 1)
    shown = rows[:limit]
    indices = log.indices([bytes(row.entry) for row in shown])
    follows = dict(zip([row.pk for row in rows], rows[1:], strict=False))
    return {
        "items": [VintageShape.at(row, follows.get(row.pk), indices.get(bytes(row.entry))) for row in shown],
        "next": shown[-1].number if len(rows) > limit else None,
    }


@router.get("/figures/vintages/{vintage_id}", response=VintageShape)
def get_vintage(request: HttpRequest, vintage_id: str) -> VintageShape:
    """Show one vintage: how much it changed, its hash, and its entry on the log."""
    vintage = asking.found("vint", queries.vintage, vintage_id)
    index = log.indices([bytes(vintage.entry)]).get(bytes(vintage.entry))
    return VintageShape.at(vintage, queries.vintage_before(vintage), index)


@router.get("/figures/vintages/{vintage_id}/changes.csv", response={200: str})
def get_change_file(request: HttpRequest, vintage_id: str) -> HttpResponseBase:
    """Download the canonical file of what a vintage changed: its SHA-256 stands on the log."""
    return change_file_answer(request, asking.found("vint", queries.vintage, vintage_id))


class SoughtChanges(Asked):
    """Which of a vintage's changes; what is left empty does not restrict."""

    place: Text = Field("", description="A place's code; what lies in it counts too.")
    only_revised: bool = Field(False, description="Leave out figures that are new.")
    after: Annotated[int | None, Field(ge=1, le=2**63 - 1, description="The `next` of the page before.")] = None
    limit: Limit = 50


@router.get("/figures/vintages/{vintage_id}/changes", response=ChangesShape)
def list_changes(request: HttpRequest, vintage_id: str, sought: Query[SoughtChanges]) -> ChangesShape:
    """Show what a vintage changed, each figure with what stood before."""
    vintage = asking.found("vint", queries.vintage, vintage_id)
    rows = queries.changes(
        vintage,
        place=asking.place_if(sought.place),
        only_revised=sought.only_revised,
        after=sought.after,
        limit=sought.limit + 1,
    )
    shown = rows[: sought.limit]
    return ChangesShape(
        vintage=VintageRef.of(vintage),
        items=[ChangeShape.of(row) for row in shown],
        next=shown[-1].row if len(rows) > sought.limit else None,
    )


@router.get("/figures/vintages/{vintage_id}/flags", response=list[FlagShape])
def list_vintage_flags(request: HttpRequest, vintage_id: str, limit: Limit = 200) -> list[FlagShape]:
    """Show what checks noticed in one vintage."""
    return [FlagShape.of(each) for each in queries.flags_of(asking.found("vint", queries.vintage, vintage_id), limit)]


class SoughtSeries(Standing, Days):
    """Whose figures of what, of which days, at which vintage."""

    place: Code = Field(description="A place's code.")
    signal: Code = Field(description="A signal's code.")
    definition: Text = Field("", description="A definition's code; without it, the signal's first.")


@router.get("/figures/feeds/{feed}/series", response=SeriesShape)
def get_series(request: HttpRequest, feed: str, sought: Query[SoughtSeries]) -> SeriesShape:
    """Show one place's figures as they stood at any moment, with the breaks that were known then."""
    source, place, definition = asked.feed(feed), asking.place(sought.place), _definition(sought)
    at = sought.at(source)
    line = queries.line(
        place, definition.signal, at, definition=definition.code, start=sought.start, until=sought.until
    )
    if line is None:
        raise _nothing_said(source.code)
    return SeriesShape.of(line, queries.breaks(place, definition.signal, source, sought.as_of))


@router.get("/figures/feeds/{feed}/series.{ending}", response={200: dict[str, Any]}, openapi_extra=FORMAT_TYPES)
def get_series_file(
    request: HttpRequest,
    feed: str,
    ending: Ending,
    sought: Query[SoughtSeries],
) -> HttpResponse:
    """Download one place's figures. At a named vintage the bytes never change, whatever is published later."""
    source, place, definition = asked.feed(feed), asking.place(sought.place), _definition(sought)
    at = sought.at(source)
    question = f"series {place.code} {definition.signal.code} {definition.code} {sought.start} {sought.until}"

    def make() -> Table:
        table = exports.series_table(place, definition, at, start=sought.start, until=sought.until)
        if table is None:
            raise _nothing_said(source.code)
        return table

    name = f"{source.code}-{place.code}-{definition.signal.code}"
    return file_answer(request, at, ending, question, name, make, pinned=bool(sought.vintage))


class SoughtDay(Standing):
    """Which places' figures of what, on which day, at which vintage."""

    place: Code = Field(description="A place's code; itself and all that lies in it is shown.")
    signal: Code = Field(description="A signal's code.")
    definition: Text = Field("", description="A definition's code; without it, the signal's first.")
    date: Day = Field(description="The day that the figures speak of.")


@router.get("/figures/feeds/{feed}/day.{ending}", response={200: dict[str, Any]}, openapi_extra=FORMAT_TYPES)
def get_day_file(
    request: HttpRequest,
    feed: str,
    ending: Ending,
    sought: Query[SoughtDay],
) -> HttpResponse:
    """Download the figures of all places in a place on one day, as they stood at any moment."""
    source, place = asked.feed(feed), asking.place(sought.place)
    definition = asked.definition(sought.signal, sought.definition)
    at = sought.at(source)
    question = f"day {place.code} {definition.signal.code} {definition.code} {sought.date}"

    def make() -> Table:
        places = exports.places_stated(place, definition, at)
        if len(places) > exports.MOST_PLACES:
            most = f"{exports.MOST_PLACES:,}"
            raise InvalidInput(
                [Fault("place", _("More than %(most)s places lie there. Ask for a smaller place.") % {"most": most})]
            )
        return exports.day_table(places, definition, at, sought.date)

    name = f"{source.code}-{place.code}-{definition.signal.code}-{sought.date}"
    return file_answer(request, at, ending, question, name, make, pinned=bool(sought.vintage))


class SoughtFigure(Asked):
    """Which one figure."""

    place: Code = Field(description="A place's code.")
    signal: Code = Field(description="A signal's code.")
    definition: Text = Field("", description="A definition's code; without it, the signal's first.")
    date: Day = Field(description="The day that it speaks of.")


@router.get("/figures/feeds/{feed}/statements", response=SaidOfFigureShape)
def list_statements(request: HttpRequest, feed: str, sought: Query[SoughtFigure]) -> SaidOfFigureShape:
    """Show everything that a source ever said of one figure, and when."""
    source, place = asked.feed(feed), asking.place(sought.place)
    definition = asked.definition(sought.signal, sought.definition)
    signal = definition.signal
    said = overview.statements_of_figure(place, signal, source, sought.date, definition=definition.code)
    return SaidOfFigureShape(
        feed=source.code,
        publisher=OrganisationRef.of_any(source.publisher),
        place=place.code,
        signal=signal.code,
        definition=definition.code,
        date=sought.date,
        unit=signal.unit_en,
        statements=[SaidShape.of(each, signal) for each in said],
    )


class SoughtRests(Standing, Days):
    """What of which place."""

    place: Code = Field(description="A place's code.")
    signal: Code = Field(description="A signal's code.")


@router.get("/figures/feeds/{feed}/residual", response=RestsShape)
def get_residual(request: HttpRequest, feed: str, sought: Query[SoughtRests]) -> RestsShape:
    """Show what a place has beyond the sum of its parts, day by day."""
    sought.check_order()
    source, place, signal = asked.feed(feed), asking.place(sought.place), asked.signal(sought.signal)
    at = sought.at(source)
    rests = overview.rests(place, signal, at, start=sought.start, until=sought.until)
    return RestsShape(
        feed=source.code,
        place=place.code,
        signal=signal.code,
        parts=[part.code for part in queries.children(place, source, signal)],
        vintage=VintageRef.of(at),
        days=[RestShape.of(each, signal) for each in rests],
    )


class SoughtRemarks(Asked):
    """Of which place, known by when; what is left empty does not restrict."""

    place: Text = Field("", description="A place's code.")
    as_of: Moment | None = Field(None, description="As it stood at the end of this day, or at this moment.")
    limit: Limit = 50


class SoughtFlags(SoughtRemarks):
    """Which flags."""

    within: bool = Field(False, description="Those of what lies in the place too.")


@router.get("/figures/feeds/{feed}/flags", response=list[FlagShape])
def list_flags(request: HttpRequest, feed: str, sought: Query[SoughtFlags]) -> list[FlagShape]:
    """Show what checks noticed in a source's vintages, the latest days first."""
    source = asked.feed(feed)
    place = asking.place_if(sought.place)
    found = queries.flags(source, sought.as_of, place=place, within=sought.within, limit=sought.limit)
    return [FlagShape.of(each) for each in found]


class SoughtWords(Asked):
    """Of which place, known by when."""

    place: Code = Field(description="A place's code; what was said of a place that it lies in counts too.")
    signal: Text = Field("", description="A signal's code.")
    as_of: Moment | None = Field(None, description="As it stood at the end of this day, or at this moment.")
    limit: Limit = 50


@router.get("/figures/feeds/{feed}/explanations", response=list[ExplanationShape])
def list_explanations(request: HttpRequest, feed: str, sought: Query[SoughtWords]) -> list[ExplanationShape]:
    """Show why figures changed or look odd, in the publisher's words, the latest days first."""
    source, place = asked.feed(feed), asking.place(sought.place)
    signal = asked.signal(sought.signal) if sought.signal else None
    found = queries.explanations(place, source, sought.as_of, of=signal, limit=sought.limit)
    return [ExplanationShape.of(each) for each in found]


class SoughtBreaks(Asked):
    """Of which series, known by when."""

    place: Code = Field(description="A place's code; breaks of a place that it lies in count too.")
    signal: Code = Field(description="A signal's code.")
    as_of: Moment | None = Field(None, description="As it stood at the end of this day, or at this moment.")


@router.get("/figures/feeds/{feed}/breaks", response=list[BreakShape])
def list_breaks(request: HttpRequest, feed: str, sought: Query[SoughtBreaks]) -> list[BreakShape]:
    """Show from which days on a series is not comparable with what stands before."""
    source, place, signal = asked.feed(feed), asking.place(sought.place), asked.signal(sought.signal)
    return [BreakShape.of(each) for each in queries.breaks(place, signal, source, sought.as_of)]


@router.get("/figures/feeds/{feed}/stops", response=list[StopShape])
def list_stops(request: HttpRequest, feed: str, as_of: Moment | None = None, limit: Limit = 20) -> list[StopShape]:
    """Show when a source could not be read, the latest first."""
    return [StopShape.of(each) for each in queries.stops(asked.feed(feed), as_of, limit)]


def _definition(sought: SoughtSeries) -> Any:
    sought.check_order()
    return asked.definition(sought.signal, sought.definition)


def _nothing_said(feed: str) -> NotFound:
    return NotFound(
        _("%(feed)s had said nothing of this place and signal by then. Ask a later day, or look at what it counts.")
        % {"feed": feed},
        "place",
    )
