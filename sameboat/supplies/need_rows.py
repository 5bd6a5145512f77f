"""Rows in which many needs are sent at once, read into lines that can be published."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field, ValidationError

from sameboat.registry import bulk, faults
from sameboat.registry.asking import Asked, Number
from sameboat.registry.refusals import Refused
from sameboat.supplies.actions.publishing import NeedLine


class NewNeed(Asked):
    """What an organisation needs."""

    organisation: str
    item: str = Field(description="An item's code.")
    quantity: Number | None = Field(None, description="How many; left out where nobody can say.")
    unit: str | None = Field(None, description="A unit's code; left out, the item's base unit.")
    standard: str = Field("", description="The standard it must meet, where the item's own is not enough.")
    note: str = ""
    emergency: str | None = None


def need_lines(sent: Sequence[Any]) -> list[NeedLine | Refused]:
    """Return each row, an object with the fields of NewNeed, as the line to publish, or why it is none."""
    read = bulk.each(sent, _read)
    named = [row for row in read if isinstance(row, NewNeed)]
    register = bulk.Register(
        organisations=[row.organisation for row in named],
        items=[row.item for row in named],
        units=[row.unit or "" for row in named],
        emergencies=[row.emergency or "" for row in named],
    )

    def line(row: NewNeed) -> NeedLine:
        return NeedLine(
            organisation=register.organisation(row.organisation),
            item=register.item(row.item),
            quantity=row.quantity,
            unit=register.unit_if(row.unit),
            standard=row.standard,
            note=row.note,
            emergency=register.emergency_if(row.emergency),
        )

    return bulk.each(read, line)


def _read(row: Any) -> NewNeed:
    try:
        return NewNeed.model_validate(row)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise faults.invalid_input([(".".join(map(str, each["loc"])), each) for each in found]) from None
