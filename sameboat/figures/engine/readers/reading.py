"""What a reader gives back, and why it may stop and give nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from sameboat.figures.engine.observation import Observation, Rejected

NOTES = ("duplicate-row", "header-again")
"""Codes of problems that are told and change no figure."""

# A problem's cell may be a whole novel; what it says is seen from its beginning.
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a reader takes in before it stops.

    Attributes
    ----------
    bytes, unpacked
        Of the file, and of what an archive (Excel) unpacks to.
    rows, columns, cells
        Of the table; cells are counted in a sheet, empty ones too. Excel itself ends at 1,048,576 rows.
    problems
        How many problems are kept with their rows; more are counted.
    """

    bytes: int = 200_000_000
    unpacked: int = 400_000_000
    rows: int = 2_000_000
    columns: int = 4_000
    cells: int = 50_000_000
    problems: int = 10_000


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that was wrong, where, and the row as it came.

    Attributes
    ----------
    row
        The line of a text file, the row of a sheet, or the number of a record, from 1.
    column
        The column's name, "" where the whole row is meant.
    found
        What stood there.
    code, message
        The kind of mistake, and words for the person who mends it.
    raw
        The row's cells as they came, "" for an empty one. Never filled from a list of persons.
    """

    row: int
    column: str
    found: str
    code: str
    message: str
    raw: tuple[str, ...] = ()

    @property
    def is_note(self) -> bool:
        """Whether it is only told: no figure was refused for it."""
        return self.code in NOTES


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file says: its figures, and everything that was wrong with it.

    Attributes
    ----------
    observations
        In the order of the file; one for each place, signal, definition and date.
    problems
        At most `Limits.problems`; `problems_left_off` counts the others.
    columns
        The names that the file has, in its order.
    rows
        How many rows of data were seen, blank ones left out.
    passed_over
        Rows that the mapping says are no figures: other kinds of rows, totals.
    encoding
        In which the text was read, "" for Excel.
    """

    observations: list[Observation]
    problems: list[Problem]
    columns: tuple[str, ...]
    rows: int
    passed_over: int = 0
    problems_left_off: int = 0
    encoding: str = ""

    def rejected(self) -> list[Rejected]:
        """Return what was refused, to be kept beside the vintage; mere notes are left out."""
        return [
            Rejected(
                problem.row,
                {self.columns[n] if n < len(self.columns) else str(n + 1): cell for n, cell in enumerate(problem.raw)},
                f"{problem.code}: {f'{problem.column}: ' if problem.column else ''}{problem.message}",
            )
            for problem in self.problems
            if not problem.is_note
        ]


class ReaderStop(ValueError):  # noqa: N818
    """A file that cannot be read as the mapping says; nothing of it was taken. `code` names the mistake."""

    code = "stop"


class NotTheFormat(ReaderStop):
    """Another kind of file than the mapping names, or a damaged one."""

    code = "not-the-format"


class EmptyFile(ReaderStop):
    """No bytes, no header, or not one row."""

    code = "empty-file"


class WrongEncoding(ReaderStop):
    """Bytes that are no text in the encoding the mapping names."""

    code = "wrong-encoding"


class HalfFile(ReaderStop):
    """A file that ends in the middle, or is much shorter than the vintage before it."""

    code = "half-file"


class TooLarge(ReaderStop):
    """More than the limits allow."""

    code = "too-large"


class SchemaDrift(ReaderStop):
    """Columns (or a sheet) that are not those the mapping knows.

    Attributes
    ----------
    missing, unexpected
        Names that the mapping expects and the file lacks, and the other way round.
    """

    code = "schema-drift"

    def __init__(self, message: str, missing: Sequence[str] = (), unexpected: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.missing = tuple(missing)
        self.unexpected = tuple(unexpected)


def check_columns(found: Sequence[str], needed: Sequence[str], known: Sequence[str], what: str = "column") -> None:
    """Raise SchemaDrift unless every needed name is found, every found one known, and none stands twice.

    Parameters
    ----------
    found, needed, known
        The file's names; those it must have; those it may have, the needed among them.
    what
        What the names are of.
    """
    twice = sorted({name for name in found if found.count(name) > 1}) if len(set(found)) < len(found) else []
    missing = [name for name in needed if name not in found]
    unexpected = [name for name in dict.fromkeys(found) if name not in known]
    parts = []
    if twice:
        parts.append(f"the {what} {_names(twice)} stands more than once")
    for name in missing:
        near = get_close_matches(name.casefold(), {f.casefold(): f for f in unexpected}, n=1, cutoff=0.6)
        real = next((f for f in unexpected if near and f.casefold() == near[0]), None)
        parts.append(f"the {what} {name!r} is missing" + (f" (was it renamed {real!r}?)" if real else ""))
    for name in unexpected:
        near = get_close_matches(name.casefold(), [k.casefold() for k in known], n=1, cutoff=0.6)
        real = next((k for k in known if near and k.casefold() == near[0]), None)
        parts.append(
            f"the {what} {name[:SHOWN]!r} is not known" + (f" (the nearest known is {real!r})" if real else "")
        )
    if parts:
        raise SchemaDrift(
            f"Nothing was read: {'; '.join(parts)}. Look at the source, then mend the mapping.",
            missing,
            unexpected + twice,
        )


def _names(names: Sequence[str]) -> str:
    return ", ".join(repr(name[:SHOWN]) for name in names)


@dataclass(slots=True)
class Problems:
    """Gathers problems up to a limit and counts the rest."""

    limit: int
    kept: list[Problem] = field(default_factory=list)
    left_off: int = 0

    def tell(self, row: int, column: str, found: str, code: str, message: str, raw: Sequence[object] = ()) -> None:
        """Keep one problem, or count it where the limit is reached."""
        if len(self.kept) >= self.limit:
            self.left_off += 1
            return
        cells = tuple("" if cell is None else str(cell) for cell in raw)
        self.kept.append(Problem(row, column, found[:SHOWN], code, message, cells))
