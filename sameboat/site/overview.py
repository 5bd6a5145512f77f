"""What the first page says: what is needed most, what came in, what went out, what nobody has signed for."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sameboat.donations import queries as donations
from sameboat.registry.categories import category_name
from sameboat.registry.models import Unit
from sameboat.supplies import queries as supplies
from sameboat.supplies.queries import ItemTotal, Measure, Total

MASKS = ("mask", "respirator")
"""The categories that the opening sentence adds up."""

MOST_KINDS = 5
MOST_ITEMS = 12


@dataclass(frozen=True, slots=True)
class KindTotal:
    """One category of goods in one unit, by measure."""

    code: str
    name: str
    unit: Unit | None
    asked: Total
    received: Total
    handed_over: Total
    signed_for: Total


@dataclass(frozen=True, slots=True)
class NeededItem:
    """One item that is needed now: how many open needs, and what they add up to where they say so."""

    code: str
    name: str
    unit: Unit | None
    open: Total


@dataclass(frozen=True, slots=True)
class Overview:
    """The state of everything at the end of a day."""

    masks: KindTotal
    kinds: list[KindTotal]
    needed: list[NeededItem]
    open: Total
    handed_over: Total
    signed_for: Total
    money: list[donations.MoneyTotal]
    daily: list[tuple[date, int]]
    until: date | None

    @property
    def bars(self) -> list[tuple[str, int | None, int | None, int | None]]:
        """Rows of the chart of kinds; what no line tells is None."""
        return [
            (kind.name, _known(kind.asked), _known(kind.handed_over), _known(kind.signed_for) or 0)
            for kind in self.kinds
        ]


def overview(as_of: date | None) -> Overview:
    """Return the overview at the end of a day (now, without one); grows with days and items, not with lines."""
    totals = supplies.item_totals(as_of)
    kinds = _kinds(totals)
    masks = [kind for kind in kinds if kind.code in MASKS]
    days = supplies.daily(Measure.HANDED_OVER)
    return Overview(
        masks=_sum_of_kinds(masks),
        kinds=sorted(kinds, key=lambda kind: -kind.handed_over.quantity)[:MOST_KINDS],
        needed=_needed(totals)[:MOST_ITEMS],
        open=supplies.open_lines(as_of),
        handed_over=_sum(total.of(Measure.HANDED_OVER) for total in totals),
        signed_for=_sum(total.of(Measure.SIGNED_FOR) for total in totals),
        money=donations.money_totals(as_of),
        daily=[(day.day, day.total.lines) for day in days if as_of is None or day.day <= as_of],
        until=supplies.last_day(as_of),
    )


def _known(total: Total) -> int | None:
    return total.quantity if total.lines > total.lines_unknown else None


def _sum(totals: Iterable[Total]) -> Total:
    return sum(totals, Total())


def _kinds(totals: list[ItemTotal]) -> list[KindTotal]:
    """Add up each category in the unit that most of its items are counted in, one by one.

    A line that is counted in another unit (a carton whose contents nobody stated) is a line of unknown quantity.
    """
    groups: dict[str, list[ItemTotal]] = {}
    for total in totals:
        groups.setdefault(total.item.category, []).append(total)
    found = []
    for category, group in groups.items():
        bases = Counter(total.item.base_unit for total in group if total.item.base_unit.kind == "count")
        if not bases:
            continue
        unit = bases.most_common(1)[0][0]
        sums = {
            measure: _sum(_in_unit(total, measure, unit) for total in group)
            for measure in (Measure.ASKED, Measure.RECEIVED, Measure.HANDED_OVER, Measure.SIGNED_FOR)
        }
        found.append(KindTotal(category, category_name(category), unit, *sums.values()))
    return found


def _in_unit(total: ItemTotal, measure: Measure, unit: Unit) -> Total:
    known = total.of(measure)
    return known if total.unit == unit else Total(0, known.lines, known.lines)


def _sum_of_kinds(kinds: list[KindTotal]) -> KindTotal:
    return KindTotal(
        "mask",
        category_name("mask"),
        kinds[0].unit if kinds else None,
        _sum(kind.asked for kind in kinds),
        _sum(kind.received for kind in kinds),
        _sum(kind.handed_over for kind in kinds),
        _sum(kind.signed_for for kind in kinds),
    )


def _needed(totals: list[ItemTotal]) -> list[NeededItem]:
    """Return the items with open needs, those that most ask for first, whatever unit they ask in."""
    found: dict[str, NeededItem] = {}
    for total in totals:
        still = total.of(Measure.ASKED) - total.of(Measure.CLOSED)
        if still.lines <= 0:
            continue
        base = total.item.base_unit
        if total.unit != base:  # counted otherwise: how many base units that is, nobody knows
            still = Total(0, still.lines, still.lines)
        known = found.get(total.item.code)
        sofar = known.open if known else Total()
        found[total.item.code] = NeededItem(total.item.code, total.item.name, base, sofar + still)
    return sorted(found.values(), key=lambda needed: -needed.open.lines)


def tally(totals: list[ItemTotal]) -> dict[str, Total]:
    """Return one organisation's lines by measure, whatever the goods."""
    return {
        measure.name.lower(): _sum(total.of(measure) for total in totals)
        for measure in (Measure.ASKED, Measure.RECEIVED, Measure.HANDED_OVER, Measure.SIGNED_FOR)
    }
