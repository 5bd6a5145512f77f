"""Bytes into rows of cells: CSV, Excel and JSON, within limits. A file of another kind is named for what it is."""

import codecs
import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from openpyxl import load_workbook
from openpyxl.cell.cell import ERROR_CODES
from openpyxl.utils.exceptions import InvalidFileException

from sameboat.figures.engine.readers.cells import Cell, ErrorText, FormulaText
from sameboat.figures.engine.readers.mapping import Table
from sameboat.figures.engine.readers.reading import (
    EmptyFile,
    HalfFile,
    Limits,
    NotTheFormat,
    ReaderStop,
    SchemaDrift,
    TooLarge,
    WrongEncoding,
    check_columns,
)

Kind = Literal["csv", "excel", "json"]
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_ENCODINGS = ("utf-8", "gb18030", "utf-16")


@dataclass(frozen=True, slots=True)
class Rows:
    """A table as it lies in the file.

    Attributes
    ----------
    header
        The columns' names, white space around them taken off.
    rows
        Line or row number, and cells; a row may be shorter or longer than the header. Read once.
    encoding
        In which the text was read, "" for Excel.
    """

    header: tuple[str, ...]
    rows: Iterator[tuple[int, Sequence[Cell]]]
    encoding: str = ""


def rows_of(data: bytes, kind: Kind, table: Table, limits: Limits) -> Rows:
    """Return the table in `data`.

    Raises
    ------
    ReaderStop
        One of its kinds, at once or while the rows are read: nothing of the file may be used then.
    """
    if len(data) > limits.bytes:
        raise TooLarge(f"The file has {len(data):,} bytes; at most {limits.bytes:,} are read.")
    if not data.strip():
        raise EmptyFile("The file is empty.")
    if kind == "excel":
        return _excel(data, table, limits)
    text, encoding = text_of(data, table.encoding)
    _refuse_other_kinds(text, kind)
    return _csv(text, encoding, table, limits) if kind == "csv" else _json(text, encoding, table, limits)


def text_of(data: bytes, encoding: str) -> tuple[str, str]:
    """Return the text, and the encoding it was read in.

    "detect" takes a byte order mark at its word, then UTF-8 if all of it is, then GB 18030.

    Raises
    ------
    WrongEncoding, NotTheFormat
        The bytes are no such text, are UTF-8 taken for GB 18030, or are no text at all.
    """
    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0") or data[:5] == b"%PDF-":
        raise NotTheFormat("This is an Excel or PDF file, and the mapping expects text. Read it with format excel.")
    if encoding == "detect":
        encoding = "utf-16" if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8"
        if encoding == "utf-8" and not _is(data, "utf-8"):
            encoding = "gb18030"
    # A mark at the beginning is no part of the text, whether the source is known to write one or not.
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        others = [name for name in _ENCODINGS if name != encoding and _is(data, name)]
        hint = f" It would be text in {' or '.join(others)}." if others else ""
        raise WrongEncoding(f"Byte {error.start:,} is no {encoding}.{hint} Name the encoding in the mapping.") from None
    if encoding == "gb18030" and not data.isascii() and _is(data, "utf-8"):
        raise WrongEncoding("The mapping says gb18030, and the bytes are UTF-8. Name the encoding in the mapping.")
    if "\0" in text:
        raise NotTheFormat("There are zero bytes in it: this is no text, or text in UTF-16.")
    return text, encoding


def _is(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_other_kinds(text: str, kind: Kind) -> None:
    head = text[:2000].lstrip().casefold()
    if head.startswith(("<!doctype html", "<html", "<head", "<script")) or ("<html" in head and "<body" in head):
        raise NotTheFormat(
            "This is a web page, where a table was expected: the address may have moved, or asks to sign in."
        )
    if head.startswith("<"):
        raise NotTheFormat("This is XML or HTML, where a table was expected.")
    if kind == "csv" and head.startswith(("{", "[")):
        raise NotTheFormat("This is JSON, where CSV was expected.")


def _csv(text: str, encoding: str, table: Table, limits: Limits) -> Rows:
    ends = text.endswith(("\n", "\r"))
    if table.ends_with_newline and not ends:
        raise HalfFile("The last line has no end: the file was cut off. Fetch it again.")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=table.delimiter, strict=True)

    def numbered() -> Iterator[tuple[int, list[str]]]:
        before = 0
        try:
            for cells in reader:
                yield before + 1, cells
                before = reader.line_num
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                raise HalfFile(
                    f"A quotation mark opened on line {before + 1} is never closed: the file was cut off."
                ) from None
            raise NotTheFormat(f"Line {before + 1} is no CSV: {error}.") from None

    lines = numbered()
    header = _header(lines, table, limits)
    if len(header) == 1:
        _check_delimiter(header, table.delimiter)

    def rows() -> Iterator[tuple[int, Sequence[Cell]]]:
        held: tuple[int, list[str]] | None = None
        for number, cells in _below(lines, table):
            if held is not None:
                yield held
            held = (number, cells)
        if held is not None:
            if not ends and 0 < len(held[1]) < len(header):
                raise HalfFile(
                    f"Line {held[0]} ends in the middle, with {len(held[1])} of {len(header)} cells: "
                    "the file was cut off. Fetch it again."
                )
            yield held

    return Rows(header, rows(), encoding)


def _header(lines: Iterator[tuple[int, Any]], table: Table, limits: Limits) -> tuple[str, ...]:
    for number, cells in lines:
        if number >= table.header_row:
            names = [_name(cell) for cell in cells]
            while names and not names[-1]:
                names.pop()
            if len(names) > limits.columns:
                raise TooLarge(f"There are more than {limits.columns:,} columns.")
            if not names:
                raise EmptyFile(f"Row {number} is empty; the mapping says that the columns' names stand there.")
            return tuple(names)
    raise EmptyFile(f"The file ends before row {table.header_row}, where the columns' names should stand.")


def _name(cell: Cell) -> str:
    # A sheet's own date in the header is read as text like every other name.
    return cell.isoformat()[:10] if isinstance(cell, date) else "" if cell is None else str(cell).strip()


def _below(lines: Iterator[tuple[int, Any]], table: Table) -> Iterator[tuple[int, Any]]:
    for place, line in enumerate(lines):
        if place >= table.rows_below_header:
            yield line


def _check_delimiter(header: Sequence[str], delimiter: str) -> None:
    for other in ",;\t|":
        if other != delimiter and header[0].count(other) > 0:
            raise SchemaDrift(
                f"Nothing was read: the header has one column by {delimiter!r}; it looks as if {other!r} divides them.",
                unexpected=header,
            )


def _excel(data: bytes, table: Table, limits: Limits) -> Rows:
    _check_archive(data, limits)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
        computed = None
        if table.formulas == "computed":
            computed = load_workbook(io.BytesIO(data), read_only=True, keep_links=False, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, SyntaxError, OSError, EOFError) as error:
        raise NotTheFormat(f"This is no sound Excel workbook (.xlsx): {error}.") from None
    names = book.sheetnames
    name = table.sheet or (names[0] if len(names) == 1 else "")
    if not name:
        raise SchemaDrift(f"Nothing was read: there are {len(names)} sheets; name one of {', '.join(names)}.")
    check_columns([name] if name in names else names, [name], [name], "sheet")
    sheet, values = book[name], computed[name] if computed else None
    if not hasattr(sheet, "iter_rows"):
        raise NotTheFormat(f"The sheet {name!r} is a chart.")
    # What the file says of its own size is often wrong, and wrong on purpose in a hostile one.
    sheet.reset_dimensions()
    others = iter(())
    if values is not None:
        values.reset_dimensions()
        others = values.iter_rows(values_only=True)

    def numbered() -> Iterator[tuple[int, list[Cell]]]:
        try:
            left = limits.cells
            for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
                left -= len(cells)
                if left < 0:
                    raise TooLarge(f"There are more than {limits.cells:,} cells.")
                if len(cells) > limits.columns and any(cell is not None for cell in cells[limits.columns :]):
                    raise TooLarge(f"Row {number} has more than {limits.columns:,} columns.")
                row = [_sheet_cell(cell) for cell in cells[: limits.columns]]
                if values is not None:
                    latest = next(others, ())
                    row = [
                        latest[n]
                        if isinstance(cell, FormulaText) and n < len(latest) and latest[n] is not None
                        else cell
                        for n, cell in enumerate(row)
                    ]
                yield number, row
        except ReaderStop:
            raise
        except (ValueError, KeyError, SyntaxError, zipfile.BadZipFile, TypeError, OverflowError) as error:
            raise NotTheFormat(f"The sheet {name!r} is damaged: {error}.") from None

    lines = numbered()
    header = _header(lines, table, limits)
    return Rows(header, _below(lines, table))


def _sheet_cell(value: Any) -> Cell:
    if isinstance(value, str):
        if value.startswith("="):
            return FormulaText(value)
        return ErrorText(value) if value in ERROR_CODES else value
    if value is None or isinstance(value, int | float | date):
        return value
    # A formula over several cells is an object with its text.
    return FormulaText(value.text or "=") if hasattr(value, "text") else str(value)


def _check_archive(data: bytes, limits: Limits) -> None:
    """Unpack every part of the workbook to nowhere, counting: sizes that an archive declares may lie."""
    if data[:4] == b"\xd0\xcf\x11\xe0":
        raise NotTheFormat("This is an old workbook (.xls) or one with a password. Save it as .xlsx without.")
    if data[:4] != b"PK\x03\x04":
        head = data[:200].lstrip().lower()
        what = "a web page" if head.startswith((b"<!doctype", b"<html")) else "no Excel workbook"
        raise NotTheFormat(f"This is {what}, where Excel (.xlsx) was expected.")
    left = limits.unpacked
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for part in archive.infolist():
                before = b""
                with archive.open(part) as stream:
                    while piece := stream.read(1 << 20):
                        # No part of a workbook may have one (ECMA-376-2); its entities could grow to gigabytes.
                        if b"<!DOCTYPE" in (before + piece).replace(b"\0", b""):
                            raise NotTheFormat("The workbook holds a document type, which none may have: it is a trap.")
                        before = piece[-32:]
                        left -= len(piece)
                        if left < 0:
                            raise TooLarge(
                                f"The workbook unpacks to more than {limits.unpacked:,} bytes: it may be a trap."
                            )
    except ReaderStop:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise NotTheFormat(f"The workbook is damaged or cut off: {error}.") from None


def _json(text: str, encoding: str, table: Table, limits: Limits) -> Rows:
    records = json_of(text)
    for key in filter(None, table.records.split(".")):
        if not isinstance(records, dict) or key not in records:
            raise SchemaDrift(f"Nothing was read: the document has no {table.records!r}.", missing=[table.records])
        records = records[key]
    if not isinstance(records, list):
        raise SchemaDrift("Nothing was read: a list of records was expected; name the way to it in `records`.")
    if len(records) > limits.rows:
        raise TooLarge(f"There are {len(records):,} records; at most {limits.rows:,} are read.")
    flat = [_flat(record) for record in records]
    header: dict[str, None] = {}
    for record in flat:
        header.update(dict.fromkeys(record))
    if not header:
        raise EmptyFile("There is not one record in the document.")
    names = tuple(header)
    if len(names) > limits.columns:
        raise TooLarge(f"There are more than {limits.columns:,} columns.")
    return Rows(names, ((n, [record.get(name) for name in names]) for n, record in enumerate(flat, 1)), encoding)


def document_of(data: bytes, limits: Limits) -> Any:
    """Return the JSON document in `data`, in UTF-8.

    Raises
    ------
    ReaderStop
        It is too large, empty, or no JSON.
    """
    if len(data) > limits.bytes:
        raise TooLarge(f"The document has {len(data):,} bytes; at most {limits.bytes:,} are read.")
    if not data.strip():
        raise EmptyFile("The document is empty.")
    text, _ = text_of(data, "utf-8")
    if text.lstrip().startswith("<"):
        raise NotTheFormat("This is XML or a web page, where JSON was expected; the session may have ended.")
    return json_of(text)


def json_of(text: str) -> Any:
    """Return a JSON document, its numbers exact.

    Raises
    ------
    NotTheFormat, HalfFile
        It is none, it nests too deeply, or it ends in the middle; a key that stands twice in one object is refused too.
    """
    try:
        document = json.loads(
            text, parse_float=Decimal, parse_int=_whole, parse_constant=_no_number, object_pairs_hook=_once
        )
        # Escapes may write what no text is, and what no database stores.
        if "\\u0000" in text or (_SURROGATE.search(text) and not _is_text(document)):
            raise NotTheFormat("There are zero bytes or halves of characters in it.")
        return document
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()) or "Unterminated" in error.msg:
            raise HalfFile(f"The document ends in the middle, on line {error.lineno}: it was cut off.") from None
        raise NotTheFormat(f"This is no JSON: {error.msg} on line {error.lineno}.") from None
    except RecursionError:
        raise NotTheFormat("The document nests too deeply.") from None


def _is_text(document: Any) -> bool:
    try:
        json.dumps(document, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return False
    return True


def _whole(digits: str) -> int | Decimal:
    # int() refuses more than 4,300 digits, and is slow before that.
    return int(digits) if len(digits) < 30 else Decimal(digits)


def _no_number(word: str) -> Any:
    raise NotTheFormat(f"{word} is no JSON and no number; null says that a figure is missing.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise NotTheFormat("A key stands twice in one object; which of them is meant cannot be known.")
    return content


def _flat(record: Any, before: str = "") -> dict[str, Cell]:
    if not isinstance(record, dict):
        raise SchemaDrift("Nothing was read: a record is no object with named columns.")
    flat: dict[str, Cell] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{before}{key}."))
        elif isinstance(value, list):
            flat[before + key] = json.dumps(value, ensure_ascii=False, default=str)
        else:
            flat[before + key] = value
    return flat
