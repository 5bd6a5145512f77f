"""Replay a scenario's figures: its sources and definitions, then each vintage on the day that it was published.

The scenario's tables say what each vintage changed (`outbreak.csv.gz`), which lines could not be used
(`outbreak_rejected.csv`), where a series breaks and what was said of it (`breaks.csv`, `explanations.csv`), and how
many people live where (`population.csv`). `scenario.json` names sources and definitions under `figures`.
"""

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
from sameboat.project.scenario_tables import Row, ScenarioError, rows
from sameboat.registry.acting import Act
from sameboat.registry.models import Place

COPIED_AT = time(23, 59, 59)
"""Local time of a vintage: the source's last word of that day; its hour is not recorded."""

TOLD_AT = time(23, 58)
"""Local time at which a break or an explanation of that day is entered: before the day's vintage, which it explains."""

SIGNALS = {"confirmed": "cases.confirmed", "suspected": "cases.suspected", "cured": "cases.cured", "dead": "deaths"}
"""The signal of each column of counts."""

POPULATION = "population"

KNOWN_ON = {
    "breaks": ("declared", TOLD_AT),
    "explanations": ("explained", TOLD_AT),
    "outbreak_vintages": ("vintage", COPIED_AT),
}
"""The column that holds the day on which a table's row was known, and the hour at which it is entered."""

TABLES = (*KNOWN_ON, "population")
"""The tables whose rows `FiguresReplay` enters."""


class FiguresReplay:
    """The figures of a scenario's folder, and the feeds and signals already entered."""

    def __init__(self, folder: Path, about: Mapping[str, Any], places: Mapping[str, Place]) -> None:
        self.folder, self.about, self.places = folder, about["figures"], places
        self.zone = ZoneInfo(about["time_zone"])
        self.feeds: dict[str, Feed] = {}
        self.signals: dict[str, Signal] = {}
        self._changed: dict[str, list[Row]] = defaultdict(list)
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
        for table, (column, at) in KNOWN_ON.items():
            for line, row in rows(self.folder, table):
                try:
                    yield self._at(row[column], at), table, row | {"line": str(line)}
                except (KeyError, ValueError) as error:
                    raise ScenarioError(f"{table}.csv line {line}: {error}") from error
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

    def _break(self, act: Act, row: Row) -> int:
        declare_break(
            act,
            feed=self.feeds[self.about["outbreak"]],
            signal=self.signals[row["signal"]],
            place=self.places[row["place"]],
            day=date.fromisoformat(row["date"]),
            kind=row["kind"],
            within=row["within"] == "yes",
            text_en=_told(row["text_en"], row["source"]),
            text_zh=_told_in_chinese(row["text_zh"], row["source_zh"]),
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
            text_zh=_told_in_chinese(row["text_zh"], row["source_zh"]),
            url=row["source_url"],
            from_elsewhere=True,
        )
        return 1

    def _vintage(self, act: Act, row: Row) -> int:
        if not self._changed:
            self._read()
        changed = self._changed[row["vintage"]]
        publish_vintage(
            act,
            feed=self.feeds[self.about["outbreak"]],
            published=date.fromisoformat(row["vintage"]),
            observations=[observation for line in changed for observation in self._observations(line)],
            rejected=[Rejected(int(line["record"]), line, line["reason"]) for line in self._rejected[row["vintage"]]],
            from_elsewhere=True,
        )
        return len(changed)

    def _read(self) -> None:
        for _, line in rows(self.folder, "outbreak"):
            self._changed[line["vintage"]].append(line)
        for _, line in rows(self.folder, "outbreak_rejected"):
            self._rejected[line["vintage"]].append(line)

    def _observations(self, line: Row) -> Iterator[Observation]:
        """Yield one line's figures. A line without any was withdrawn; so was a number of suspected that is gone."""
        place, day = line["place"], date.fromisoformat(line["date"])
        withdrawn = not line["confirmed"]
        for column, signal in SIGNALS.items():
            if line[column]:
                yield Observation(place, signal, "", day, int(line[column]))
            elif withdrawn or (column == "suspected" and (place, line["date"]) in self._suspected):
                yield Observation(place, signal, "", day, None, "withdrawn")
        if line["suspected"]:
            self._suspected.add((place, line["date"]))
        else:
            self._suspected.discard((place, line["date"]))

    def _census(self, act: Act, row: Row) -> int:
        people = [line for _, line in rows(self.folder, "population")]
        publish_vintage(
            act,
            feed=self.feeds[self.about["census"]],
            published=date.fromisoformat(row["published"]),
            observations=[
                Observation(line["place"], POPULATION, "", date.fromisoformat(line["date"]), int(line["people"]))
                for line in people
            ],
            from_elsewhere=True,
        )
        return len(people)


def _told(text: str, source: str) -> str:
    """Return a text with its source behind it."""
    return f"{text} ({source})"


def _told_in_chinese(text: str, source: str) -> str:
    """Return a Chinese text with its source behind it."""
    return f"{text}（{source}）"
