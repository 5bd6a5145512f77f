"""Event types: the base of every schema on the log, and the registry that finds a schema by type and version.

A room adds one in its own `events.py`:

    class NeedStopped(Event, type="need.stopped", words=_("Need stopped"), doer="organisation"):
        "The asker withdrew what was left of a need."
        need: Subject
        organisation: Subject
"""

import functools
from collections import defaultdict
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, get_args

from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict, StringConstraints

from sameboat.transparency.engine.books import Posting
from sameboat.transparency.errors import UnknownEventError

SUBJECT_PATTERN = r"^[a-z]{2,12}_[0-9a-hjkmnp-tv-z]{26}$"

Subject = Annotated[str, StringConstraints(pattern=SUBJECT_PATTERN), "subject"]
"""A public id that the event is about; the log can be searched by it."""

_schemas: dict[tuple[str, int], type["Event"]] = {}


class History:
    """What the log said so far, as far as later entries rely on it: tables of plain values by public id."""

    def __init__(self) -> None:
        self._tables: defaultdict[str, dict[str, Any]] = defaultdict(dict)

    def table(self, name: str) -> dict[str, Any]:
        """Return one table, empty at first; it must grow with what is registered and not with every entry."""
        return self._tables[name]


class Event(BaseModel):
    """One thing that happened, as it stands in the `data` of a log entry. No floats; decimals are strings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ClassVar[str]
    version: ClassVar[int]
    words: ClassVar[object]
    doer: ClassVar[str]
    to: ClassVar[str]

    def __init_subclass__(
        cls,
        *,
        type: str = "",  # noqa: A002
        version: int = 1,
        words: object = "",
        doer: str = "",
        to: str = "",
        **kwargs: Any,
    ) -> None:
        """Register the schema.

        `words` (lazily translated) names the event for people; `doer` and `to` are the fields that hold who did it,
        and to whom.
        """
        super().__init_subclass__(**kwargs)
        if type:
            if (type, version) in _schemas:
                raise ValueError(f"event type {type} version {version} is registered twice")
            cls.type, cls.version, cls.words, cls.doer, cls.to = type, version, words, doer, to
            _schemas[type, version] = cls

    def postings(self) -> list[Posting]:
        """Return what the event moves in the books; empty where it moves nothing or the quantity is unknown."""
        return []

    def check(self, history: "History") -> None:
        """Raise ClaimError where the event claims what the log before it does not support, for the auditor.

        What later entries rely on, such as a key, is noted in `history`.
        """

    def subjects(self) -> list[str]:
        """Return the public ids in the event's own `Subject` fields and those of its parts, in order, once each."""
        return list(dict.fromkeys(_subjects(self)))


def _subjects(model: BaseModel) -> Iterator[str]:
    for name, is_subject in _fields_with_subjects(type(model)):
        value = getattr(model, name)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, BaseModel):
                yield from _subjects(part)
            elif is_subject and part is not None:
                yield part


@functools.cache
def _fields_with_subjects(model: type[BaseModel]) -> list[tuple[str, bool]]:
    """Return the fields of a part of an event that are subjects themselves, and those whose parts have such fields."""
    fields = []
    for name, field in model.model_fields.items():
        if "subject" in field.metadata or "subject" in str(field.annotation):
            fields.append((name, True))
        elif any(_fields_with_subjects(part) for part in _models_in(field.annotation)):
            fields.append((name, False))
    return fields


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def schema(type: str, version: int) -> type[Event]:  # noqa: A002
    """Return the schema of an event type, or raise UnknownEventError."""
    try:
        return _schemas[type, version]
    except KeyError:
        raise UnknownEventError(
            f"no schema for event type {type!r} version {version}; a newer program wrote it"
        ) from None


def schemas() -> list[type[Event]]:
    """Return every registered schema, by type and version."""
    return [_schemas[key] for key in sorted(_schemas)]


Reason = Literal["asked", "no-longer-needed", "law"]
"""Why a private part was erased, in a word that can say nothing of anybody."""


class Erasure(Event, type="erasure", words=_("Private part erased")):
    """The private part of an entry and its key were erased; `entry` is that entry's leaf hash in hex.

    The entry stays as it is, and its commitment opens nothing any more.
    """

    entry: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    reason: Reason
    about: Subject | None = None
