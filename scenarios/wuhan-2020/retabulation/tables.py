"""Each table of the scenario, made from the raw tables and the judgements."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from retabulation.judgements import Judgements
from retabulation.quantities import read_stated
from retabulation.sources import LEFT_OUT, Row, numbered, one_line, read_raw

# The list counts hospitals' needs in no unit at all. A number is taken as base units only for things that are
# counted one by one; a number of gloves, covers or bottles may be pairs, cartons or litres.
COUNTED_ONE_BY_ONE = {"piece", "set", "garment", "machine"}
# The list puts four hospitals under the wrong city: 天门 is a city of its own, and 青山区 is Wuhan's.
CORRECTED_DISTRICTS = {("宜昌市", "天门市"): "429006", ("宜昌市", "武汉市"): "420107"}
# The notices of cash cover the same days as those of goods; none gives the day of a gift.
CASH_PERIOD = ("2020-01-22", "2020-01-29")
EVERYWHERE = "全国"

Table = list[Row]


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def _period(text: str) -> tuple[str, str]:
    first, _, last = text.partition("/")
    return first, last or first


def _need_place(row: Row, organisation: Row, judged: Judgements) -> str:
    """Return the place a need stands under, or the organisation's own where that lies inside it."""
    corrected = CORRECTED_DISTRICTS.get((row["city"], row["district"]))
    if corrected:
        return corrected
    city = judged.place(row["city"], "420000") or "420000"
    if row["district"] in ("", row["city"]):
        place = city
    else:
        place = judged.place(row["district"], city) or f"{city}-unassigned"
    own = organisation["place"]
    return own if own and judged.places[own]["parent"] == place else place


def first_published(events: list[Row], judged: Judgements) -> dict[tuple[str, str], str]:
    """Return when each (hospital, stated item) was first added to the list of needs, in the list's own time.

    A hospital is there by its organisation's key and by the name that the list gave it at the time: it was renamed
    in the list now and then, and one name (红十字会) stands for two.
    """
    first: dict[tuple[str, str], str] = {}
    for event in sorted((row for row in events if row["event"] == "add"), key=lambda row: row["published_at"]):
        name = one_line(event["hospital"])
        for hospital in {name, judged.named(name)}:
            first.setdefault((hospital, event["item"]), event["published_at"])
    return first


def needs(facts: Path, judged: Judgements) -> Iterator[Row]:
    """Yield the needs; `published_at` falls back to the history's end for lines that the history does not hold."""
    events = read_raw(facts, "hospital_need_events")
    first, last = first_published(events, judged), max(event["published_at"] for event in events)
    for line, row in numbered(read_raw(facts, "hospital_needs"), "hospital_needs"):
        key = judged.organisation(row["hospital"], (row["district"], row["city"]))
        item = judged.item(row["item"], row["standard"])
        known = row["quantity"] not in ("", "1")
        one_by_one = item["base_unit"] in COUNTED_ONE_BY_ONE
        hospitals = (key, one_line(row["hospital"]))
        published = min((first[name, row["item"]] for name in hospitals if (name, row["item"]) in first), default="")
        yield {
            "key": f"need-{line:04d}",
            "organisation": key,
            "place": _need_place(row, judged.organisations[key], judged),
            "item": item["code"],
            "stated_item": row["item"],
            "quantity": row["quantity"] if known else "",
            "unit": (item["base_unit"] if one_by_one else "unstated") if known else "",
            "base_quantity": row["quantity"] if known and one_by_one else "",
            "standard": row["standard"],
            "published_at": published or last,
            "published_at_basis": "event" if published else "end-of-history",
            "source_url": row["source_url"],
            "source_line": str(line),
        }


def goods_received(facts: Path, judged: Judgements) -> Iterator[Row]:
    """Yield the gifts in kind."""
    for line, row in numbered(read_raw(facts, "gifts_in_kind"), "gifts_in_kind"):
        stated = read_stated(row["quantity"], row["unit"], row["specification"])
        item = judged.item(row["item"], row["specification"])
        measured = judged.measure(stated.number, stated.word, row["item"], row["specification"], item["base_unit"])
        first, last = _period(row["notice_period"])
        yield {
            "line": str(line),
            "period_from": first,
            "period_until": last,
            "donor": judged.organisation(row["donor"]),
            "stated_item": row["item"],
            "item": item["code"],
            "specification": row["specification"],
            "stated_quantity": row["quantity"],
            "stated_unit": row["unit"],
            "quantity": _text(stated.number),
            "unit": measured.unit,
            "base_quantity": _text(measured.base_quantity),
            "reading": stated.reading,
            "base_reading": measured.reading,
        }


def money_received(facts: Path, judged: Judgements) -> Iterator[Row]:
    """Yield the cash gifts of organisations, in yuan with two decimals."""
    raw = read_raw(facts, "gifts_cash_organisations")
    for line, row in numbered(raw, "gifts_cash_organisations"):
        yield {
            "line": str(line),
            "donor": judged.organisation(row["donor"]),
            "amount": str(Decimal(row["amount_cny"]).quantize(Decimal("0.01"))),
            "currency": "CNY",
            "period_from": CASH_PERIOD[0],
            "period_until": CASH_PERIOD[1],
        }


def handouts(facts: Path, judged: Judgements) -> Iterator[Row]:
    """Yield the hand-outs; a line equal to an earlier one in every column names the first such line."""
    seen: dict[tuple[str, ...], int] = {}
    for line, row in numbered(read_raw(facts, "handouts"), "handouts"):
        stated = read_stated(row["quantity"], row["unit"], row["specification"])
        item = judged.item(row["item"], row["specification"])
        measured = judged.measure(stated.number, stated.word, row["item"], row["specification"], item["base_unit"])
        first = seen.setdefault(tuple(row.values()), line)
        yield {
            "line": str(line),
            "date": row["date"],
            "stated_receiver": row["receiver"],
            "receiver": judged.organisation(row["receiver"]),
            "stated_item": row["item"],
            "item": item["code"],
            "specification": row["specification"],
            "stated_unit": stated.word,
            "quantity": _text(stated.number),
            "unit": measured.unit,
            "base_quantity": _text(measured.base_quantity),
            "reading": stated.reading,
            "base_reading": measured.reading,
            "same_as_line": "" if first == line else str(first),
        }


def carriers(facts: Path, judged: Judgements) -> Iterator[Row]:
    """Yield the carriers that opened green lanes."""
    for line, row in numbered(read_raw(facts, "carriers"), "carriers"):
        origin = "CN" if row["from"] == EVERYWHERE else judged.place(row["from"])
        yield {
            "line": str(line),
            "name": row["name"],
            "organisation": judged.organisation(row["name"]),
            "from_place": origin or "",
            "to_place": judged.place(row["to"]) or "",
            "announced": row["announced"],
        }


def factories(facts: Path, judged: Judgements) -> Iterator[Row]:
    """Yield the factories' daily capacities; a stated 1 means unknown, as in the needs of the same list."""
    for line, row in numbered(read_raw(facts, "factories"), "factories"):
        yield {
            "line": str(line),
            "name": row["name"],
            "organisation": judged.organisation(row["name"]),
            "place": judged.place(row["city"]) or "",
            "item": judged.item(row["item"], "")["code"],
            "stated_item": row["item"],
            "units_per_day": "" if row["units_per_day"] in ("", "1") else row["units_per_day"],
        }


def left_out() -> Iterator[Row]:
    """Yield the lines of the raw tables that are no facts."""
    for entry in LEFT_OUT:
        yield {"table": entry.table, "line": str(entry.line), "reason": entry.reason}


def all_tables(facts: Path, folder: Path) -> dict[str, Table]:
    """Return every made table by its file's name."""
    judged = Judgements(folder)
    makers = (needs, goods_received, money_received, handouts, carriers, factories)
    made = {f"{make.__name__}.csv": list(make(facts, judged)) for make in makers}
    return made | {"left_out.csv": list(left_out())}
