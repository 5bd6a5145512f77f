"""Gathers figures as they are read: one a place, signal, definition and day, and what to do when a source says two."""

from collections.abc import Sequence
from datetime import date

from sameboat.figures.engine.observation import Observation
from sameboat.figures.engine.readers.cells import Cell, CellError, NumberReader, plain
from sameboat.figures.engine.readers.mapping import Counted
from sameboat.figures.engine.readers.reading import EmptyFile, HalfFile, Limits, Problems, Reading, TooLarge


class Gathering:
    """What has been read of one file so far."""

    def __init__(self, limits: Limits) -> None:
        self.observations: list[Observation] = []
        self.problems = Problems(limits.problems)
        self.rows = 0
        self.passed_over = 0
        self._limit = limits.rows
        self._row_of: list[int] = []
        self._index: dict[tuple[str, str, str], dict[date, int]] = {}
        self._refused: set[int] = set()
        self._told_row = 0

    def count_row(self) -> None:
        """Count a row of data.

        Raises
        ------
        TooLarge
            There are more than the limit.
        """
        self.rows += 1
        if self.rows > self._limit:
            raise TooLarge(f"There are more than {self._limit:,} rows.")

    def _series(self, place: str, signal: str, definition: str) -> dict[date, int]:
        """Return where the days of one series stand among the observations."""
        key = (place, signal, definition)
        if (days := self._index.get(key)) is None:
            days = self._index[key] = {}
        return days

    def _add(self, found: Observation, row: int, column: str, raw: Sequence[Cell]) -> None:
        """Take one figure. Said again alike it counts once, said again otherwise neither is believed; both are told."""
        days = self._series(found.place, found.signal, found.definition)
        index = days.setdefault(found.date, len(self.observations))
        if index == len(self.observations):
            self.observations.append(found)
            self._row_of.append(row)
            return
        before, first = self.observations[index], self._row_of[index]
        if found == before and index not in self._refused:
            if self._told_row != row:
                self._told_row = row
                self.problems.tell(
                    row, "", found.place, "duplicate-row", f"row {first} says the same; counted once", raw
                )
            return
        self._refused.add(index)
        if before.missing != "unreadable":
            self.observations[index] = Observation(
                found.place, found.signal, found.definition, found.date, None, "unreadable"
            )
        self.problems.tell(
            row,
            column,
            "" if found.value is None else str(found.value),
            "conflicting-rows",
            f"row {first} says otherwise of {found.place} on {found.date}; neither is believed",
            raw,
        )

    def take(
        self,
        place: str,
        of: Counted,
        day: date,
        numbers: NumberReader,
        cell: Cell,
        *,
        row: int,
        column: str,
        raw: Sequence[Cell],
        missing: str = "",
    ) -> None:
        """Read a number and take it; what cannot be read is told and kept as unreadable.

        `missing` is a reason that is known already: then the cell is not read.
        """
        read: int | str
        try:
            read = missing or numbers.read(cell)
        except CellError as error:
            self.problems.tell(row, column, plain(cell), error.code, str(error), raw)
            read = "unreadable"
        value, missing = (None, read) if isinstance(read, str) else (read, "")
        self._add(Observation(place, of.signal, of.definition, day, value, missing), row, column, raw)

    def finished(
        self, columns: Sequence[str], *, previous_rows: int | None, least_share: float, encoding: str = ""
    ) -> Reading:
        """Return the reading.

        Raises
        ------
        EmptyFile, HalfFile
            There was no row, or less than the least share of the rows of the vintage before.
        """
        if not self.rows:
            raise EmptyFile("There is a header and not one row below it.")
        if previous_rows is not None and self.rows < least_share * previous_rows:
            raise HalfFile(
                f"There are {self.rows:,} rows, and the vintage before had {previous_rows:,}; "
                f"less than {least_share:.0%} of it is taken for half a file. Fetch it again, or lower least_share."
            )
        return Reading(
            self.observations,
            self.problems.kept,
            tuple(columns),
            self.rows,
            self.passed_over,
            self.problems.left_off,
            encoding,
        )
