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
from sameboat.transparency.errors import ClaimError, UnknownEventError

SUBJECT_PATTERN = r"^[a-z]{2,12}_[0-9a-hjkmnp-tv-z]{26}$"

Subject = Annotated[str, StringConstraints(pattern=SUBJECT_PATTERN), "subject"]
"""A public id that the event is about; the log can be searched by it."""

_schemas: dict[tuple[str, int], type["Event"]] = {}


Step = tuple[str, ...]
"""One thing that an event does with the history, as plain words: what a `History` takes."""


class OutOfOrderError(Exception):
    """An event must look at the history itself, so it is checked when all entries before it were."""


class History:
    """What the log said so far, as far as later entries rely on it: who registered which key, for instance.

    The auditor reads entries side by side and takes their steps `register`, `revoke` and `require` in the log's order
    afterwards. An event that looks at a `table` itself is checked in its turn, which is slower.
    """

    def __init__(self) -> None:
        self._tables: defaultdict[str, dict[str, Any]] = defaultdict(dict)

    def table(self, name: str) -> dict[str, Any]:
        """Return one table, empty at first; it must grow with what is registered and not with every entry."""
        return self._tables[name]

    def register(self, kind: str, name: str, *, owner: str, detail: str, twice: str) -> None:
        """Hold that `owner` registered `name`; where it is registered already, raise ClaimError saying `twice`."""
        self.take(("register", kind, name, owner, detail, twice))

    def revoke(self, kind: str, name: str, *, owner: str, refused: str) -> None:
        """Forget `name`; unless it was held for `owner`, raise ClaimError saying `refused`."""
        self.take(("revoke", kind, name, owner, refused))

    def require(self, kind: str, name: str, *, owner: str, detail: str, absent: str, other: str) -> None:
        """Raise ClaimError saying `absent` where `name` is not held, `other` where for another owner or detail."""
        self.take(("require", kind, name, owner, detail, absent, other))

    def take(self, step: Step) -> None:
        """Take one of the steps above."""
        match step:
            case "register", kind, name, owner, detail, twice:
                if name in self._tables[kind]:
                    raise ClaimError(twice)
                self._tables[kind][name] = (owner, detail)
            case "revoke", kind, name, owner, refused:
                held = self._tables[kind].pop(name, None)
                if held is None or held[0] != owner:
                    raise ClaimError(refused)
            case "require", kind, name, owner, detail, absent, other:
                held = self._tables[kind].get(name)
                if held is None:
                    raise ClaimError(absent)
                if held != (owner, detail):
                    raise ClaimError(other)
            case _:
                raise ValueError(f"no step of a history: {step}")


class Steps(History):
    """The steps that one event takes, noted and not taken yet."""

    def __init__(self) -> None:
        self.noted: list[Step] = []

    def table(self, name: str) -> dict[str, Any]:
        raise OutOfOrderError(name)

    def take(self, step: Step) -> None:
        self.noted.append(step)


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
