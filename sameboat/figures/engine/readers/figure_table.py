"""Tables of figures, wide or long, from CSV, Excel or JSON."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TypeVar

from sameboat.figures.engine.observation import MISSING_REASONS
from sameboat.figures.engine.readers.cells import Cell, CellError, DateReader, NumberReader, plain
from sameboat.figures.engine.readers.gathering import Gathering
from sameboat.figures.engine.readers.mapping import Table, TableMapping, ValueColumn
from sameboat.figures.engine.readers.occasion import Occasion
from sameboat.figures.engine.readers.places import PlaceReader
from sameboat.figures.engine.readers.reading import Reading, SchemaDrift, check_columns
from sameboat.figures.engine.readers.tables import Rows, rows_of

T = TypeVar("T")
Row = tuple[int, Sequence[Cell]]
Numbered = tuple[int, Sequence[Cell], T]


def read_figure_table(
    data: bytes,
    mapping: TableMapping,
    occasion: Occasion,
) -> Reading:
    """Return the figures of a table.

    Raises
    ------
    ReaderStop
        The file is not what the mapping says.
    """
    rows = rows_of(data, mapping.format, mapping, occasion.limits)
    return _FigureTable(mapping, rows, occasion).read(occasion.previous_rows)


def sound_rows(rows: Rows, table: Table, gathering: Gathering, *, keep_raw: bool = True) -> Iterator[Row]:
    """Yield the rows that have a cell for every column and are meant; tell the others.

    Blank rows are nothing; rows that `table.only` leaves out are counted as passed over. Without `keep_raw`, nothing of
    a row is told but its number.
    """
    width = len(rows.header)
    only = [(rows.header.index(name), frozenset(words)) for name, words in table.only.items()]
    header = [name.casefold() for name in rows.header]
    for number, cells in rows.rows:
        size = len(cells)
        if size != width:
            if size < width and table_pads(table):
                cells = [*cells, *[None] * (width - size)]
            elif not any(cell is not None and cell != "" for cell in cells):
                continue
            elif size < width:
                gathering.count_row()
                raw = cells if keep_raw else ()
                gathering.problems.tell(number, "", "", "row-short", f"{size} cells, where the header has {width}", raw)
                continue
            elif any(plain(cell) for cell in cells[width:]):
                gathering.count_row()
                raw = cells if keep_raw else ()
                gathering.problems.tell(number, "", "", "row-long", f"{size} cells, where the header has {width}", raw)
                continue
            else:
                cells = cells[:width]
        if not cells[0] and not any(cell is not None and cell != "" for cell in cells):
            continue
        gathering.count_row()
        if cells[0] == rows.header[0] and [plain(cell).casefold() for cell in cells] == header:
            gathering.problems.tell(number, "", "", "header-again", "the header stands among the rows", ())
            continue
        if only and not all(plain(cells[index]) in words for index, words in only):
            gathering.passed_over += 1
            continue
        yield number, cells


def table_pads(table: Table) -> bool:
    """Whether a short row only lacks empty cells at its end: a sheet does not store them, a text does."""
    return str(getattr(table, "format", "")).endswith("excel")


class _FigureTable:
    def __init__(self, mapping: TableMapping, rows: Rows, occasion: Occasion) -> None:
        self._mapping = mapping
        self._rows = rows
        self._gathering = Gathering(occasion.limits)
        self._dates = DateReader(
            mapping.date.formats,
            today=occasion.today,
            days_ahead=mapping.date.days_ahead,
            earliest=mapping.date.earliest,
            shift=mapping.date.shift_days,
        )
        self._places = PlaceReader(mapping.place, occasion.places)
        self._numbers = {
            value.column: NumberReader(
                value.decimals, value.least, value.most, mapping.thousands, mapping.decimal_mark, mapping.missing
            )
            for value in mapping.values
        }
        self._values = {value.column: value for value in mapping.values}

    def read(self, previous_rows: int | None) -> Reading:
        layouts = {"wide": self._read_wide, "dates": self._read_dates, "long": self._read_long}
        layouts[self._mapping.layout]()
        return self._gathering.finished(
            self._rows.header,
            previous_rows=previous_rows,
            least_share=self._mapping.least_share,
            encoding=self._rows.encoding,
        )

    def _check(self, needed: Sequence[str], optional: Sequence[str] = ()) -> None:
        mapping = self._mapping
        used = [*mapping.place.used, *mapping.only, *filter(None, [mapping.date.column, *needed])]
        check_columns(self._rows.header, used, [*used, *optional, *mapping.ignored])

    def _position(self, name: str) -> int:
        return self._rows.header.index(name)

    def _placed(self, columns: Sequence[int], number: int, cells: Sequence[Cell]) -> str | None:
        """Return the row's place, or None where it has none to give figures for."""
        try:
            place = self._places.read(tuple([cells[index] for index in columns]))
        except CellError as error:
            found = " / ".join(plain(cells[index]) for index in columns)
            name = self._mapping.place.columns[-1] if columns else ""
            self._gathering.problems.tell(number, name, found, error.code, str(error), cells)
            return None
        if place is None:
            self._gathering.passed_over += 1
        return place

    def _dated_rows(self, rows: Iterator[Numbered[T]]) -> Iterator[tuple[int, Sequence[Cell], T, str, date]]:
        """Yield the rows that have a place and a day, with both; tell the others."""
        day_column = self._position(self._mapping.date.column)
        place_columns = [self._position(name) for name in self._mapping.place.used]
        for number, cells, more in rows:
            place = self._placed(place_columns, number, cells)
            if place is None:
                continue
            try:
                day = self._dates.read(cells[day_column])
            except CellError as error:
                name, found = self._mapping.date.column, plain(cells[day_column])
                self._gathering.problems.tell(number, name, found, error.code, str(error), cells)
                continue
            yield number, cells, more, place, day

    def _take(
        self, place: str, value: ValueColumn, day: date, cell: Cell, number: int, name: str, cells: Sequence[Cell]
    ) -> None:
        numbers = self._numbers[value.column]
        self._gathering.take(place, value, day, numbers, cell, row=number, column=name, raw=cells)

    def _read_wide(self) -> None:
        mapping = self._mapping
        self._check(
            [value.column for value in mapping.values if not value.optional],
            [value.column for value in mapping.values if value.optional],
        )
        values = tuple(
            (self._position(value.column), value) for value in mapping.values if value.column in self._rows.header
        )
        rows = ((number, cells, None) for number, cells in sound_rows(self._rows, mapping, self._gathering))
        for number, cells, _, place, day in self._dated_rows(rows):
            for index, value in values:
                self._take(place, value, day, cells[index], number, value.column, cells)

    def _read_long(self) -> None:
        mapping = self._mapping
        self._check([mapping.signal_column, mapping.value_column, mapping.missing_column, mapping.definition_column])
        value_column = self._position(mapping.value_column)
        reason_column = self._position(mapping.missing_column) if mapping.missing_column else None
        for number, cells, value, place, day in self._dated_rows(self._signals()):
            reason = plain(cells[reason_column]) if reason_column is not None else ""
            if not reason:
                self._take(place, value, day, cells[value_column], number, mapping.value_column, cells)
            elif reason in MISSING_REASONS and not plain(cells[value_column]):
                self._gathering.take(
                    place,
                    value,
                    day,
                    self._numbers[value.column],
                    None,
                    row=number,
                    column=mapping.missing_column,
                    raw=cells,
                    missing=reason,
                )
            else:
                what = "a value and a reason for missing" if reason in MISSING_REASONS else "no reason that is known"
                self._gathering.problems.tell(
                    number, mapping.missing_column, reason, "missing-reason", f"{what}; nothing was taken", cells
                )

    def _read_dates(self) -> None:
        mapping, header = self._mapping, self._rows.header
        fixed = {*mapping.place.used, *mapping.only, *mapping.ignored, mapping.signal_column}
        days, unknown = [], []
        for index, name in enumerate(header):
            if name in fixed:
                continue
            try:
                days.append((index, self._dates.read(name)))
            except CellError as error:
                if error.code in ("future-date", "date-too-early"):
                    self._gathering.problems.tell(mapping.header_row, name, name, error.code, str(error), ())
                else:
                    unknown.append(name)
        if not days and not self._gathering.problems.kept:
            raise SchemaDrift(
                f"Nothing was read: no column is a day in the formats {', '.join(mapping.date.formats)}.",
                unexpected=unknown,
            )
        used = [*mapping.place.used, *mapping.only, *filter(None, [mapping.signal_column])]
        check_columns([name for name in header if name in fixed or name in unknown], used, [*used, *mapping.ignored])
        check_columns(sorted(day.isoformat() for _, day in days), [], [day.isoformat() for _, day in days], "day")
        place_columns = [self._position(name) for name in mapping.place.used]
        only = mapping.values[0]
        rows: Iterator[tuple[int, Sequence[Cell], ValueColumn]] = (
            self._signals()
            if mapping.signal_column
            else ((number, cells, only) for number, cells in sound_rows(self._rows, mapping, self._gathering))
        )
        for number, cells, value in rows:
            place = self._placed(place_columns, number, cells)
            if place is None:
                continue
            for index, day in days:
                self._take(place, value, day, cells[index], number, header[index], cells)

    def _signals(self) -> Iterator[tuple[int, Sequence[Cell], ValueColumn]]:
        """Yield the rows with the signal that each names; in the end, see that the signals were those expected."""
        mapping = self._mapping
        column = self._position(mapping.signal_column)
        variant = self._position(mapping.definition_column) if mapping.definition_column else None
        seen: dict[str, None] = {}
        for number, cells in sound_rows(self._rows, mapping, self._gathering):
            name = plain(cells[column])
            if variant is not None and (definition := plain(cells[variant])):
                name = f"{name}/{definition}"
            seen[name] = None
            if (value := self._values.get(name)) is not None:
                yield number, cells, value
            elif name in mapping.ignored_signals:
                self._gathering.passed_over += 1
            if len(seen) > len(self._values) + len(mapping.ignored_signals) + 100:
                break
        needed = [value.column for value in mapping.values if not value.optional]
        check_columns(list(seen), needed, [*self._values, *mapping.ignored_signals], "signal")
