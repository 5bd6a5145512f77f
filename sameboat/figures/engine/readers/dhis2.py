"""DHIS2: data value sets as JSON or CSV, and analytics as JSON.

The shapes are those of the DHIS2 Web API 2.40 (data values, analytics) and its ISO-like periods. Who stored a value and
what they remarked are never kept: both may name persons.
"""

import calendar
import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from sameboat.figures.engine.readers.cells import Cell, CellError, NumberReader, plain
from sameboat.figures.engine.readers.gathering import Gathering
from sameboat.figures.engine.readers.mapping import DataElement, Dhis2Mapping, PlaceColumns, Table
from sameboat.figures.engine.readers.occasion import Occasion
from sameboat.figures.engine.readers.places import PlaceReader
from sameboat.figures.engine.readers.reading import (
    Limits,
    NotTheFormat,
    Reading,
    SchemaDrift,
    TooLarge,
    check_columns,
)
from sameboat.figures.engine.readers.tables import document_of, rows_of

_FIELDS = ("dataElement", "period", "orgUnit", "categoryOptionCombo", "attributeOptionCombo", "value")
_NEEDED = ("dataElement", "period", "orgUnit", "value")
# Known and never read; the first two name persons, or may.
_PASSED = ("storedBy", "comment", "created", "lastUpdated", "followup", "followUp", "deleted", "dataSet")
# What /api/analytics calls the dimensions.
_ANALYTICS = {"dx": "dataElement", "pe": "period", "ou": "orgUnit", "co": "categoryOptionCombo", "value": "value"}

_MONTHS = {name: number for number, name in enumerate(calendar.month_name) if name}
_WEEK_BEGINS = {"": 0, "Wed": 2, "Thu": 3, "Sat": 5, "Sun": 6}
_PERIOD = re.compile(
    r"""(?P<year>\d{4})(?:
        (?P<month>\d{2})(?P<day>\d{2})?(?P<bi>B)?
        |(?P<begins>Wed|Thu|Sat|Sun)?W(?P<week>\d{1,2})
        |BiW(?P<fortnight>\d{1,2})
        |Q(?P<quarter>[1-4])
        |(?P<half>(?:April|Nov)?)S(?P<side>[12])
        |(?P<financial>April|July|Sep|Oct|Nov)
    )?\Z""",
    re.VERBOSE,
)
_FINANCIAL = {"April": 4, "July": 7, "Sep": 9, "Oct": 10, "Nov": 11}
_HALF = {"": 1, "April": 4, "Nov": 11}


def period_days(period: str) -> tuple[date, date]:
    """Return the first and the last day of a DHIS2 period, such as 20200213, 2020W7, 202002, 2020Q1 or 2020.

    Raises
    ------
    CellError
        `date-unreadable`: it is no fixed period; a relative one (LAST_12_MONTHS) means another each day.
    """
    match = _PERIOD.match(period)
    try:
        if match is not None:
            return _span(match)
    except ValueError:
        pass
    raise CellError("date-unreadable", f"{period[:40]!r} is no period of DHIS2 with a year in it")


def _span(match: re.Match[str]) -> tuple[date, date]:
    part, year = match.groupdict(), int(match["year"])
    if part["day"]:
        if part["bi"]:
            raise ValueError
        day = date(year, int(part["month"]), int(part["day"]))
        return day, day
    if part["month"]:
        if int(part["month"]) > (6 if part["bi"] else 12):
            raise ValueError
        return _months(year, int(part["month"]) * 2 - 1, 2) if part["bi"] else _months(year, int(part["month"]), 1)
    if part["week"]:
        first = _week(year, int(part["week"]), _WEEK_BEGINS[part["begins"] or ""])
        return first, first + timedelta(days=6)
    if part["fortnight"]:
        if not 1 <= int(part["fortnight"]) <= 27:
            raise ValueError
        first = _week(year, int(part["fortnight"]) * 2 - 1, 0)
        return first, first + timedelta(days=13)
    if part["quarter"]:
        return _months(year, int(part["quarter"]) * 3 - 2, 3)
    if part["side"]:
        return _months(year, _HALF[part["half"]] + (6 if part["side"] == "2" else 0), 6)
    if part["financial"]:
        # A year that begins in November is named after the year it ends in.
        return _months(year - 1 if part["financial"] == "Nov" else year, _FINANCIAL[part["financial"]], 12)
    return _months(year, 1, 12)


def _months(year: int, month: int, number: int) -> tuple[date, date]:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    end = month + number - 1
    end_year, end_month = year + (end - 1) // 12, (end - 1) % 12 + 1
    return date(year, month, 1), date(end_year, end_month, calendar.monthrange(end_year, end_month)[1])


def _week(year: int, week: int, begins: int) -> date:
    """Return the first day of a week: the first week of a year has at least four of its days, as in ISO 8601."""
    fourth = date(year, 1, 4)
    first = fourth - timedelta(days=(fourth.weekday() - begins) % 7)
    day = first + timedelta(weeks=week - 1)
    # A week belongs to the year that most of it, and so its fourth day, lies in.
    if week < 1 or (day + timedelta(days=3)).year != year:
        raise ValueError
    return day


def read_dhis2(
    data: bytes,
    mapping: Dhis2Mapping,
    occasion: Occasion,
) -> Reading:
    """Return the figures of a DHIS2 document. A deleted value is missing as withdrawn.

    Raises
    ------
    ReaderStop
        The document is not what the mapping says.
    """
    readers = {
        "dhis2-csv": _csv_values,
        "dhis2-json": _json_values,
        "dhis2-analytics": _analytics_values,
    }
    columns, values = readers[mapping.format](data, occasion.limits)
    place_reader = PlaceReader(PlaceColumns(columns=("orgUnit",), by=mapping.by), occasion.places)
    return _Dhis2(mapping, place_reader, occasion).read(columns, values)


Value = dict[str, Cell]
Values = tuple[tuple[str, ...], Iterator[tuple[int, Value]]]


class _Dhis2:
    def __init__(self, mapping: Dhis2Mapping, places: PlaceReader, occasion: Occasion) -> None:
        self._mapping = mapping
        self._previous_rows = occasion.previous_rows
        self._places = places
        self._latest = occasion.today + timedelta(days=mapping.days_ahead)
        self._gathering = Gathering(occasion.limits)
        self._elements: dict[str, list[tuple[DataElement, NumberReader]]] = {}
        for element in mapping.elements:
            reader = NumberReader(element.decimals, element.least, element.most, "", ".", mapping.missing)
            self._elements.setdefault(element.data_element, []).append((element, reader))

    def read(self, columns: Sequence[str], values: Iterator[tuple[int, Value]]) -> Reading:
        seen: dict[str, None] = {}
        for number, value in values:
            self._gathering.count_row()
            name = plain(value.get("dataElement"))
            seen[name] = None
            if name in self._elements:
                self._read_value(number, value, self._elements[name])
            elif name in self._mapping.ignored:
                self._gathering.passed_over += 1
            elif len(seen) > 1000:
                break
        # An element that no place reported this time is no drift: DHIS2 leaves empty values out.
        check_columns(list(seen), [], [*self._elements, *self._mapping.ignored], "data element")
        return self._gathering.finished(
            columns, previous_rows=self._previous_rows, least_share=self._mapping.least_share, encoding="utf-8"
        )

    def _read_value(self, number: int, value: Value, elements: list[tuple[DataElement, NumberReader]]) -> None:
        raw = [value.get(name) for name in _FIELDS]
        column = "orgUnit"
        try:
            place = self._places.read((plain(value.get("orgUnit")),))
            column = "period"
            first, last = period_days(plain(value.get("period")))
            if first > self._latest or (self._mapping.period_day == "last" and last > self._latest):
                raise CellError("future-date", f"the period ends on {last}, after {self._latest}")
            column = "categoryOptionCombo"
            element, reader = _chosen(value, elements)
        except CellError as error:
            self._gathering.problems.tell(number, column, plain(value.get(column)), error.code, str(error), raw)
            return
        if place is None:
            return
        day = last if self._mapping.period_day == "last" else first
        missing = "withdrawn" if plain(value.get("deleted")).casefold() == "true" else ""
        self._gathering.take(
            place, element, day, reader, value.get("value"), row=number, column="value", raw=raw, missing=missing
        )


def _chosen(value: Value, elements: list[tuple[DataElement, NumberReader]]) -> tuple[DataElement, NumberReader]:
    category, attribute = plain(value.get("categoryOptionCombo")), plain(value.get("attributeOptionCombo"))
    for element, reader in elements:
        if element.category_option_combo in ("", category) and element.attribute_option_combo in ("", attribute):
            return element, reader
    raise CellError("option-unknown", f"the mapping knows no {category or 'such'} option of this data element")


def _csv_values(data: bytes, limits: Limits) -> Values:
    rows = rows_of(data, "csv", Table(), limits)
    # Some versions write the names in small letters.
    real = {name.casefold(): name for name in (*_FIELDS, *_PASSED)}
    header = [real.get(name.casefold(), name) for name in rows.header]
    check_columns(header, _NEEDED, [*_FIELDS, *_PASSED])
    width = len(header)

    def values() -> Iterator[tuple[int, Value]]:
        for number, cells in rows.rows:
            if cells:
                yield number, dict(zip(header, [*cells, *[None] * (width - len(cells))], strict=False))

    return rows.header, values()


def _json_values(data: bytes, limits: Limits) -> Values:
    document = _document(data, limits)
    if "dataValues" not in document:
        _refuse(document, "dataValues")
    values = _list(document["dataValues"], "dataValues", limits)
    # A set may say once what all of its values share.
    shared = {name: document[name] for name in ("period", "orgUnit", "attributeOptionCombo") if name in document}
    columns: dict[str, None] = {}
    for value in values:
        columns.update(dict.fromkeys(value))
    check_columns(
        list(columns), [name for name in _NEEDED if values and name not in shared], [*_FIELDS, *_PASSED], "key"
    )
    return tuple(columns), ((number, {**shared, **value}) for number, value in enumerate(values, 1))


def _analytics_values(data: bytes, limits: Limits) -> Values:
    document = _document(data, limits)
    if "headers" not in document or "rows" not in document:
        _refuse(document, "headers and rows")
    headers = document["headers"]
    if not isinstance(headers, list) or not all(isinstance(head, dict) for head in headers):
        raise NotTheFormat("The headers are no list of columns.")
    names = [str(head.get("name")) for head in headers]
    check_columns(names, ["dx", "pe", "ou", "value"], [*_ANALYTICS, "numerator", "denominator", "factor"], "header")
    rows = document["rows"]
    if not isinstance(rows, list):
        raise NotTheFormat("The rows are no list.")
    if len(rows) > limits.rows:
        raise TooLarge(f"There are {len(rows):,} rows; at most {limits.rows:,} are read.")

    def values() -> Iterator[tuple[int, Value]]:
        for number, row in enumerate(rows, 1):
            if not isinstance(row, list) or len(row) != len(names):
                raise NotTheFormat(f"Row {number} has not the {len(names)} cells of the headers.")
            value = {_ANALYTICS.get(name, name): cell for name, cell in zip(names, row, strict=True)}
            element = plain(value["dataElement"])
            # "element.combo" is an operand.
            value["dataElement"], _, combo = element.partition(".")
            if combo:
                value["categoryOptionCombo"] = combo
            yield number, value

    return tuple(names), values()


def _document(data: bytes, limits: Limits) -> dict[str, Any]:
    document = document_of(data, limits)
    if not isinstance(document, dict):
        raise NotTheFormat("A JSON object was expected.")
    return document


def _list(values: Any, name: str, limits: Limits) -> list[dict[str, Any]]:
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise NotTheFormat(f"{name} is no list of objects.")
    if len(values) > limits.rows:
        raise TooLarge(f"There are {len(values):,} values; at most {limits.rows:,} are read.")
    return values


def _refuse(document: dict[str, Any], name: str) -> None:
    if "httpStatusCode" in document or "status" in document:
        raise NotTheFormat(f"The server answered with a message: {str(document.get('message', ''))[:200]!r}.")
    raise SchemaDrift(f"Nothing was read: the document has no {name}.", missing=[name], unexpected=list(document)[:20])
