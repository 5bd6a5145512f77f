"""Every read of needs, lots and hand-overs that leaves this room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from sameboat.registry.engine import signature
from sameboat.registry.models import Item, Organisation, Place, Unit
from sameboat.registry.queries import places_within
from sameboat.supplies.engine.fair_share import Claim, max_min_shares
from sameboat.supplies.models import Allocation, DayTotal, HandOver, Lot, Need, OrganisationTotal
from sameboat.transparency import queries as log

Measure = DayTotal.Measure


def left_of(lot: Lot) -> int | None:
    """Return what is left in a lot, from the books; None where nobody knows how much it held."""
    if lot.quantity is None:
        return None
    return log.balance(f"held:{lot.public_id}", f"{lot.item.code}/{lot.unit.code}")


def left_of_each(lots: Sequence[Lot]) -> dict[str, int | None]:
    """Return what is left in each lot by its id, as `left_of` does, with one look into the books."""
    held = log.balances(f"held:{lot.public_id}" for lot in lots)
    return {
        lot.public_id: None
        if lot.quantity is None
        else held.get((f"held:{lot.public_id}", f"{lot.item.code}/{lot.unit.code}"), 0)
        for lot in lots
    }


def fair_shares(lot: Lot) -> dict[str, int]:
    """Return the max-min fair share of what is left in a lot for each open need of its kind, by the need's id."""
    left = left_of(lot)
    needs = Need.objects.filter(item_id=lot.item_id, unit_id=lot.unit_id, state=Need.State.OPEN)
    if lot.need_id is not None:
        needs = needs.filter(pk=lot.need_id)
    claims = list(needs.order_by("published_at", "id"))
    had = dict(
        OrganisationTotal.objects.filter(
            organisation__in={need.organisation_id for need in claims},
            measure=Measure.HANDED_OVER,
            item_id=lot.item_id,
            unit_id=lot.unit_id,
        ).values_list("organisation_id", "quantity")
    )
    return max_min_shares(
        left or 0,
        [Claim(need.public_id, need.outstanding, had.get(need.organisation_id, 0)) for need in claims],
    )


def hand_over_statement(allocation: Allocation) -> str:
    """Return the text a giver's device key signs when handing an allocation over."""
    lot = allocation.lot
    return signature.statement(
        {
            "act": "hand over",
            "allocation": allocation.public_id,
            "giver": lot.holder.public_id,
            "receiver": allocation.need.organisation.public_id,
            "lot": lot.public_id,
            "need": allocation.need.public_id,
            "item": lot.item.code,
            "quantity": allocation.quantity,
            "unit": lot.unit.code,
        }
    )


def receipt_statement(handover: HandOver, quantity: int | None) -> str:
    """Return the text a receiver's device key signs for what arrived."""
    return signature.statement(
        {
            "act": "receive",
            "handover": handover.public_id,
            "giver": handover.giver.public_id,
            "receiver": handover.receiver.public_id if handover.receiver else None,
            "item": handover.item.code,
            "quantity": quantity,
            "unit": handover.unit.code,
        }
    )


@dataclass(frozen=True, slots=True)
class NeedFilter:
    """What to search needs by; empty fields do not restrict."""

    text: str = ""
    place: str = ""
    item: str = ""
    state: str = Need.State.OPEN
    organisation: str = ""
    as_of: date | None = None


def end_of(day: date) -> datetime:
    """Return the first moment after a day, in the installation's zone."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


def needs(sought: NeedFilter, before: int | None = None, limit: int = 50) -> list[Need]:
    """Return needs, newest first, those whose row stands before `before`."""
    found = Need.objects.select_related("organisation", "place", "item", "unit", "emergency")
    if sought.as_of:
        moment = end_of(sought.as_of)
        found = found.filter(published_at__lt=moment)
        still_open = Q(closed_at=None) | Q(closed_at__gte=moment)
        if sought.state == Need.State.OPEN:
            found = found.filter(still_open)
        elif sought.state:
            found = found.filter(state=sought.state, closed_at__lt=moment)
    elif sought.state:
        found = found.filter(state=sought.state)
    if sought.organisation:
        found = found.filter(organisation__public_id=sought.organisation)
    if sought.place:
        found = found.filter(place__in=places_within(sought.place))
    if sought.item:
        found = found.filter(Q(item__code=sought.item) | Q(item__category=sought.item))
    if sought.text:
        found = found.filter(organisation__in=_organisations_named(sought.text)) | found.filter(
            item__in=Item.objects.filter(Q(name_zh__icontains=sought.text) | Q(name_en__icontains=sought.text))
        )
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[:limit])


def places_asked_from() -> list[Place]:
    """Return the provinces and cities in which anything was ever asked for, provinces first; what to filter by."""
    asked = Place.objects.filter(Exists(Need.objects.filter(place=OuterRef("pk")))).select_related("parent__parent")
    found: dict[str, Place] = {}
    for place in asked:
        here: Place | None = place
        while here is not None:
            found[here.code] = here
            here = here.parent
    return [place for level in ("province", "city") for _, place in sorted(found.items()) if place.level == level]


def _organisations_named(text: str) -> QuerySet[Organisation]:
    return Organisation.objects.filter(
        Q(name_zh__icontains=text) | Q(name_en__icontains=text) | Q(aliases__text__icontains=text)
    )


def need(public_id: str) -> Need | None:
    """Return one need."""
    return (
        Need.objects.select_related("organisation", "place", "item", "unit", "emergency")
        .filter(public_id=public_id)
        .first()
    )


def lot(public_id: str) -> Lot | None:
    """Return one lot."""
    return Lot.objects.select_related("holder", "donor", "item", "unit", "need").filter(public_id=public_id).first()


def allocation(public_id: str) -> Allocation | None:
    """Return one allocation."""
    return (
        Allocation.objects.select_related("lot__holder", "lot__item", "lot__unit", "need__organisation", "need__item")
        .filter(public_id=public_id)
        .first()
    )


def handover(public_id: str) -> HandOver | None:
    """Return one hand-over."""
    return (
        HandOver.objects.select_related("giver", "receiver", "item", "unit", "lot", "need")
        .filter(public_id=public_id)
        .first()
    )


def lots_of(holder: Organisation, before: int | None = None, limit: int = 50) -> list[Lot]:
    """Return a holder's lots, newest first."""
    found = Lot.objects.filter(holder=holder).select_related("holder", "donor", "item", "unit", "need")
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[:limit])


def lots_given(donor: Organisation, limit: int = 50) -> list[Lot]:
    """Return the lots an organisation gave, newest first."""
    return list(Lot.objects.filter(donor=donor).select_related("holder", "item", "unit").order_by("-pk")[:limit])


def handovers(
    *,
    receiver: Organisation | None = None,
    giver: Organisation | None = None,
    need: Need | None = None,
    unsigned: bool = False,
    as_of: date | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[HandOver]:
    """Return hand-overs, newest first, those known at the end of `as_of`; with `unsigned` only those unsigned then."""
    found = HandOver.objects.select_related("giver", "receiver", "item", "unit", "lot", "need")
    if receiver is not None:
        found = found.filter(receiver=receiver)
    if giver is not None:
        found = found.filter(giver=giver)
    if need is not None:
        found = found.filter(need=need)
    if as_of is not None:
        found = found.filter(handed_at__lt=end_of(as_of))
    if unsigned:
        then = Q(signed_at=None)
        found = found.filter(then if as_of is None else then | Q(signed_at__gte=end_of(as_of)))
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[:limit])


def open_allocations(holder: Organisation, limit: int = 50) -> list[Allocation]:
    """Return a holder's allocations that wait to be handed over, oldest first."""
    return list(
        Allocation.objects.filter(lot__holder=holder, state=Allocation.State.OPEN)
        .select_related("lot__item", "lot__unit", "need__organisation")
        .order_by("pk")[:limit]
    )


@dataclass(frozen=True, slots=True)
class Total:
    """A sum of lines: `quantity` of those that are known, and how many lines there are and are unknown."""

    quantity: int = 0
    lines: int = 0
    lines_unknown: int = 0

    def __add__(self, other: "Total") -> "Total":
        return Total(self.quantity + other.quantity, self.lines + other.lines, self.lines_unknown + other.lines_unknown)

    def __sub__(self, other: "Total") -> "Total":
        return Total(self.quantity - other.quantity, self.lines - other.lines, self.lines_unknown - other.lines_unknown)


@dataclass(frozen=True, slots=True)
class ItemTotal:
    """The totals of one kind of goods in one unit, by measure."""

    item: Item
    unit: Unit
    totals: dict[str, Total]

    def of(self, measure: str) -> Total:
        """Return the total of a measure, zero lines where nothing happened."""
        return self.totals.get(measure, Total())

    @property
    def asked(self) -> Total:
        """What was asked for."""
        return self.of(Measure.ASKED)

    @property
    def received(self) -> Total:
        """What came in."""
        return self.of(Measure.RECEIVED)

    @property
    def handed_over(self) -> Total:
        """What was handed out."""
        return self.of(Measure.HANDED_OVER)

    @property
    def signed_for(self) -> Total:
        """What was signed for."""
        return self.of(Measure.SIGNED_FOR)


def item_totals(as_of: date | None = None) -> list[ItemTotal]:
    """Return the totals of every item and unit up to a day; grows with days and items, not with lines."""
    rows = DayTotal.objects.all() if as_of is None else DayTotal.objects.filter(day__lte=as_of)
    sums = rows.values_list("item", "unit", "unit__code", "measure").annotate(
        Sum("quantity"), Sum("lines"), Sum("lines_unknown")
    )
    items = Item.objects.select_related("base_unit").in_bulk()
    units = {unit.code: unit for unit in Unit.objects.all()}
    found: dict[tuple[int, str], dict[str, Total]] = {}
    for item, _unit, unit_code, measure, quantity, lines, unknown in sums:
        found.setdefault((item, unit_code), {})[measure] = Total(quantity, lines, unknown)
    return [
        ItemTotal(items[item], units[unit], totals)
        for (item, unit), totals in sorted(found.items(), key=lambda pair: (items[pair[0][0]].code, pair[0][1]))
    ]


@dataclass(frozen=True, slots=True)
class DayLines:
    """What happened on one day, in lines and in units of the kinds asked for."""

    day: date
    total: Total


def daily(measure: str, items: Sequence[str] = (), unit: str = "") -> list[DayLines]:
    """Return each day's total of a measure, over the items' codes given (all when empty) and one unit."""
    rows = DayTotal.objects.filter(measure=measure)
    if items:
        rows = rows.filter(item__code__in=items)
    if unit:
        rows = rows.filter(unit__code=unit)
    sums = rows.values_list("day").annotate(Sum("quantity"), Sum("lines"), Sum("lines_unknown")).order_by("day")
    return [DayLines(day, Total(quantity, lines, unknown)) for day, quantity, lines, unknown in sums]


def organisation_totals(organisation: Organisation) -> list[ItemTotal]:
    """Return what one organisation asked for, was handed, signed for and received, by item and unit."""
    found: dict[tuple[Item, Unit], dict[str, Total]] = {}
    for row in OrganisationTotal.objects.filter(organisation=organisation).select_related("item", "unit"):
        place = (row.item, row.unit)
        found.setdefault(place, {})[row.measure] = Total(row.quantity, row.lines, row.lines_unknown)
    return [ItemTotal(item, unit, totals) for (item, unit), totals in found.items()]


def open_lines(as_of: date | None = None) -> Total:
    """Return how many needs are open at the end of a day (now, without one), in lines and known units together."""
    rows = DayTotal.objects.filter(measure__in=(Measure.ASKED, Measure.CLOSED))
    if as_of is not None:
        rows = rows.filter(day__lte=as_of)
    found = {
        measure: Total(quantity, lines, unknown)
        for measure, quantity, lines, unknown in rows.values_list("measure").annotate(
            Sum("quantity"), Sum("lines"), Sum("lines_unknown")
        )
    }
    return found.get(Measure.ASKED, Total()) - found.get(Measure.CLOSED, Total())


def handed_to(organisation: Organisation, item: Item) -> list[ItemTotal]:
    """Return what an organisation was handed of the items of one category, by item and unit."""
    return [
        total
        for total in organisation_totals(organisation)
        if total.item.category == item.category and total.of(Measure.HANDED_OVER).lines
    ]


def last_day(as_of: date | None = None) -> date | None:
    """Return the last day on which anything is counted, up to a day."""
    rows = DayTotal.objects.all() if as_of is None else DayTotal.objects.filter(day__lte=as_of)
    return rows.order_by("-day").values_list("day", flat=True).first()
