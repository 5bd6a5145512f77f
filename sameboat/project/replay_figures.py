"""Replay a scenario's figures: its sources and definitions, then each vintage on the day that it was published.

The scenario's tables say what each vintage changed (`outbreak.csv.gz`), which lines could not be used
(`outbreak_rejected.csv`), where a series breaks and what was said of it (`breaks.csv`, `explanations.csv`), and how
many people live where (`population.csv`). `scenario.json` names sources and definitions under `figures`.
"""

import csv
import gzip
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sameboat.figures.actions.feeds import declare_break, explain, register_feed, state_definition
from sameboat.figures.actions.vintages import publish_vintage
from sameboat.figures.engine.observation import Observation, Rejected
from sameboat.figures.models import Feed, Signal
from sameboat.registry.acting import Act
from sameboat.registry.models import Place

Row = dict[str, str]

COPIED_AT = time(23, 59, 59)
"""Local time of a vintage: the source's last word of that day; its hour is not recorded."""

TOLD_AT = time(23, 58)
"""Local time at which a break or an explanation of that day is entered: before the day's vintage, which it explains."""

SIGNALS = {"confirmed": "cases.confirmed", "suspected": "cases.suspected", "cured": "cases.cured", "dead": "deaths"}
"""The signal of each column of counts."""

POPULATION = "population"


def has_figures(about: Mapping[str, Any]) -> bool:
    """Return whether a scenario has figures at all."""
    return "figures" in about


class FiguresReplay:
    """The figures of a scenario's folder, and the feeds and signals already entered."""

    def __init__(self, folder: Path, about: Mapping[str, Any], places: Mapping[str, Place]) -> None:
        self.folder, self.about, self.places = folder, about["figures"], places
        self.zone = ZoneInfo(about["time_zone"])
        self.feeds: dict[str, Feed] = {}
        self.signals: dict[str, Signal] = {}
        self._changed: dict[str, list[list[str]]] = {}
        self._rejected: dict[str, list[Row]] = defaultdict(list)
        self._suspected: set[tuple[str, str]] = set()

    def register(self, act: Act) -> None:
        """Register the sources, and state what their figures count."""
        for feed in self.about["feeds"]:
            self.feeds[feed["code"]] = register_feed(act, **feed)
        for definition in self.about["definitions"]:
            stated = state_definition(act, **definition)
            self.signals[stated.signal.code] = stated.signal

    def facts(self) -> Iterator[tuple[datetime, str, Row]]:
        """Yield each break, explanation, vintage and census with the moment at which it was known."""
        for line, row in self._rows("breaks.csv"):
            yield self._at(row["declared"], TOLD_AT), "breaks", row | {"line": str(line)}
        for line, row in self._rows("explanations.csv"):
            yield self._at(row["explained"], TOLD_AT), "explanations", row | {"line": str(line)}
        for line, row in self._rows("outbreak_vintages.csv"):
            yield self._at(row["vintage"], COPIED_AT), "outbreak_vintages", row | {"line": str(line)}
        published = self.about["census_published"]
        yield self._at(published, COPIED_AT), "population", {"published": published, "line": "1"}

    def enter(self, act: Act, table: str, row: Row) -> int:
        """Enter one of them through its action; return how many rows of the tables it was."""
        return {
            "breaks": self._break,
            "explanations": self._explanation,
            "outbreak_vintages": self._vintage,
            "population": self._census,
        }[table](act, row)

    def _at(self, day: str, at: time) -> datetime:
        return datetime.combine(date.fromisoformat(day), at, self.zone)

    def _rows(self, name: str) -> Iterator[tuple[int, Row]]:
        with (self.folder / name).open(encoding="utf-8", newline="") as file:
            yield from enumerate(csv.DictReader(file), start=1)

    def _break(self, act: Act, row: Row) -> int:
        declare_break(
            act,
            feed=self.feeds[self.about["outbreak"]],
            signal=self.signals[row["signal"]],
            place=self.places[row["place"]],
            day=date.fromisoformat(row["date"]),
            kind=row["kind"],
            text_en=_told(row["text_en"], row["source"]),
            text_zh=_told(row["text_zh"], row["source"]),
            url=row["source_url"],
            from_elsewhere=True,
        )
        return 1

    def _explanation(self, act: Act, row: Row) -> int:
        explain(
            act,
            feed=self.feeds[self.about["outbreak"]],
            place=self.places[row["place"]],
            signal=self.signals[row["signal"]] if row["signal"] else None,
            day=date.fromisoformat(row["date"]),
            until=date.fromisoformat(row["until"]),
            text_en=_told(row["text_en"], row["source"]),
            text_zh=_told(row["text_zh"], row["source"]),
            url=row["source_url"],
            from_elsewhere=True,
        )
        return 1

    def _vintage(self, act: Act, row: Row) -> int:
        if not self._changed:
            self._read()
        changed = self._changed.get(row["vintage"], [])
        publish_vintage(
            act,
            feed=self.feeds[self.about["outbreak"]],
            published=date.fromisoformat(row["vintage"]),
            observations=[observation for cells in changed for observation in self._observations(cells)],
            rejected=[
                Rejected(int(line["record"]), {**line}, line["reason"]) for line in self._rejected[row["vintage"]]
            ],
            from_elsewhere=True,
        )
        return len(changed)

    def _read(self) -> None:
        """Read what the vintages changed; columns: vintage, place, date, then the counts in the order of SIGNALS."""
        text = gzip.decompress((self.folder / "outbreak.csv.gz").read_bytes()).decode()
        rows = csv.reader(io.StringIO(text, newline=""))
        if tuple(next(rows)) != ("vintage", "place", "date", *SIGNALS):
            raise KeyError("the columns of outbreak.csv.gz")
        for vintage, *cells in rows:
            self._changed.setdefault(vintage, []).append(cells)
        for _, line in self._rows("outbreak_rejected.csv"):
            self._rejected[line["vintage"]].append(line)

    def _observations(self, cells: list[str]) -> Iterator[Observation]:
        """Yield one row's figures. A row without any was withdrawn; so was a number of suspected that is gone."""
        place, day, confirmed, suspected, cured, dead = cells
        on = date.fromisoformat(day)
        for signal, cell in (("cases.confirmed", confirmed), ("cases.cured", cured), ("deaths", dead)):
            yield Observation(place, signal, "", on, int(cell) if cell else None, "" if cell else "withdrawn")
        if suspected:
            self._suspected.add((place, day))
            yield Observation(place, "cases.suspected", "", on, int(suspected))
        elif (place, day) in self._suspected:
            self._suspected.remove((place, day))
            yield Observation(place, "cases.suspected", "", on, None, "withdrawn")

    def _census(self, act: Act, row: Row) -> int:
        people = [row for _, row in self._rows("population.csv")]
        publish_vintage(
            act,
            feed=self.feeds[self.about["census"]],
            published=date.fromisoformat(row["published"]),
            observations=[
                Observation(row["place"], POPULATION, "", date.fromisoformat(row["date"]), int(row["people"]))
                for row in people
            ],
            from_elsewhere=True,
        )
        return len(people)


def _told(text: str, source: str) -> str:
    """Return a text with its source behind it."""
    return f"{text} ({source})"
