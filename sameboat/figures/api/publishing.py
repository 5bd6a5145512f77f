"""What publishers of figures do: publish a vintage, declare a break, explain; and the operator's registering."""

from typing import Annotated, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import File, Query, Status, UploadedFile
from pydantic import Field

from sameboat.figures import asked, overview
from sameboat.figures.actions import feeds, sources, vintages
from sameboat.figures.api.router import router
from sameboat.figures.asked import Moment, NewObservation
from sameboat.figures.shapes.feeds import DefinitionShape, FeedShape, MappingShape, PublishedShape
from sameboat.figures.shapes.remarks import BreakShape, ExplanationShape
from sameboat.registry import asking
from sameboat.registry.access import act_of_caller, members
from sameboat.registry.asking import Asked, Day
from sameboat.registry.refusals import Fault, InvalidInput

MOST_BYTES = 32 << 20
"""Of an uploaded file; a larger one is read by `sameboat figures read` on the server."""

FROM_ELSEWHERE = "The operator enters what the source published elsewhere, and speaks on the log."


class NewFeed(Asked):
    """A source of figures; without a publisher the operator enters what others published."""

    code: str
    name_en: str = ""
    name_zh: str = ""
    publisher: str | None = Field(None, description="An organisation's id.")
    url: str = ""
    licence: str = ""
    zone: str = Field("Asia/Shanghai", description="The time zone of its days.")
    cadence_days: Annotated[int, Field(ge=1, le=366, description="How often it speaks.")] = 1


@router.post("/figures/feeds", auth=members, response={201: FeedShape})
def register_feed(request: HttpRequest, body: NewFeed) -> Status[FeedShape]:
    """Register a source of figures; operators only."""
    act = act_of_caller(request)
    feed = feeds.register_feed(
        act,
        code=body.code,
        name_en=body.name_en,
        name_zh=body.name_zh,
        publisher=asking.organisation_if(body.publisher, "publisher"),
        url=body.url,
        licence=body.licence,
        zone=body.zone,
        cadence_days=body.cadence_days,
    )
    return Status(201, FeedShape.of(overview.feed_states([feed], act.now)[0]))


class NewDefinition(Asked):
    """What a signal counts. The first definition of a signal, with an empty code, makes the signal."""

    signal: str
    form: Literal["cumulative", "incidence", "prevalence", "index"]
    unit_en: str = Field(description="What is counted, such as people.")
    unit_zh: str
    code: str = ""
    name_en: str = ""
    name_zh: str = ""
    decimals: Annotated[int, Field(ge=0, le=9)] = 0
    text_en: str = Field("", description="What exactly is counted, in words.")
    text_zh: str = ""
    url: str = ""


@router.post("/figures/definitions", auth=members, response={201: DefinitionShape})
def state_definition(request: HttpRequest, body: NewDefinition) -> Status[DefinitionShape]:
    """State what a signal counts; operators only."""
    definition = feeds.state_definition(act_of_caller(request), **body.model_dump())
    return Status(201, DefinitionShape.of(definition))


class NewVintage(Asked):
    """What a source says now."""

    published: Moment = Field(description="When it was published; a day where only the day is known.")
    observations: list[NewObservation]
    complete: bool = Field(False, description="Whether these are all its figures: what is not among them is withdrawn.")
    from_elsewhere: bool = Field(False, description=FROM_ELSEWHERE)


@router.post("/figures/feeds/{feed}/vintages", auth=members, response={201: PublishedShape})
def publish_vintage(request: HttpRequest, feed: str, body: NewVintage) -> Status[PublishedShape]:
    """Publish what a source says now. Only what it changes is stored, hashed and put on the log."""
    act, source = act_of_caller(request), asked.feed(feed)
    vintage = vintages.publish_vintage(
        act,
        feed=source,
        published=body.published,
        observations=asked.observations(body.observations),
        complete=body.complete,
        from_elsewhere=body.from_elsewhere,
    )
    return Status(201, PublishedShape.with_problems(vintage, overview.rejected_lines(vintage)))


class NewMapping(Asked):
    """How a source's files are read."""

    mapping: str = Field(description="The mapping as TOML or JSON; docs/figures-sources.md shows each kind.")
    from_elsewhere: bool = Field(False, description=FROM_ELSEWHERE)


@router.post("/figures/feeds/{feed}/mapping", auth=members, response={201: MappingShape})
def set_mapping(request: HttpRequest, feed: str, body: NewMapping) -> Status[MappingShape]:
    """Declare how a source's own files are read from now on."""
    found = sources.set_mapping(
        act_of_caller(request), feed=asked.feed(feed), text=body.mapping, from_elsewhere=body.from_elsewhere
    )
    return Status(201, MappingShape.of(found))


class SourceRead(Asked):
    """What is said beside a source's file."""

    published: Moment = Field(description="When it was published; a day where only the day is known.")
    complete: bool = Field(False, description="Whether it has all figures: what is not in it is withdrawn.")
    from_elsewhere: bool = Field(False, description=FROM_ELSEWHERE)


@router.post("/figures/feeds/{feed}/files", auth=members, response={201: PublishedShape})
def read_source(
    request: HttpRequest, feed: str, about: Query[SourceRead], file: File[UploadedFile]
) -> Status[PublishedShape]:
    """Upload a source's own file: it is read as its mapping says, and published.

    Where it cannot be read at all, that is put on the log, the figures published before stand, and the answer is 422.
    """
    if (file.size or 0) > MOST_BYTES:
        most = f"{MOST_BYTES >> 20} MiB"
        raise InvalidInput([Fault("file", _("The file is larger than %(most)s. Send it in parts.") % {"most": most})])
    result = sources.read_source(act_of_caller(request), feed=asked.feed(feed), data=file.read(), **about.model_dump())
    vintage = sources.published(result)
    return Status(201, PublishedShape.with_problems(vintage, overview.rejected_lines(vintage)))


class NewBreak(Asked):
    """From which day on a series is not comparable with what stands before, and why."""

    place: str
    signal: str
    date: Day
    kind: Literal["definition", "correction", "backlog"]
    text_en: str = ""
    text_zh: str = ""
    url: str = ""
    from_elsewhere: bool = Field(False, description=FROM_ELSEWHERE)


@router.post("/figures/feeds/{feed}/breaks", auth=members, response={201: BreakShape})
def declare_break(request: HttpRequest, feed: str, body: NewBreak) -> Status[BreakShape]:
    """Declare a break in the figures of a place and of all that lies in it."""
    found = feeds.declare_break(
        act_of_caller(request),
        feed=asked.feed(feed),
        place=asking.place(body.place),
        signal=asked.signal(body.signal),
        day=body.date,
        **body.model_dump(include={"kind", "text_en", "text_zh", "url", "from_elsewhere"}),
    )
    return Status(201, BreakShape.of(found))


class NewExplanation(Asked):
    """Why the figures of a place and of these days changed or look odd."""

    place: str
    signal: str = Field("", description="A signal's code; without it, all of them.")
    date: Day
    until: Day | None = None
    text_en: str = ""
    text_zh: str = ""
    url: str = ""
    from_elsewhere: bool = Field(False, description=FROM_ELSEWHERE)


@router.post("/figures/feeds/{feed}/explanations", auth=members, response={201: ExplanationShape})
def explain(request: HttpRequest, feed: str, body: NewExplanation) -> Status[ExplanationShape]:
    """Explain figures, in the publisher's words."""
    found = feeds.explain(
        act_of_caller(request),
        feed=asked.feed(feed),
        place=asking.place(body.place),
        signal=asked.signal(body.signal) if body.signal else None,
        day=body.date,
        **body.model_dump(include={"until", "text_en", "text_zh", "url", "from_elsewhere"}),
    )
    return Status(201, ExplanationShape.of(found))
