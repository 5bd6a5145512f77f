"""How a source's table becomes figures: declared once, kept with the source, written as JSON or TOML.

Everything a reader relies on is said here, so that a source which changes stops it instead of misleading it.
"""

import tomllib
from bisect import bisect_right
from datetime import date
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator, model_validator

from sameboat.figures.engine.change_file import CODE
from sameboat.figures.engine.observation import MISSING_REASONS
from sameboat.figures.engine.readers.cells import EXCEL_SERIAL

Encoding = Literal["utf-8", "utf-8-sig", "gb18030", "utf-16", "detect"]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Code = Annotated[str, Field(pattern=CODE.pattern)]
CodeOrNone = Annotated[str, Field(pattern=f"^$|{CODE.pattern}")]

LARGEST = 10**12
"""No figure about people, goods or money of one place and day is larger, unless its mapping says so."""

WORDS_FOR_MISSING = {"": "not-reported", "-": "not-reported", "NA": "not-reported", "N/A": "not-reported"}


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DateColumn(_Declared):
    """Which column holds the day, and in which formats, each named.

    `formats` are those of `datetime.strptime`, or "excel-serial"; a sheet's own dates need none. `shift_days` is -1 for
    a source that dates a row by the morning after. `days_ahead` is 1 where the source's day begins before ours.
    """

    column: str = ""
    formats: tuple[str, ...] = ("%Y-%m-%d",)
    shift_days: int = Field(default=0, ge=-31, le=31)
    days_ahead: int = Field(default=0, ge=0, le=366)
    earliest: date | None = None

    @field_validator("formats")
    @classmethod
    def _whole_days(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for form in formats:
            if form == EXCEL_SERIAL:
                continue
            if not any(part in form for part in ("%d", "%j")) or not any(part in form for part in ("%Y", "%y")):
                raise ValueError(f"{form!r} does not say the day and the year; write it like %Y-%m-%d")
            if "%m" not in form and "%b" not in form and "%B" not in form and "%j" not in form:
                raise ValueError(f"{form!r} does not say the month; write it like %Y-%m-%d")
        return formats


class PlaceColumns(_Declared):
    """Which columns name the place, from the widest to the finest; the finest that is filled in names it.

    With `by = "code"` a cell is the place's code, and `names` may list the columns of the names beside: a name without
    a code is a place of its own that has none, and not the wider one. With `by = "name"` it is looked up among the
    places passed to the reader, below the place that the wider columns name. `unassigned` lists what the source writes
    where it cannot say the place: that becomes the wider place's unassigned child. `fixed` is for a source about one
    place. `passed_over` lists what marks a row that is no place's, such as a total.
    """

    columns: tuple[Name, ...] = ()
    names: tuple[str, ...] = ()
    by: Literal["code", "name"] = "code"
    fixed: str = ""
    unassigned: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> "PlaceColumns":
        if bool(self.columns) == bool(self.fixed):
            raise ValueError("name either the columns of the place or one fixed place")
        if self.names and (self.by == "name" or len(self.names) != len(self.columns)):
            raise ValueError("names stand beside codes, one a column; write an empty one where there is none")
        return self

    @property
    def used(self) -> tuple[str, ...]:
        """Every column that is read: those of the place, then the names beside them."""
        return (*self.columns, *filter(None, self.names))


class Counted(_Declared):
    """What a number is a figure of.

    `decimals` says how many the signal has: figures are kept in whole smallest units. `least` and `most` are in those
    units; what lies outside is refused.
    """

    signal: Code
    definition: CodeOrNone = ""
    decimals: int = Field(default=0, ge=0, le=9)
    least: int = 0
    most: int = LARGEST


class ValueColumn(Counted):
    """One signal: the column it stands in (layout wide), or what the signal column says (layout long).

    `optional` is for a column that only some vintages have.
    """

    column: Name
    optional: bool = False


class ReadingRules(_Declared):
    """What every kind of source shares: words for missing, and how much of the vintage before must still be there."""

    missing: dict[str, str] = WORDS_FOR_MISSING
    least_share: float = Field(default=0.9, ge=0, le=1)

    @field_validator("missing")
    @classmethod
    def _known_reasons(cls, missing: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(set(missing.values()) - set(MISSING_REASONS)):
            raise ValueError(f"{', '.join(unknown)}: no reason for missing; there are {', '.join(MISSING_REASONS)}")
        return missing


class Table(ReadingRules):
    """Where the table lies in the file, and which columns it has.

    `header_row` is the line of the names, from 1; `rows_below_header` are passed over (an HXL row, units). `records` is
    the way to the list in a JSON document, such as "data.items". `ignored` columns are known and not read. `only`
    passes over every row whose column says something else. `formulas` says what to do with a formula in a sheet:
    refuse its cell, or take the value that was computed last.
    """

    encoding: Encoding = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    sheet: str = ""
    records: str = ""
    header_row: int = Field(default=1, ge=1, le=1000)
    rows_below_header: int = Field(default=0, ge=0, le=100)
    ends_with_newline: bool = False
    formulas: Literal["refuse", "computed"] = "refuse"
    ignored: tuple[Name, ...] = ()
    only: dict[Name, tuple[str, ...]] = {}
    thousands: Literal["", ",", ".", " ", "'", "’"] = ""
    decimal_mark: Literal[".", ","] = "."

    @model_validator(mode="after")
    def _two_marks(self) -> "Table":
        if self.thousands == self.decimal_mark:
            raise ValueError("one mark cannot group thousands and mark decimals too")
        return self


class TableMapping(Table):
    """A table of figures.

    Layout "wide": one row a place and day, one column a signal. "dates": one row a place (and signal), one column a
    day. "long": one row a figure, the signal named by `signal_column`, the number in `value_column`, and, where it is
    missing, perhaps the reason in `missing_column`. With a `definition_column` the signal's name is followed by a slash
    and what stands there, unless that is empty: `column = "cases/clinical"`. Signals in `ignored_signals` are known and
    not read.
    """

    format: Literal["csv", "excel", "json"]
    layout: Literal["wide", "dates", "long"] = "wide"
    date: DateColumn
    place: PlaceColumns
    values: tuple[ValueColumn, ...] = Field(min_length=1)
    signal_column: str = ""
    value_column: str = ""
    missing_column: str = ""
    definition_column: str = ""
    ignored_signals: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _layout_is_whole(self) -> "TableMapping":
        if (self.layout == "dates") == bool(self.date.column):
            raise ValueError("layout dates has its days in the header and no date column; the others have one")
        if self.layout == "long" and not (self.signal_column and self.value_column):
            raise ValueError("layout long needs a signal_column and a value_column")
        if self.layout == "wide" and (self.signal_column or self.value_column or self.missing_column):
            raise ValueError("layout wide has neither signal_column nor value_column nor missing_column")
        if self.layout == "dates" and not self.signal_column and len(self.values) > 1:
            raise ValueError("layout dates with several signals needs a signal_column")
        if self.layout != "long" and (self.missing_column or self.definition_column):
            raise ValueError("only layout long has a missing_column or a definition_column")
        if len({value.column for value in self.values}) < len(self.values):
            raise ValueError("two signals have the same column")
        if len({(value.signal, value.definition) for value in self.values}) < len(self.values):
            raise ValueError("two columns have the same signal and definition")
        return self


class CaseDate(_Declared):
    """One date column of a line list and the signal that its days are counted as."""

    column: Name
    signal: Code


class Stratum(_Declared):
    """A column of persons' properties to count by: what its words become, or the first age of each band.

    Bands of 0, 18 and 65 are "0-17", "18-64" and "65-up". What is neither is counted as `otherwise`.
    """

    column: Name
    values: dict[str, Code] = {}
    bands: tuple[int, ...] = ()
    otherwise: Code = "unknown"

    @model_validator(mode="after")
    def _one_way(self) -> "Stratum":
        if bool(self.values) == bool(self.bands):
            raise ValueError("name either the words of a stratum or the first ages of its bands")
        if any(below >= above for below, above in pairwise(self.bands)):
            raise ValueError("bands begin at ages in rising order")
        return self

    def group(self, text: str) -> str:
        """Return the group that a person with this word or age is counted in."""
        if not self.bands:
            return self.values.get(text, self.otherwise)
        whole = text.removesuffix(".0")
        if not (whole.isascii() and whole.isdigit() and len(whole) <= 3) or int(whole) < self.bands[0]:
            return self.otherwise
        band = bisect_right(self.bands, int(whole)) - 1
        last = band == len(self.bands) - 1
        return f"{self.bands[band]}-up" if last else f"{self.bands[band]}-{self.bands[band + 1] - 1}"


class LineListMapping(Table):
    """A list of persons, one a row, of which only counts leave the reader.

    Counts from 1 to `threshold` - 1 are withheld, with others beside them as far as sums would tell them. 5 is the
    usual line for health counts (NHS England and UKHSA publish none from 1 to 4); take 10 or 11 where the law asks.
    """

    format: Literal["linelist-csv", "linelist-excel", "linelist-json"]
    cases: tuple[CaseDate, ...] = Field(min_length=1)
    date_formats: tuple[str, ...] = ("%Y-%m-%d",)
    earliest: date | None = None
    place: PlaceColumns
    strata: tuple[Stratum, ...] = ()
    threshold: int = Field(default=5, ge=2, le=1000)

    @field_validator("date_formats")
    @classmethod
    def _whole_days(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        DateColumn(column="_", formats=formats)
        return formats


class DataElement(Counted):
    """What a DHIS2 data element (with an option combination, where it has several) is counted as."""

    data_element: Name
    category_option_combo: str = ""
    attribute_option_combo: str = ""


class Dhis2Mapping(ReadingRules):
    """Data values of DHIS2: `dataValueSets` as JSON or CSV, or `analytics` as JSON.

    `ignored` data elements are known and not read. A period becomes one day, its first or its last.
    """

    format: Literal["dhis2-json", "dhis2-csv", "dhis2-analytics"]
    elements: tuple[DataElement, ...] = Field(min_length=1)
    ignored: tuple[Name, ...] = ()
    by: Literal["code", "name"] = "name"
    period_day: Literal["first", "last"] = "last"
    days_ahead: int = Field(default=0, ge=0, le=366)
    missing: dict[str, str] = WORDS_FOR_MISSING


class MeasurePopulation(Counted):
    """One number of a FHIR measure: its canonical URL, and the codes of the group and of the population.

    `group` may stay empty where the report has one group; `population` empty means the group's measure score.
    """

    measure: Name
    group: str = ""
    population: str = ""


class FhirMapping(ReadingRules):
    """FHIR R4 MeasureReports, one or a Bundle of them.

    The place is the report's subject, or what a stratum of the stratifier `place_stratifier` says. `place_system` picks
    one code system where a stratum has several codings.
    """

    format: Literal["fhir-measurereport"]
    populations: tuple[MeasurePopulation, ...] = Field(min_length=1)
    ignored: tuple[Name, ...] = ()
    by: Literal["code", "name"] = "code"
    place_stratifier: str = ""
    place_system: str = ""
    period_day: Literal["first", "last"] = "last"
    days_ahead: int = Field(default=0, ge=0, le=366)


Mapping = Annotated[TableMapping | LineListMapping | Dhis2Mapping | FhirMapping, Field(discriminator="format")]
"""Any way to read a source; `format` tells which."""

_ANY: TypeAdapter[TableMapping | LineListMapping | Dhis2Mapping | FhirMapping] = TypeAdapter(Mapping)


def load_mapping(text: str | bytes) -> TableMapping | LineListMapping | Dhis2Mapping | FhirMapping:
    """Return the mapping that a JSON or TOML document declares; JSON begins with a brace.

    Raises
    ------
    ValueError
        The document is neither, or it declares no whole mapping; it says at which key.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8-sig")
    if text.lstrip().startswith("{"):
        return _ANY.validate_json(text)
    return _ANY.validate_python(tomllib.loads(text), strict=False)
