"""The outbreak's figures: what each day's copy of the source changed, by place and day.

The raw file gives for each copy (a vintage) the records that it set or dropped. Here a record becomes a place of
places.csv; nothing is added up, filled in or smoothed. What cannot be read stands among the rejected lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from retabulation.judgements import UnjudgedError
from retabulation.sources import MissingFactsError, Row, read_csv

COUNTS = ("confirmed", "suspected", "cured", "dead")
CHINA = ("中国", "CN")
ADDED = "added"
# One more copy holds the days after the last vintage. When it was made is not recorded; this is the first day on which
# it can have been complete (README.md, "The outbreak's figures").
LAST_COPY = date(2020, 7, 1)

Names = tuple[str, str]
Counts = tuple[int, int, int, int]
Table = list[Row]


@dataclass(frozen=True)
class Record:
    """A record of the raw files about China: its number, the copy, whether it sets or drops, and what it states."""

    number: int
    vintage: date
    drops: bool
    names: Names
    code: str
    date: date | None
    stated_date: str
    counts: Counts


@dataclass
class Changes:
    """What one vintage changed: counts by place and day (None: withdrawn), and the lines that could not be used."""

    stated: dict[tuple[str, date], Counts | None] = field(default_factory=dict)
    rejected: Table = field(default_factory=list)


class Places:
    """The places of places.csv by the names that the source gives them."""

    def __init__(self, folder: Path) -> None:
        rows = read_csv(folder / "places.csv")
        self._aliases = {
            (row["stated_province"], row["stated_city"]): row for row in read_csv(folder / "place_aliases.csv")
        }
        self._order = {names: number for number, names in enumerate(self._aliases, start=1)}
        self._provinces = {row["name_zh"]: row["code"] for row in rows if row["level"] == "province"}
        self._cities: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in rows:
            if row["code"].isdigit() and row["level"] != "province":
                self._cities[row["code"][:2], row["name_zh"]].append(row["code"])
        self._codes = {row["code"] for row in rows}
        self._found: dict[tuple[Names, str], str] = {}

    def code(self, names: Names, code: str) -> str:
        """Return the place that a record names; `code` is the source's own.

        Raises UnjudgedError where no place has the name, or where the source's code is another place's.
        """
        known = self._found.get((names, code))
        if known is None:
            known = self._found[names, code] = self._find(names, code)
        return known

    def _find(self, names: Names, code: str) -> str:
        province, city = names
        if not province:
            return "CN"
        if names in self._aliases:
            return self._aliases[names]["place"]
        found = self._provinces.get(province, "")
        if city:
            within = self._cities.get((found[:2], city), [])
            found = within[0] if len(within) == 1 else ""
        if not found or (code in self._codes and code != found):
            raise UnjudgedError(f"No row of place_aliases.csv or places.csv names {province} {city} ({code}).")
        return found

    def is_added(self, names: Names) -> bool:
        """Return whether counts under these names are added to those under the place's other name of the same day."""
        return names in self._aliases and self._aliases[names]["rule"] == ADDED

    def rank(self, names: Names) -> int:
        """Return which of two names of one place stands where both do: its own first, then the aliases' order."""
        return self._order.get(names, 0)


def records(facts: Path) -> Iterator[Record]:
    """Yield the records about China, vintage after vintage, drops first; the last copy's after them.

    The copies of 28 April to 4 May 2020 have codes and names exchanged in the rows that they add.
    Raises MissingFactsError where the raw files, or the library that reads them, are missing.
    """
    try:
        import polars
    except ImportError as error:
        raise MissingFactsError("The outbreak's raw files are Parquet: install polars to read them.") from error
    folder = facts / "outbreak" / "cn2020"
    deltas = folder / "daily_cumulative_vintages_delta.parquet"
    last = folder / "daily_cumulative_final.parquet"
    if not deltas.exists() or not last.exists():
        raise MissingFactsError(f"{deltas.name} or {last.name} is not in {folder}.")
    raw = [_record(number, row) for number, row in enumerate(polars.read_parquet(deltas).to_dicts(), start=1)]
    vintages = [record for record in raw if record is not None]
    yield from sorted(vintages, key=lambda record: (record.vintage, not record.drops, record.number))
    after = max(record.date for record in vintages if record.date)
    for number, row in enumerate(polars.read_parquet(last).to_dicts(), start=1):
        record = _record(number, row | {"as_of": LAST_COPY, "op": "set", "date_raw": None})
        if record is not None and record.date and record.date > after:
            yield record


def _record(number: int, row: dict[str, Any]) -> Record | None:
    text = {key: row[key] or "" for key in ("country", "province", "provinceCode", "city", "cityCode")}
    if text["country"] not in CHINA:
        return None
    if text["country"] == "CN":
        text |= {
            "province": text["provinceCode"],
            "provinceCode": text["province"],
            "city": text["cityCode"],
            "cityCode": text["city"],
        }
    return Record(
        number=number,
        vintage=row["as_of"],
        drops=row["op"] == "del",
        names=(text["province"], text["city"]),
        code=text["cityCode"] if text["city"] else text["provinceCode"],
        date=row["date"],
        stated_date=row["date_raw"] or row["date"].isoformat(),
        counts=(row["confirmed"], row["suspected"], row["cured"], row["dead"]),
    )


def changes(found: Iterator[Record], places: Places) -> dict[date, Changes]:
    """Return what each vintage changed against the one before."""
    lines: dict[tuple[str, date], dict[Names, Counts]] = defaultdict(dict)
    made: dict[date, Changes] = defaultdict(Changes)
    stood: dict[tuple[str, date], Counts] = {}
    touched: dict[tuple[str, date], dict[Names, Record]] = {}
    vintage: date | None = None
    for record in found:
        if vintage is not None and record.vintage != vintage:
            _settle(made[vintage], touched, lines, stood, places)
            touched = {}
        vintage = record.vintage
        if record.date is None:
            made[vintage].rejected.append(_rejected(record, "the date cannot be read"))
            continue
        key = (places.code(record.names, record.code), record.date)
        touched.setdefault(key, {})
        if record.drops:
            lines[key].pop(record.names, None)
        else:
            lines[key][record.names] = record.counts
            touched[key][record.names] = record
    if vintage is not None:
        _settle(made[vintage], touched, lines, stood, places)
    return dict(made)


def _settle(
    made: Changes,
    touched: dict[tuple[str, date], dict[Names, Record]],
    lines: dict[tuple[str, date], dict[Names, Counts]],
    stood: dict[tuple[str, date], Counts],
    places: Places,
) -> None:
    """Put what a vintage's records changed into `made` and `stood`."""
    for key, set_now in touched.items():
        named = sorted(lines[key], key=places.rank)
        own = [names for names in named if not places.is_added(names)][:1]
        used = own + [names for names in named if places.is_added(names)]
        for names in named:
            if names not in used and names in set_now:
                other = " ".join(used[0])
                made.rejected.append(_rejected(set_now[names], f"the same place and day as {other}, which stands"))
        now = _sum([lines[key][names] for names in used]) if used else None
        if now is None:
            if stood.pop(key, None) is not None:
                made.stated[key] = None
        elif stood.get(key) != now:
            stood[key] = made.stated[key] = now


def _sum(counts: list[Counts]) -> Counts:
    confirmed, suspected, cured, dead = (sum(column) for column in zip(*counts, strict=True))
    return confirmed, suspected, cured, dead


def _rejected(record: Record, reason: str) -> Row:
    return {
        "vintage": record.vintage.isoformat(),
        "record": str(record.number),
        "drops": "1" if record.drops else "",
        "stated_province": record.names[0],
        "stated_city": record.names[1],
        "stated_date": record.stated_date,
        **{name: str(count) for name, count in zip(COUNTS, record.counts, strict=True)},
        "reason": reason,
    }


def outbreak_tables(facts: Path, folder: Path) -> dict[str, Table]:
    """Return the tables of the outbreak's figures by their files' names."""
    made = changes(records(facts), Places(folder))
    return {
        "outbreak.csv.gz": list(_figures(made)),
        "outbreak_vintages.csv": list(_vintages(made)),
        "outbreak_rejected.csv": [row for vintage in sorted(made) for row in made[vintage].rejected],
    }


def _figures(made: dict[date, Changes]) -> Iterator[Row]:
    for vintage in sorted(made):
        for (place, day), counts in sorted(made[vintage].stated.items()):
            row = {"vintage": vintage.isoformat(), "place": place, "date": day.isoformat()}
            row |= dict.fromkeys(COUNTS, "") if counts is None else _text(counts)
            yield row


def _text(counts: Counts) -> Row:
    """Return the counts as text. The source writes 0 suspected where nobody published a number: unknown, so empty."""
    row = {name: str(count) for name, count in zip(COUNTS, counts, strict=True)}
    return row if counts[1] else row | {"suspected": ""}


def _vintages(made: dict[date, Changes]) -> Iterator[Row]:
    for vintage in sorted(made):
        stated = [counts for counts in made[vintage].stated.values() if counts is not None]
        sums = _sum(stated) if stated else (0, 0, 0, 0)
        yield {
            "vintage": vintage.isoformat(),
            "stated": str(len(stated)),
            "withdrawn": str(len(made[vintage].stated) - len(stated)),
            "rejected": str(len(made[vintage].rejected)),
            **{f"sum_{name}": str(count) for name, count in zip(COUNTS, sums, strict=True)},
        }
