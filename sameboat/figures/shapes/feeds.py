"""Feeds, what they count, and their vintages."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from sameboat.figures.models import Definition, Feed, FeedMapping, RejectedLine, Signal, Vintage
from sameboat.figures.overview import Counted, FeedState
from sameboat.registry.shapes import OrganisationRef


class VintageRef(BaseModel):
    """The vintage at which an answer stands, and where to check it."""

    id: str
    number: int
    published_at: datetime
    sha256: str = Field(description="Of the canonical file of what it changed.")
    entry: str = Field(description="The leaf hash of its entry on the log, in hex.")

    @classmethod
    def of(cls, vintage: Vintage) -> "VintageRef":
        return cls(**_vintage_fields(vintage))


def _vintage_fields(vintage: Vintage) -> dict[str, Any]:
    return {
        "id": vintage.public_id,
        "number": vintage.number,
        "published_at": vintage.published_at,
        "sha256": vintage.sha256,
        "entry": bytes(vintage.entry).hex(),
    }


class ProblemShape(BaseModel):
    """A row that could not be used, counted from 1, and what is wrong with it."""

    line: int
    problem: str


class PublishedShape(VintageRef):
    """A vintage just published: what it changed, and the first rows that could not be used; the others stand."""

    new: int
    revised: int
    withdrawn: int
    rejected: int
    problems: list[ProblemShape]

    @classmethod
    def with_problems(cls, vintage: Vintage, lines: list[RejectedLine]) -> "PublishedShape":
        return cls(
            **_vintage_fields(vintage),
            new=vintage.new,
            revised=vintage.revised,
            withdrawn=vintage.withdrawn,
            rejected=vintage.rejected,
            problems=[ProblemShape(line=row.line, problem=row.problem) for row in lines],
        )


class VintageShape(VintageRef):
    """What a feed published at one moment, counted."""

    feed: str
    recorded_at: datetime
    new: int
    revised: int
    withdrawn: int
    rejected: int
    first_date: date | None
    last_date: date | None
    previous: str | None = Field(description="The hash of the file of the vintage before.")
    entry_index: int | None = Field(description="Where its entry stands in the log; null until it is published there.")
    changes: str = Field(description="The address of the canonical file.")

    @classmethod
    def at(cls, vintage: Vintage, before: Vintage | None, index: int | None) -> "VintageShape":
        return cls(
            **_vintage_fields(vintage),
            feed=vintage.feed.code,
            recorded_at=vintage.recorded_at,
            new=vintage.new,
            revised=vintage.revised,
            withdrawn=vintage.withdrawn,
            rejected=vintage.rejected,
            first_date=vintage.first_date,
            last_date=vintage.last_date,
            previous=before.sha256 if before else None,
            entry_index=index,
            changes=f"/api/figures/vintages/{vintage.public_id}/changes.csv",
        )


class FeedShape(BaseModel):
    """A source of figures and its last vintage. No publisher: the operator enters what others published."""

    id: str
    code: str
    name_en: str
    name_zh: str
    publisher: OrganisationRef | None
    url: str
    licence: str
    zone: str
    cadence_days: int
    registered_at: datetime
    last: VintageRef | None
    silent_since: datetime | None = Field(description="Since when it should have spoken and has not.")

    @classmethod
    def of(cls, state: FeedState) -> "FeedShape":
        return cls(**_feed_fields(state))


def _feed_fields(state: FeedState) -> dict[str, Any]:
    feed: Feed = state.feed
    return {
        "id": feed.public_id,
        "code": feed.code,
        "name_en": feed.name_en,
        "name_zh": feed.name_zh,
        "publisher": OrganisationRef.of_any(feed.publisher),
        "url": feed.url,
        "licence": feed.licence,
        "zone": feed.zone,
        "cadence_days": feed.cadence_days,
        "registered_at": feed.registered_at,
        "last": VintageRef.of(state.last) if state.last else None,
        "silent_since": state.silent_since,
    }


class CountedShape(BaseModel):
    """What a feed counts, and of how many places."""

    signal: str
    definition: str
    places: int


class FeedDetailShape(FeedShape):
    """A feed with what it counts."""

    counts: list[CountedShape]

    @classmethod
    def with_counts(cls, state: FeedState, counts: list[Counted]) -> "FeedDetailShape":
        return cls(
            **_feed_fields(state),
            counts=[
                CountedShape(signal=row.definition.signal.code, definition=row.definition.code, places=row.places)
                for row in counts
            ],
        )


class MappingShape(BaseModel):
    """How a source's files are read; the hash of its text stands on the log."""

    feed: str
    sha256: str
    set_at: datetime
    text: str

    @classmethod
    def of(cls, mapping: FeedMapping) -> "MappingShape":
        return cls(feed=mapping.feed.code, sha256=mapping.sha256, set_at=mapping.set_at, text=mapping.text)


class DefinitionShape(BaseModel):
    """What exactly a signal counts; the first of a signal has an empty code."""

    id: str
    signal: str
    code: str
    name_en: str
    name_zh: str
    text_en: str
    text_zh: str
    url: str

    @classmethod
    def of(cls, definition: Definition) -> "DefinitionShape":
        return cls(
            id=definition.public_id,
            signal=definition.signal.code,
            code=definition.code,
            name_en=definition.name_en,
            name_zh=definition.name_zh,
            text_en=definition.text_en,
            text_zh=definition.text_zh,
            url=definition.url,
        )


class SignalShape(BaseModel):
    """What is counted or measured, with everything that its counts were ever defined as."""

    code: str
    name_en: str
    name_zh: str
    form: str
    unit_en: str
    unit_zh: str
    decimals: int
    definitions: list[DefinitionShape]

    @classmethod
    def of(cls, signal: Signal, definitions: list[Definition]) -> "SignalShape":
        return cls(
            code=signal.code,
            name_en=signal.name_en,
            name_zh=signal.name_zh,
            form=signal.form,
            unit_en=signal.unit_en,
            unit_zh=signal.unit_zh,
            decimals=signal.decimals,
            definitions=[DefinitionShape.of(each) for each in definitions],
        )
