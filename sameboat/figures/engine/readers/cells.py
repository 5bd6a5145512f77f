"""Cells into dates and whole numbers: exactly, or refused with a reason. Nothing is guessed."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

Cell = str | int | float | Decimal | bool | date | datetime | None
"""What a table may hold. Text is stripped of white space at both ends."""

EXCEL_EPOCH = date(1899, 12, 30)
EXCEL_SERIAL = "excel-serial"
"""The name, among date formats, of Excel's count of days since 1899-12-30."""

_GROUPED = {mark: re.compile(rf"[+-]?\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+\Z") for mark in ",.'’ "}
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)\Z")
# No number that anybody counted is longer, and a Decimal computes with no more digits exactly.
_LONGEST = 28


class CellError(ValueError):
    """A cell that cannot be what it should be; `code` names the mistake."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class FormulaText(str):
    """A formula that stands in a cell, such as "=B2+1"."""

    __slots__ = ()


class ErrorText(str):
    """What a spreadsheet shows where a formula failed, such as "#N/A"."""

    __slots__ = ()


def plain(cell: Cell) -> str:
    """Return a cell as text: "" for none, full-width digits and letters as narrow ones, spaces single."""
    if cell is None:
        return ""
    text = cell if isinstance(cell, str) else cell.isoformat() if isinstance(cell, date) else str(cell)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.split()) if " " in text or "\t" in text or "\n" in text else text.strip()


class DateReader:
    """Reads days in an explicit list of formats and remembers what it has read.

    Parameters
    ----------
    formats
        Formats of `datetime.strptime`, and "excel-serial". A sheet's own dates need no format.
    today, days_ahead, earliest
        A day after `today + days_ahead`, or before `earliest`, is refused.
    shift
        Days to add: -1 where the source dates a row by the morning after.
    """

    def __init__(
        self, formats: Sequence[str], *, today: date, days_ahead: int = 0, earliest: date | None = None, shift: int = 0
    ) -> None:
        self._formats = [name for name in formats if name != EXCEL_SERIAL]
        self._serial = EXCEL_SERIAL in formats
        self._latest = today + timedelta(days=days_ahead)
        self._earliest = earliest
        self._shift = timedelta(days=shift)
        self._known: dict[Cell, date | CellError] = {}

    def read(self, cell: Cell) -> date:
        """Return the day.

        Raises
        ------
        CellError
            `date-missing`, `date-unreadable`, `date-ambiguous` (it fits two formats as different days),
            `date-with-time`, `future-date` or `date-too-early`.
        """
        # A number and its equal of another type would share a place in the memory; texts and dates do not.
        known = self._known.get(cell) if isinstance(cell, str) else None
        if known is None:
            try:
                known = self._within(self._parsed(cell))
            except CellError as error:
                known = error
            if isinstance(cell, str) and len(self._known) < 100_000:
                self._known[cell] = known
        if isinstance(known, CellError):
            raise known
        return known

    def _parsed(self, cell: Cell) -> date:
        if isinstance(cell, datetime):
            if cell.timetz() != datetime.min.time():
                raise CellError("date-with-time", f"{cell.isoformat()} has a time of day; a day is needed")
            return cell.date()
        if isinstance(cell, date):
            return cell
        text = plain(cell)
        if not text:
            raise CellError("date-missing", "no date")
        if isinstance(cell, FormulaText | ErrorText) or text.startswith("="):
            raise CellError("formula", "a formula stands where a date should; save the sheet with values")
        found = {day for name in self._formats if (day := _strptime(text, name)) is not None}
        if self._serial and (day := _excel_day(text)) is not None:
            found.add(day)
        if len(found) > 1:
            days = " or ".join(sorted(day.isoformat() for day in found))
            raise CellError("date-ambiguous", f"it may mean {days}; name one format only, or have the source write ISO")
        if not found:
            raise CellError("date-unreadable", f"no date in the formats {', '.join(self._formats) or 'of the sheet'}")
        return found.pop()

    def _within(self, day: date) -> date:
        try:
            day += self._shift
        except OverflowError:
            raise CellError("date-unreadable", "no day of the calendar") from None
        if day > self._latest:
            raise CellError("future-date", f"{day} lies after {self._latest}")
        if self._earliest is not None and day < self._earliest:
            raise CellError("date-too-early", f"{day} lies before {self._earliest}")
        return day


def _strptime(text: str, form: str) -> date | None:
    try:
        return datetime.strptime(text, form).date()
    except ValueError:
        return None


def _excel_day(text: str) -> date | None:
    # 60 is a day that never was (29 February 1900); below it the count is another.
    number = text.removesuffix(".0")
    if not number.isascii() or not number.isdigit() or not 60 < int(number[:8]) < 200_000 or len(number) > 6:
        return None
    return EXCEL_EPOCH + timedelta(days=int(number))


class NumberReader:
    """Reads one column's numbers as whole smallest units.

    Parameters
    ----------
    decimals
        How many decimals the signal has: with 2, "1.5" is 150.
    least, most
        In smallest units; what lies outside is refused.
    thousands, decimal_mark
        How the source groups digits ("" not at all) and marks decimals.
    missing
        Text (as `plain` leaves it) to the reason why a value is missing.
    """

    def __init__(
        self, decimals: int, least: int, most: int, thousands: str, decimal_mark: str, missing: Mapping[str, str]
    ) -> None:
        self._scale: int = 10**decimals
        self._decimals = decimals
        self._least = least
        self._most = most
        self._thousands = thousands
        self._decimal_mark = decimal_mark
        self._missing = missing

    def read(self, cell: Cell) -> int | str:
        """Return the whole number, or one of MISSING_REASONS.

        Raises
        ------
        CellError
            `not-a-number`, `formula`, `spreadsheet-error`, `not-whole`, `negative` or `absurd`.
        """
        # The commonest cell by far: short plain digits.
        if type(cell) is str and len(cell) < 16 and cell.isascii() and cell.isdigit() and cell not in self._missing:
            units = int(cell) * self._scale
        elif cell is None or isinstance(cell, str):
            text = plain(cell)
            # What a sheet computed is judged before any word for missing: "#N/A" in it is a failure, not a statement.
            if isinstance(cell, ErrorText):
                raise CellError("spreadsheet-error", f"the sheet failed to compute this cell ({text})")
            if isinstance(cell, FormulaText):
                raise CellError("formula", "a formula stands here; save the sheet with values")
            if (reason := self._missing.get(text)) is not None:
                return reason
            units = self._units(self._decimal(text))
        elif isinstance(cell, bool | date):
            raise CellError("not-a-number", f"{cell} is no number")
        elif isinstance(cell, float):
            if cell != cell or cell in (float("inf"), float("-inf")):
                raise CellError("not-a-number", f"{cell} is no number")
            # A spreadsheet holds 15 significant digits; what a double adds to them is not the source's.
            units = self._units(Decimal(f"{cell:.15g}"))
        elif isinstance(cell, int | Decimal):
            units = self._units(Decimal(cell))
        else:
            # A list or an object, where JSON had one.
            raise CellError("not-a-number", f"{str(cell)[:_LONGEST]} is no number")
        if units < self._least:
            code = "negative" if units < 0 <= self._least else "too-small"
            raise CellError(code, f"{Decimal(units) / self._scale} is less than {Decimal(self._least) / self._scale}")
        if units > self._most:
            raise CellError("absurd", f"{Decimal(units) / self._scale} is more than this figure can be")
        return units

    def _decimal(self, text: str) -> Decimal:
        if text.startswith(("=", "@")) or (text[:1] in "+-" and text[1:2].isalpha()):
            raise CellError("formula", "it begins like a formula; a number is needed")
        number = text.replace("−", "-")
        mark = self._thousands
        if mark and mark in number:
            # NFKC has made every kind of space a common one.
            whole, point, fraction = number.partition(self._decimal_mark)
            if not _GROUPED[mark].match(whole):
                raise CellError("not-a-number", f"{text[:_LONGEST]!r} is not grouped in threes by {mark!r}")
            number = whole.replace(mark, "") + point + fraction
        if self._decimal_mark != "." and number:
            if "." in number:
                raise CellError("not-a-number", f"{text[:_LONGEST]!r} has a point; decimals are marked by ','")
            number = number.replace(self._decimal_mark, ".")
        if not _NUMBER.match(number):
            raise CellError("not-a-number", f"{text[:_LONGEST]!r} is no number")
        if len(number) > _LONGEST:
            raise CellError("absurd", f"a number of {len(number)} digits")
        return Decimal(number)

    def _units(self, number: Decimal) -> int:
        if not number.is_finite():
            raise CellError("not-a-number", f"{number} is no number")
        if number.adjusted() > _LONGEST or len(number.as_tuple().digits) > _LONGEST:
            raise CellError("absurd", "a number of more digits than anybody counted")
        exponent = number.normalize().as_tuple().exponent
        if isinstance(exponent, int) and -exponent > self._decimals:
            raise CellError("not-whole", f"{number} has more than {self._decimals} decimals")
        return int(number.scaleb(self._decimals))
