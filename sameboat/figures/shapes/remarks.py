"""What is said about figures: breaks, explanations, what checks noticed, sources that could not be read."""

import datetime
from typing import Any

from pydantic import BaseModel

from sameboat.figures.models import Break, Explanation, FeedStop, QualityFlag


class BreakShape(BaseModel):
    """From `date` on the figures of a place, and of what lies in it, are not comparable with those before."""

    id: str
    signal: str
    place: str
    date: datetime.date
    kind: str
    text_en: str
    text_zh: str
    url: str
    declared_at: datetime.datetime

    @classmethod
    def of(cls, found: Break) -> "BreakShape":
        return cls(
            id=found.public_id,
            signal=found.signal.code,
            place=found.place.code,
            date=found.date,
            kind=found.kind,
            text_en=found.text_en,
            text_zh=found.text_zh,
            url=found.url,
            declared_at=found.declared_at,
        )


class FlagShape(BaseModel):
    """What a check noticed in a vintage; the figure stays as it was stated."""

    vintage: str
    place: str | None
    signal: str | None
    kind: str
    date: datetime.date
    until: datetime.date
    numbers: dict[str, Any]

    @classmethod
    def of(cls, flag: QualityFlag) -> "FlagShape":
        return cls(
            vintage=flag.vintage.public_id,
            place=flag.place.code if flag.place else None,
            signal=flag.signal.code if flag.signal else None,
            kind=flag.kind,
            date=flag.date,
            until=flag.until,
            numbers=flag.numbers,
        )


class ExplanationShape(BaseModel):
    """Why figures were changed or look odd, in the words of whoever publishes them."""

    id: str
    place: str
    signal: str | None
    date: datetime.date
    until: datetime.date
    text_en: str
    text_zh: str
    url: str
    explained_at: datetime.datetime

    @classmethod
    def of(cls, found: Explanation) -> "ExplanationShape":
        return cls(
            id=found.public_id,
            place=found.place.code,
            signal=found.signal.code if found.signal else None,
            date=found.date,
            until=found.until,
            text_en=found.text_en,
            text_zh=found.text_zh,
            url=found.url,
            explained_at=found.explained_at,
        )


class StopShape(BaseModel):
    """A source that could not be read at all; the figures published before stand."""

    stopped_at: datetime.datetime
    code: str
    reason: str
    data_sha256: str

    @classmethod
    def of(cls, stop: FeedStop) -> "StopShape":
        return cls(stopped_at=stop.stopped_at, code=stop.code, reason=stop.reason, data_sha256=stop.data_sha256)
