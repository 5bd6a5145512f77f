"""FHIR R4 (4.0.1) MeasureReport: summary reports, alone or in a Bundle, by place and day.

Only reports of type `summary` and status `complete` give figures. The types `individual` and `subject-list` are about
persons and are refused unread.
"""

import calendar
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, cast

from sameboat.figures.engine.readers.cells import Cell, CellError, NumberReader
from sameboat.figures.engine.readers.gathering import Gathering
from sameboat.figures.engine.readers.mapping import FhirMapping, MeasurePopulation, PlaceColumns
from sameboat.figures.engine.readers.occasion import Occasion
from sameboat.figures.engine.readers.places import PlaceReader
from sameboat.figures.engine.readers.reading import Limits, NotTheFormat, Reading, TooLarge, check_columns
from sameboat.figures.engine.readers.tables import document_of

Json = dict[str, Any]

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T.+)?)?)?\Z", re.ASCII)
_NO_VALUE = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
# http://terminology.hl7.org/CodeSystem/data-absent-reason
_ABSENT = {
    "masked": "withheld",
    "not-applicable": "not-applicable",
    "not-permitted": "withheld",
    "error": "unreadable",
    "not-a-number": "unreadable",
}


def read_measure_reports(
    data: bytes,
    mapping: FhirMapping,
    occasion: Occasion,
) -> Reading:
    """Return the figures of a MeasureReport, or of those in a Bundle. A row is a report, counted from 1.

    Raises
    ------
    ReaderStop
        The document is not what the mapping says; SchemaDrift for a measure that the mapping does not know.
    """
    reports = list(_reports(data, occasion.limits))
    known = [*(population.measure for population in mapping.populations), *mapping.ignored]
    measures = [str(report.get("measure", "")).partition("|")[0] for report in reports]
    check_columns(list(dict.fromkeys(measures)), [], known, "measure")
    reader = _Reports(mapping, occasion)
    for number, (measure, report) in enumerate(zip(measures, reports, strict=True), 1):
        if measure in mapping.ignored:
            reader.gathering.count_row()
            reader.gathering.passed_over += 1
        else:
            reader.read_report(number, measure, report)
    return reader.gathering.finished(
        tuple(dict.fromkeys(measures)),
        previous_rows=occasion.previous_rows,
        least_share=mapping.least_share,
        encoding="utf-8",
    )


class _Reports:
    def __init__(self, mapping: FhirMapping, occasion: Occasion) -> None:
        self.gathering = Gathering(occasion.limits)
        self._mapping = mapping
        self._places = PlaceReader(PlaceColumns(columns=("place",), by=mapping.by), occasion.places)
        self._latest = occasion.today + timedelta(days=mapping.days_ahead)
        self._populations: dict[str, list[tuple[MeasurePopulation, NumberReader]]] = {}
        for population in mapping.populations:
            reader = NumberReader(population.decimals, population.least, population.most, "", ".", mapping.missing)
            self._populations.setdefault(population.measure, []).append((population, reader))

    def read_report(self, number: int, measure: str, report: Json) -> None:
        """Read one report; what is wrong with it is told under its number and stops no other."""
        self.gathering.count_row()
        raw = [str(report.get(key, "")) for key in ("id", "status", "type", "measure")]
        field = "type"
        try:
            if (kind := report.get("type")) != "summary":
                raise CellError("not-a-summary", f"a report of type {kind!r} may be about persons; it was not read")
            field = "status"
            if (status := report.get("status")) != "complete":
                raise CellError("not-complete", f"the report is {status!r}; only complete ones are read")
            field = "period"
            day = self._day(report.get("period"))
            field = "group"
            groups = _objects(report, "group")
            for population, reader in self._populations[measure]:
                group = _group(groups, population)
                self._read_group(number, report, group, population, reader, day, raw)
        except CellError as error:
            self.gathering.problems.tell(number, field, "", error.code, str(error), raw)

    def _day(self, period: Any) -> date:
        if not isinstance(period, dict):
            raise CellError("date-missing", "no period")
        first, last = _days(period.get("start"))[0], _days(period.get("end"))[1]
        if last < first:
            raise CellError("date-unreadable", f"the period ends on {last}, before it begins on {first}")
        day = last if self._mapping.period_day == "last" else first
        if day > self._latest:
            raise CellError("future-date", f"{day} lies after {self._latest}")
        return day

    def _read_group(
        self,
        number: int,
        report: Json,
        group: Json,
        population: MeasurePopulation,
        reader: NumberReader,
        day: date,
        raw: list[str],
    ) -> None:
        for place_text, part in self._parts(report, group):
            try:
                place = self._places.read((place_text,))
                cell, absent = _number(part, population)
            except CellError as error:
                self.gathering.problems.tell(number, "place", place_text, error.code, str(error), raw)
                continue
            if place is None:
                continue
            column = population.population or "measureScore"
            self.gathering.take(
                place, population, day, reader, cell, row=number, column=column, raw=raw, missing=absent
            )

    def _parts(self, report: Json, group: Json) -> Iterator[tuple[str, Json]]:
        """Yield each place as it is written, and what holds its numbers."""
        if not self._mapping.place_stratifier:
            yield _reference(report.get("subject")), group
            return
        stratifiers = [
            stratifier
            for stratifier in _objects(group, "stratifier")
            if any(self._mapping.place_stratifier in _codes(code) for code in _objects(stratifier, "code"))
        ]
        if len(stratifiers) != 1:
            raise CellError(
                "stratifier-missing",
                f"{len(stratifiers)} stratifiers are called {self._mapping.place_stratifier!r}; one is needed",
            )
        for stratum in _objects(stratifiers[0], "stratum"):
            codes = _codes(stratum.get("value"), self._mapping.place_system)
            yield codes[0] if codes else "", stratum


def _reports(data: bytes, limits: Limits) -> Iterator[Json]:
    document = document_of(data, limits)
    kind = document.get("resourceType") if isinstance(document, dict) else None
    if kind == "MeasureReport":
        yield document
    elif kind == "Bundle":
        entries = _objects(document, "entry")
        if len(entries) > limits.rows:
            raise TooLarge(f"There are {len(entries):,} entries; at most {limits.rows:,} are read.")
        resources = [entry.get("resource") for entry in entries]
        for resource in resources:
            # A search set may carry the measures and places beside, or what went wrong.
            if isinstance(resource, dict) and resource.get("resourceType") == "MeasureReport":
                yield resource
    elif kind == "OperationOutcome":
        raise NotTheFormat("The server answered with what went wrong (an OperationOutcome), not with a report.")
    else:
        raise NotTheFormat(f"A MeasureReport or a Bundle of them was expected; this is {kind or 'no FHIR resource'!r}.")


def _group(groups: list[Json], population: MeasurePopulation) -> Json:
    found = [group for group in groups if not population.group or population.group in _codes(group.get("code"))]
    if len(found) != 1:
        raise CellError(
            "group-missing", f"{len(found)} groups fit {population.group or 'the only one'!r}; one is needed"
        )
    return found[0]


def _number(part: Json, population: MeasurePopulation) -> tuple[Cell, str]:
    """Return the number as it stands, or a reason why it is absent."""
    if not population.population:
        score = part.get("measureScore")
        if isinstance(score, dict):
            return score.get("value"), _absent(score, "value")
        return None, ""
    found = [one for one in _objects(part, "population") if population.population in _codes(one.get("code"))]
    if len(found) != 1:
        raise CellError("population-missing", f"{len(found)} populations are called {population.population!r}")
    count = found[0].get("count")
    if isinstance(count, str):
        raise CellError("not-a-number", "a count in quotation marks is no count in FHIR")
    return count, _absent(found[0], "count")


def _absent(holder: Json, key: str) -> str:
    """Return why a primitive is absent, by its data-absent-reason; "" where it is there or nothing is said."""
    beside = holder.get(f"_{key}")
    if holder.get(key) is not None or not isinstance(beside, dict):
        return ""
    for extension in _objects(beside, "extension"):
        if extension.get("url") == _NO_VALUE:
            return _ABSENT.get(str(extension.get("valueCode")), "not-reported")
    return ""


def _reference(subject: Any) -> str:
    """Return what a reference says of a place: the identifier's value, or the id behind Location/."""
    if not isinstance(subject, dict):
        return ""
    identifier = subject.get("identifier")
    if isinstance(identifier, dict) and identifier.get("value"):
        return str(identifier["value"])
    reference = str(subject.get("reference") or "")
    kind, _, name = reference.rpartition("/")
    if kind.rpartition("/")[2] in ("Patient", "Practitioner", "RelatedPerson"):
        raise CellError("not-a-summary", "the subject is a person; the report was not read")
    return name.removeprefix("#") or str(subject.get("display") or "")


def _codes(concept: Any, system: str = "") -> list[str]:
    """Return the codes of a CodeableConcept, of one system where that is named, or else its text."""
    if not isinstance(concept, dict):
        return []
    codings = [coding for coding in _objects(concept, "coding") if system in ("", coding.get("system"))]
    codes = [str(coding["code"]) for coding in codings if coding.get("code") is not None]
    text = concept.get("text")
    return codes or ([str(text)] if text and not system else [])


def _objects(holder: Json, key: str) -> list[Json]:
    values = holder.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise NotTheFormat(f"{key!r} is no list of objects, as FHIR has it.")
    return cast("list[Json]", values)


def _days(value: Any) -> tuple[date, date]:
    """Return the first and last day of a FHIR dateTime: a year, a month, a day or an instant, at its own offset."""
    match = _DATE.match(value) if isinstance(value, str) else None
    try:
        if match is not None:
            year, month, day = int(match[1]), match[2], match[3]
            if day:
                one = date(year, int(month), int(day))
                return one, one
            if month:
                return date(year, int(month), 1), date(year, int(month), calendar.monthrange(year, int(month))[1])
            return date(year, 1, 1), date(year, 12, 31)
    except ValueError:
        pass
    raise CellError("date-unreadable", f"{str(value)[:40]!r} is no date of FHIR")
