"""Publishing needs, one or a thousand: each line is checked on its own, and what can be published is stored at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from sameboat.registry import bulk
from sameboat.registry.acting import Act, speaker
from sameboat.registry.models import Emergency, Item, Organisation, Role, Unit
from sameboat.registry.quantities import PackSizes, checked_text, in_book_unit, pack_sizes, quantity_or_unknown
from sameboat.registry.refusals import Conflict, Refused
from sameboat.supplies import events
from sameboat.supplies.actions import totals
from sameboat.supplies.actions.lines import goods_of
from sameboat.supplies.models import DayTotal, Need
from sameboat.transparency import rows
from sameboat.transparency.actions import Said, append_all

LARGEST_NEED = 50_000_000
"""No hospital network asks for more of one item at once; a bigger figure is a slip of the hand."""


@dataclass(frozen=True, slots=True)
class NeedLine:
    """What an organisation needs, as somebody asks to publish it; a quantity of None or "" means unknown."""

    organisation: Organisation
    item: Item
    quantity: int | str | None = None
    unit: Unit | None = None
    standard: str = ""
    note: str = ""
    emergency: Emergency | None = None
    source: events.Source | None = None


def publish_lines(act: Act, lines: Sequence[NeedLine | Refused]) -> list[Need | Refused]:
    """Publish each line that can be, within the caller's action; return its need, or why it was refused.

    What was refused before passes through. The statements are as many as the lines fill, not as many as they are.
    """
    packed = [line for line in lines if isinstance(line, NeedLine) and line.unit is not None]
    sizes = pack_sizes(line.item for line in packed) if packed else {}
    drafts = bulk.each(lines, lambda line: _draft(act, line, sizes))
    there = _open_needs([draft.place for draft in drafts if isinstance(draft, _Draft)])

    def fresh(draft: _Draft) -> _Draft:
        if draft.place in there:
            raise Conflict(
                _("This need is published already, as %(id)s. Confirm it, or stop it and publish the new quantity.")
                % {"id": there[draft.place]},
                "item",
            )
        draft.need.public_id = there[draft.place] = act.new_id("need")
        return draft

    published = bulk.each(drafts, fresh)
    _store(act, [draft for draft in published if isinstance(draft, _Draft)])
    return bulk.each(published, lambda draft: draft.need)


_Place = tuple[int, int, str, int | None]
"""Where only one need can be open: organisation, item, standard, line of the source."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """A need that was checked: who says it, from which source."""

    need: Need
    actor: str
    source: events.Source | None

    @property
    def place(self) -> _Place:
        return (self.need.organisation_id, self.need.item_id, self.need.standard, self.need.source_line)


def _draft(act: Act, line: NeedLine, sizes: PackSizes) -> _Draft:
    """Return the need of a line; raises NotPermitted or InvalidInput."""
    source = line.source
    actor = speaker(act, line.organisation, Role.ASK, from_elsewhere=source is not None)
    amount, unit = quantity_or_unknown(line.quantity, "quantity", most=LARGEST_NEED), line.unit
    if source is None or unit is None:
        amount, unit = in_book_unit(line.item, amount, unit or line.item.base_unit, sizes)
    need = Need(
        organisation=line.organisation,
        place_id=line.organisation.place_id,
        emergency=line.emergency,
        item=line.item,
        quantity=amount,
        unit=unit,
        standard=checked_text(line.standard, "standard", 200),
        note=checked_text(line.note, "note", 500),
        source_line=source.line if source else None,
        source_url=(source.url or "") if source else "",
        published_at=act.now,
        confirmed_at=act.now,
    )
    return _Draft(need, actor, source)


# The places come first, so that the index of open needs is asked for each of them.
_OPEN = """
    WITH asked (organisation, item, standard) AS (VALUES {places})
    SELECT need.organisation_id, need.item_id, need.standard, need.source_line, need.public_id
    FROM asked CROSS JOIN supplies_need AS need
    WHERE need.state = 'open' AND need.organisation_id = asked.organisation AND need.item_id = asked.item
        AND need.standard = asked.standard
"""


def _open_needs(places: Sequence[_Place]) -> dict[_Place, str]:
    """Return the ids of the needs that are open at these places, or beside them in another line of a source."""
    asked = sorted({(organisation, item, standard) for organisation, item, standard, _line in places})
    found: dict[_Place, str] = {}
    for part in rows.parts(asked, rows.MOST_PARAMETERS // 3):
        statement = _OPEN.format(places=", ".join(["(%s, %s, %s)"] * len(part)))
        with connection.cursor() as cursor:
            cursor.execute(statement, [value for place in part for value in place])
            found |= {(row[0], row[1], row[2], row[3]): row[4] for row in cursor.fetchall()}
    return found


def _store(act: Act, drafts: Sequence[_Draft]) -> None:
    rows.create([draft.need for draft in drafts])
    today = timezone.localdate(act.now)
    totals.add_all(
        totals.Line(DayTotal.Measure.ASKED, today, need.item_id, need.unit_id, need.quantity, (need.organisation_id,))
        for need in (draft.need for draft in drafts)
    )
    append_all([Said(_event(draft), draft.actor, act.now, act.now) for draft in drafts])


def _event(draft: _Draft) -> events.NeedPublished:
    need = draft.need
    return events.NeedPublished(
        need=need.public_id,
        organisation=need.organisation.public_id,
        goods=goods_of(need.item, need.quantity, need.unit),
        standard=need.standard or None,
        note=need.note or None,
        emergency=need.emergency.public_id if need.emergency else None,
        source=draft.source,
    )
