"""Many things in one request: each row is done or refused on its own, and a bad row never sinks the good ones."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from django.db.models import Model

from sameboat.registry import asking, queries
from sameboat.registry.acting import Act
from sameboat.registry.engine import public_id
from sameboat.registry.models import Bulk, Emergency, Item, Organisation, Unit
from sameboat.registry.refusals import NotPermitted, Refused
from sameboat.registry.shapes import ErrorShape
from sameboat.transparency.rows import MOST_NAMED, parts

MOST_ROWS = 1_000
"""Rows in one request: few enough that others wait to write for a fraction of a second only."""

T = TypeVar("T")
R = TypeVar("R")


def each(rows: Iterable[T | Refused], do: Callable[[T], R]) -> list[R | Refused]:
    """Return what `do` makes of each row that was not refused before, or why it refuses it."""
    outcomes: list[R | Refused] = []
    for row in rows:
        if isinstance(row, Refused):
            outcomes.append(row)
            continue
        try:
            outcomes.append(do(row))
        except Refused as refused:
            outcomes.append(refused)
    return outcomes


def keep(act: Act, outcomes: Sequence[str | Refused]) -> Bulk:
    """Keep what became of each row, the public id of what it made or why it was refused, for when it is sent again.

    Raises NotPermitted where the person may do none of it.
    """
    if all(isinstance(outcome, NotPermitted) for outcome in outcomes):
        for outcome in outcomes:
            assert isinstance(outcome, NotPermitted)
            raise outcome
    kept = [each if isinstance(each, str) else ErrorShape.of(each).model_dump() for each in outcomes]
    return Bulk.objects.create(outcomes=kept, made_at=act.now)


class Register:
    """What many rows name, fetched in a few queries; what is not there is refused as `asking` refuses it."""

    def __init__(
        self, organisations: Iterable[str], items: Iterable[str], units: Iterable[str], emergencies: Iterable[str]
    ) -> None:
        """Fetch what is there of what is named."""
        self._organisations = _fetched(queries.organisations_by_id, _ids("org", organisations))
        self._items = _fetched(queries.items_by_code, _codes(items))
        self._emergencies = _fetched(queries.emergencies_by_id, _ids("emergency", emergencies))
        self._units = {unit.code: unit for unit in queries.units()} if any(units) else {}

    @property
    def items(self) -> list[Item]:
        """The items that are there."""
        return list(self._items.values())

    def organisation(self, org_id: str) -> Organisation:
        """Return the organisation with an id; raises NotFound."""
        if org_id not in self._organisations:
            raise asking.nothing_called(org_id, "organisation")
        return self._organisations[org_id]

    def item(self, code: str) -> Item:
        """Return the item with a code; raises InvalidInput."""
        if code not in self._items:
            raise asking.no_item(code)
        return self._items[code]

    def unit_if(self, code: str | None) -> Unit | None:
        """Return the unit with a code that may be left out; raises InvalidInput."""
        if code and code not in self._units:
            raise asking.no_unit(code, self._units.values())
        return self._units[code] if code else None

    def emergency_if(self, emergency_id: str | None) -> Emergency | None:
        """Return the emergency with an id that may be left out; raises NotFound."""
        if emergency_id and emergency_id not in self._emergencies:
            raise asking.nothing_called(emergency_id, "emergency")
        return self._emergencies[emergency_id] if emergency_id else None


M = TypeVar("M", bound=Model)


def _fetched(query: Callable[[Sequence[str]], dict[str, M]], names: set[str]) -> dict[str, M]:
    found: dict[str, M] = {}
    for part in parts(sorted(names), MOST_NAMED):
        found |= query(part)
    return found


def _ids(kind: str, named: Iterable[str]) -> set[str]:
    return {each for each in named if public_id.is_valid(each, kind)}


def _codes(named: Iterable[str]) -> set[str]:
    return {code for code in named if code.isprintable()}
