"""Replay a scenario: facts published elsewhere go through the same actions that a user calls, under their own clock.

A scenario is a folder of tables (`scenarios/wuhan-2020/README.md` says which). The operator enters each fact with its
source and line; nobody's signature, quantity or origin is invented. Ids are made from the scenario's name, so two
replays of one scenario make the same entries.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from sameboat.donations.actions.campaigns import file_campaign, open_fund
from sameboat.donations.actions.gifts import receive_goods, receive_money
from sameboat.donations.models import Fund
from sameboat.project import replay_figures, scenario_tables
from sameboat.project.scenario_tables import Row, ScenarioError
from sameboat.registry.acting import Act
from sameboat.registry.actions import declare_emergency, register_organisation
from sameboat.registry.engine import public_id
from sameboat.registry.models import Emergency, Item, Organisation, OrganisationAlias, Place, Unit
from sameboat.supplies.actions.handovers import record_published_handover
from sameboat.supplies.actions.needs import publish_need
from sameboat.supplies.events import Source
from sameboat.transparency.actions import publish

Progress = Callable[[str, int, int], None]
DayOver = Callable[[date, Act], None]
"""Told each day when all its facts are entered, with who may add to it under the scenario's own clock."""

ENTERED_AT = time(18, 0)
"""Local time at which a fact known by its day only is entered."""


@dataclass
class ReplayReport:
    """What was replayed: rows by table, the days that had any, and the entries on the log."""

    rows: Counter[str] = field(default_factory=Counter)
    days: int = 0
    entries: int = 0


def replay(
    folder: Path,
    progress: Progress = lambda _stage, _done, _total: None,
    day_over: DayOver = lambda _day, _act: None,
) -> ReplayReport:
    """Replay the scenario in `folder` into an empty installation and publish a checkpoint for each day.

    `progress` is told the stage, and how many rows of how many are done. One transaction a day; a replay that was
    interrupted must start again from an empty store.
    """
    scenario = _Scenario(folder)
    report = ReplayReport()
    scenario.enter_nouns(report)
    facts = sorted(scenario.facts(), key=lambda fact: fact[0])
    done, day = 0, None
    while done < len(facts):
        day = facts[done][0].astimezone(scenario.zone).date()
        with transaction.atomic():
            while done < len(facts) and facts[done][0].astimezone(scenario.zone).date() == day:
                moment, table, row = facts[done]
                report.rows[table] += scenario.enter(moment, table, row)
                done += 1
                if done % 50 == 0:
                    progress(day.isoformat(), done, len(facts))
        day_over(day, scenario.act_at_the_end_of(day))
        report.days += 1
        while (checkpoint := publish()) is not None:
            report.entries = checkpoint.size
    progress("done", done, len(facts))
    return report


class _Scenario:
    """The tables of a folder, and the rows already entered by their keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.about: dict[str, Any] = json.loads((folder / "scenario.json").read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise ScenarioError(f"{folder / 'scenario.json'}: {error}") from error
        self.zone = ZoneInfo(self.about["time_zone"])
        self.count = self.figures_count = 0
        start = datetime.combine(date.fromisoformat(self.about["from"]), time(), self.zone)
        self.act = Act(now=start.astimezone(UTC), operator=True, scope="replay", make_id=self.make_id)
        self.places: dict[str, Place] = {}
        self.units: dict[str, Unit] = {}
        self.items: dict[str, Item] = {}
        self.organisations: dict[str, Organisation] = {}
        self.emergency: Emergency
        self.fund: Fund
        self.figures: replay_figures.FiguresReplay | None = None
        if "figures" in self.about:
            self.figures = replay_figures.FiguresReplay(folder, self.about, self.places)

    def make_id(self, kind: str, at: datetime) -> str:
        """Return an id that is the same in every replay: its random part is a hash of its place in the scenario."""
        self.count += 1
        seed = hashlib.sha256(f"{self.about['id']} {kind} {self.count}".encode()).digest()
        return public_id.encode(kind, public_id.uuid7(int(at.timestamp() * 1000), seed[:10]))

    def make_figures_id(self, kind: str, at: datetime) -> str:
        """Return an id as `make_id` does, counted apart: figures added to a scenario change no other id of it."""
        self.figures_count += 1
        seed = hashlib.sha256(f"{self.about['id']} figures {kind} {self.figures_count}".encode()).digest()
        return public_id.encode(kind, public_id.uuid7(int(at.timestamp() * 1000), seed[:10]))

    def act_at_the_end_of(self, day: date) -> Act:
        """Return the operator's act in the last second of a day, whose ids depend on the day alone."""

        def make_id(kind: str, at: datetime) -> str:
            seed = hashlib.sha256(f"{self.about['id']} {kind} {day}".encode()).digest()
            return public_id.encode(kind, public_id.uuid7(int(at.timestamp() * 1000), seed[:10]))

        return replace(
            self.act, now=datetime.combine(day, time(23, 59, 59), self.zone).astimezone(UTC), make_id=make_id
        )

    def rows(self, table: str) -> Iterator[tuple[int, Row]]:
        """Return each row of a table with its number."""
        return scenario_tables.rows(self.folder, table)

    def enter_nouns(self, report: ReplayReport) -> None:
        """Enter places, units, items and organisations, the emergency and the fund."""
        with transaction.atomic():
            coordinates = {row["place"]: row for _, row in self.rows("coordinates")}
            for _, row in self.rows("places"):
                point = coordinates.get(row["code"])
                self.places[row["code"]] = Place.objects.create(
                    code=row["code"],
                    level=row["level"],
                    parent=self.places[row["parent"]] if row["parent"] else None,
                    name_en=row["name_en"],
                    name_zh=row["name_zh"],
                    latitude=point["latitude"] if point else None,
                    longitude=point["longitude"] if point else None,
                )
            for _, row in self.rows("units"):
                self.units[row["code"]] = Unit.objects.create(
                    code=row["code"],
                    name_en=row["name_en"],
                    plural_en=row["plural_en"],
                    name_zh=row["name_zh"],
                    kind=row["kind"],
                )
            for _, row in self.rows("items"):
                self.items[row["code"]] = Item.objects.create(
                    code=row["code"],
                    category=row["category"],
                    name_en=row["name_en"],
                    name_zh=row["name_zh"],
                    base_unit=self.units[row["base_unit"]],
                    standard=row["standard"],
                )
            declared = self.about["emergency"]
            self.emergency = declare_emergency(
                self.act,
                name_en=declared["name_en"],
                name_zh=declared["name_zh"],
                hazard=declared["hazard"],
                place=self.places[declared["place"]],
                declared_from=date.fromisoformat(declared["declared_from"]),
            )
            for line, row in _wholes_first(list(self.rows("organisations"))):
                self.organisations[row["key"]] = register_organisation(
                    self.act,
                    kind=row["kind"],
                    name_zh=row["name"],
                    name_en=row["name_en"],
                    place=self.places[row["place"]] if row["place"] else None,
                    part_of=self.organisations[row["part_of"]] if row["part_of"] else None,
                    source=f"{self.about['id']}/organisations line {line}",
                )
                report.rows["organisations"] += 1
            known = set(OrganisationAlias.objects.values_list("text", flat=True))
            OrganisationAlias.objects.bulk_create(
                OrganisationAlias(
                    text=row["alias"], organisation=self.organisations[row["organisation"]], rule=row["rule"]
                )
                for _, row in self.rows("organisation_aliases")
                if row["organisation"] and not row["under"] and row["alias"] not in known
            )
            self._open_fund()
            if self.figures:
                self.figures.register(replace(self.act, make_id=self.make_figures_id))

    def _open_fund(self) -> None:
        campaign = self.about["campaign"]
        filed = file_campaign(
            self.act,
            charity=self.organisations[self.about["holder"]],
            title_en=campaign["title_en"],
            title_zh=campaign["title_zh"],
            emergency=self.emergency,
            from_elsewhere=True,
        )
        self.fund = open_fund(
            self.act,
            campaign=filed,
            purpose_en=campaign["purpose_en"],
            purpose_zh=campaign["purpose_zh"],
            from_elsewhere=True,
        )

    def facts(self) -> Iterator[tuple[datetime, str, Row]]:
        """Yield every fact with the moment at which it was known, its table and its row."""
        for _, row in self.rows("needs"):
            yield datetime.fromisoformat(row["published_at"]), "needs", row | {"line": row["source_line"]}
        known_on = {"goods_received": "period_until", "money_received": "period_until", "handouts": "date"}
        for table, day in known_on.items():
            for _, row in self.rows(table):
                yield datetime.combine(date.fromisoformat(row[day]), ENTERED_AT, self.zone), table, row
        if self.figures:
            yield from self.figures.facts()

    def enter(self, moment: datetime, table: str, row: Row) -> int:
        """Enter one fact through its action, at its moment; return how many rows of the tables it was."""
        act = replace(self.act, now=moment.astimezone(UTC))
        try:
            if self.figures and table in replay_figures.TABLES:
                return self.figures.enter(replace(act, make_id=self.make_figures_id), table, row)
            source = Source(table=f"{self.about['id']}/{table}", line=int(row["line"]), **self._more(table, row))
            {
                "needs": self._need,
                "goods_received": self._goods,
                "money_received": self._money,
                "handouts": self._handout,
            }[table](act, row, source)
        except KeyError as error:
            raise ScenarioError(f"{table}.csv line {row['line']}: {error} is not known") from error
        except ValueError as error:
            raise ScenarioError(f"{table}.csv line {row['line']}: {error}") from error
        return 1

    def _more(self, table: str, row: Row) -> dict[str, Any]:
        if table == "needs" and row["source_url"]:
            return {"url": row["source_url"]}
        if table == "handouts" and row["same_as_line"]:
            return {"same_as_line": int(row["same_as_line"])}
        return {}

    def _need(self, act: Act, row: Row, source: Source) -> None:
        quantity, unit = self._amount(row)
        publish_need(
            act,
            organisation=self.organisations[row["organisation"]],
            item=self.items[row["item"]],
            quantity=quantity,
            unit=unit,
            standard=row["standard"],
            emergency=self.emergency,
            source=source,
        )

    def _goods(self, act: Act, row: Row, source: Source) -> None:
        quantity, unit = self._amount(row)
        receive_goods(
            act,
            charity=self.organisations[self.about["holder"]],
            item=self.items[row["item"]],
            quantity=quantity,
            unit=unit,
            donor=self.organisations[row["donor"]] if row["donor"] else None,
            stated=_stated(row, "stated_quantity", "stated_unit"),
            received_on=date.fromisoformat(row["period_until"]),
            period=f"{row['period_from']}/{row['period_until']}",
            source=source,
        )

    def _money(self, act: Act, row: Row, source: Source) -> None:
        receive_money(
            act,
            fund=self.fund,
            amount=row["amount"],
            currency=row["currency"],
            donor=self.organisations[row["donor"]] if row["donor"] else None,
            received_on=date.fromisoformat(row["period_until"]),
            period=f"{row['period_from']}/{row['period_until']}",
            source=source,
        )

    def _handout(self, act: Act, row: Row, source: Source) -> None:
        quantity, unit = self._amount(row)
        record_published_handover(
            act,
            giver=self.organisations[self.about["holder"]],
            receiver=self.organisations[row["receiver"]] if row["receiver"] else None,
            item=self.items[row["item"]],
            quantity=quantity,
            unit=unit,
            stated=_stated(row, "quantity", "stated_unit"),
            handed_on=date.fromisoformat(row["date"]),
            source=source,
        )

    def _amount(self, row: Row) -> tuple[int | None, Unit]:
        """Return the quantity in base units where the pack's size was stated, else in the unit it was stated in."""
        item = self.items[row["item"]]
        if row["base_quantity"]:
            return int(row["base_quantity"]), item.base_unit
        unit = self.units[row["unit"]] if row["unit"] else item.base_unit
        return (int(row["quantity"]) if row["quantity"] else None), unit


def _wholes_first(rows: list[tuple[int, Row]]) -> Iterator[tuple[int, Row]]:
    """Yield each organisation after the one that it is a part of."""
    waiting, known = rows, {""}
    while waiting:
        ready = [row for row in waiting if row[1]["part_of"] in known]
        if not ready:
            line, row = waiting[0]
            raise ScenarioError(f"organisations.csv row {line}: {row['part_of']} is not in the table")
        yield from ready
        known.update(row["key"] for _, row in ready)
        waiting = [row for row in waiting if row not in ready]


def _stated(row: Row, *amount: str) -> str:
    """Return a line of goods in the words of its source."""
    words = [row["stated_item"], row["specification"], " ".join(row[column] for column in amount if row[column])]
    return " · ".join(" ".join(word.split()) for word in words if word.strip())[:300]
