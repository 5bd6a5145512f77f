"""What programs ask with: ids, codes, quantities, days and pages, each checked before it reaches a query."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Annotated, Any, Generic, TypeVar

from django.db.models import Model
from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from sameboat.registry import queries
from sameboat.registry.engine import public_id
from sameboat.registry.models import Emergency, Item, Organisation, Place, Unit
from sameboat.registry.refusals import Fault, InvalidInput, NotFound

T = TypeVar("T")
M = TypeVar("M", bound=Model)

LONGEST_PAGE = 200


class Asked(BaseModel):
    """The body of a request: unknown fields are refused, so that a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid")


def _day(value: object) -> object:
    if isinstance(value, str):
        try:
            day = date.fromisoformat(value) if len(value) == 10 else None
        except ValueError:
            day = None
        if day is not None and 1900 <= day.year <= 2200:
            return day
    raise ValueError(_("Write the day as YYYY-MM-DD, such as 2020-01-30."))


def _quantity(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(_("Write the number as a whole number or as text, such as 500 or “1,000”."))
    return value


def _shown(text: str) -> str:
    if not text.isprintable():
        raise ValueError(_("The text has characters that cannot be shown. Type it again."))
    return text


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
"""A calendar day, written YYYY-MM-DD."""

Number = Annotated[
    int | str,
    BeforeValidator(_quantity),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}], "examples": [500, "250.00"]}),
]
"""A quantity or an amount of money: a whole number, or text; never a float."""

Text = Annotated[str, Field(max_length=200), AfterValidator(_shown)]
"""A line of text to search by, or a code."""

Before = Annotated[
    int | None, Field(ge=1, le=2**63 - 1, description="Show what stands before this: the `next` of the page before.")
]
Limit = Annotated[int, Field(ge=1, le=LONGEST_PAGE, description="How many to show at most.")]


class Page(BaseModel, Generic[T]):
    """One page of a list, newest first. `next` is the `before` of the page after it, null on the last one."""

    items: list[T]
    next: int | None


def page(rows: Sequence[M], limit: int, show: Callable[[M], Any]) -> dict[str, Any]:
    """Return a page of the first `limit` of `rows`, of which the caller fetched one more to know whether there are."""
    shown = rows[:limit]
    return {"items": [show(row) for row in shown], "next": shown[-1].pk if len(rows) > limit else None}


def found(kind: str, query: Callable[[str], M | None], thing_id: str, field: str = "") -> M:
    """Return what `query` finds under a public id of `kind`, or raise NotFound naming the id."""
    thing = query(thing_id) if public_id.is_valid(thing_id, kind) else None
    if thing is None:
        raise nothing_called(thing_id, field)
    return thing


def nothing_called(thing_id: str, field: str = "") -> NotFound:
    """Return the refusal of an id under which there is nothing."""
    return NotFound(_("There is nothing with the id “%(id)s” here. Check the id.") % {"id": thing_id[:60]}, field)


def found_if(kind: str, query: Callable[[str], M | None], thing_id: str | None, field: str) -> M | None:
    """Return what `query` finds under an id that may be left out."""
    return None if not thing_id else found(kind, query, thing_id, field)


def organisation(org_id: str, field: str = "organisation") -> Organisation:
    """Return an organisation by its id, or raise NotFound."""
    return found("org", queries.organisation, org_id, field)


def organisation_if(org_id: str | None, field: str) -> Organisation | None:
    """Return an organisation by an id that may be left out."""
    return found_if("org", queries.organisation, org_id, field)


def emergency_if(emergency_id: str | None) -> Emergency | None:
    """Return an emergency by an id that may be left out."""
    return found_if("emergency", queries.emergency, emergency_id, "emergency")


def item(code: str) -> Item:
    """Return an item by its code, or raise InvalidInput."""
    known = queries.item(code) if code.isprintable() else None
    if known is None:
        raise no_item(code)
    return known


def no_item(code: str) -> InvalidInput:
    """Return the refusal of an item's code that the catalogue does not have."""
    return InvalidInput(
        [Fault("item", _("There is no item “%(code)s”. The known ones stand at /api/items.") % {"code": code[:60]})]
    )


def unit_if(code: str | None) -> Unit | None:
    """Return a unit by a code that may be left out, or raise InvalidInput with the known ones."""
    if not code:
        return None
    known = queries.unit(code) if code.isprintable() else None
    if known is None:
        raise no_unit(code, queries.units())
    return known


def no_unit(code: str, known: Iterable[Unit]) -> InvalidInput:
    """Return the refusal of a unit's code that nobody defined, with the known ones."""
    codes = ", ".join(unit.code for unit in known)
    words = _("There is no unit “%(code)s”. Use one of: %(codes)s.") % {"code": code[:60], "codes": codes}
    return InvalidInput([Fault("unit", words)])


def place(code: str, field: str = "place") -> Place:
    """Return a place by its code, or raise InvalidInput."""
    known = queries.place(code) if code.isprintable() else None
    if known is None:
        raise InvalidInput(
            [
                Fault(
                    field, _("There is no place “%(code)s”. The known ones stand at /api/places.") % {"code": code[:60]}
                )
            ]
        )
    return known


def place_if(code: str | None, field: str = "place") -> Place | None:
    """Return a place by a code that may be left out, or raise InvalidInput."""
    return place(code, field) if code else None
