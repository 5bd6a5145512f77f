"""Readers of tables: what a source says is taken exactly, or told; a source that changed stops its reader."""

import csv
import io
import json
import zipfile
from collections import Counter
from datetime import date, datetime

import openpyxl
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sameboat.figures.engine import change_file
from sameboat.figures.engine.observation import MISSING_REASONS, Observation
from sameboat.figures.engine.readers import (
    EmptyFile,
    HalfFile,
    Limits,
    NotTheFormat,
    PlaceEntry,
    Places,
    ReaderStop,
    SchemaDrift,
    TooLarge,
    WrongEncoding,
    load_mapping,
    read,
)
from sameboat.figures.engine.readers.canonical import canonical_mapping
from sameboat.figures.tests.epidemics import chinese_table
from sameboat.figures.tests.facts import NEEDED

TODAY = date(2020, 3, 1)
WIDE = {
    "format": "csv",
    "date": {"column": "day", "formats": ["%Y-%m-%d"]},
    "place": {"columns": ["code"]},
    "values": [
        {"column": "confirmed", "signal": "cases.confirmed", "most": 100_000},
        {"column": "dead", "signal": "deaths"},
    ],
    "ignored": ["name"],
}
HEAD = "day,code,name,confirmed,dead\n"
GOOD = "2020-02-12,420100,武汉,19558,820\n"


def mapping(**changes):
    """Return the wide mapping, changed."""
    return load_mapping(json.dumps(WIDE | changes))


def read_rows(rows, **changes):
    """Read a wide CSV of one good row, and these."""
    return read((HEAD + GOOD + rows).encode(), mapping(**changes), today=TODAY)


def figures(reading):
    """Return what was read as place, signal, day and value (or why it is missing)."""
    return {
        (o.place, o.signal, o.date.isoformat()): o.value if o.value is not None else o.missing
        for o in reading.observations
    }


KEPT = {("420100", "cases.confirmed", "2020-02-12"): 19558, ("420100", "deaths", "2020-02-12"): 820}


def test_a_sound_table_is_read_whole():
    """Every figure of a sound row is taken, and nothing is told."""
    reading = read_rows("2020-02-13,420100,武汉,32994,\n")
    assert figures(reading) == KEPT | {
        ("420100", "cases.confirmed", "2020-02-13"): 32994,
        ("420100", "deaths", "2020-02-13"): "not-reported",
    }
    assert reading.problems == []
    assert reading.rows == 2
    assert reading.columns == ("day", "code", "name", "confirmed", "dead")


U = "unreadable"
N = "not-reported"


@pytest.mark.parametrize(
    ("row", "code", "column", "taken"),
    [
        ("2020-02-13,420100,x,abc,1", "not-a-number", "confirmed", (U, 1)),
        ("2020-02-13,420100,x,1 2,1", "not-a-number", "confirmed", (U, 1)),
        ("2020-02-13,420100,x,1e5,1", "not-a-number", "confirmed", (U, 1)),
        ("2020-02-13,420100,x,0x10,1", "not-a-number", "confirmed", (U, 1)),
        ("2020-02-13,420100,x,NaN,1", "not-a-number", "confirmed", (U, 1)),
        ("2020-02-13,420100,x,inf,1", "not-a-number", "confirmed", (U, 1)),
        ("2020-02-13,420100,x,12人,1", "not-a-number", "confirmed", (U, 1)),
        ("2020-02-13,420100,x,1_000,1", "not-a-number", "confirmed", (U, 1)),
        ('2020-02-13,420100,x,"1,000",1', "not-a-number", "confirmed", (U, 1)),
        ("2020-02-13,420100,x,1.5,1", "not-whole", "confirmed", (U, 1)),
        ("2020-02-13,420100,x,1.0000000000000000000000001,1", "not-whole", "confirmed", (U, 1)),
        ("2020-02-13,420100,x,-5,1", "negative", "confirmed", (U, 1)),
        ("2020-02-13,420100,x,−5,1", "negative", "confirmed", (U, 1)),
        ("2020-02-13,420100,x,100001,1", "absurd", "confirmed", (U, 1)),
        (f"2020-02-13,420100,x,{'9' * 5000},1", "absurd", "confirmed", (U, 1)),
        ("2020-02-13,420100,x,=1+1,1", "formula", "confirmed", (U, 1)),
        ("2020-02-13,420100,x,@SUM(A1),1", "formula", "confirmed", (U, 1)),
        ("2020-02-13,420100,x,+cmd|' /C calc'!A0,1", "formula", "confirmed", (U, 1)),
        ("2020-02-13,420100,x,#N/A,1", "not-a-number", "confirmed", (U, 1)),
        ("2020-03-02,420100,x,1,1", "future-date", "day", None),
        ("2002-02-13,420100,x,1,1", "date-too-early", "day", None),
        ("13/02/2020,420100,x,1,1", "date-unreadable", "day", None),
        ("2020-02/13,420100,x,1,1", "date-unreadable", "day", None),
        ("2020-02-30,420100,x,1,1", "date-unreadable", "day", None),
        ("20200213,420100,x,1,1", "date-unreadable", "day", None),
        ("43874,420100,x,1,1", "date-unreadable", "day", None),
        ("=TODAY(),420100,x,1,1", "formula", "day", None),
        (",420100,x,1,1", "date-missing", "day", None),
        ("2020-02-13,,x,1,1", "place-missing", "code", None),
        ("2020-02-13,420100,x,1", "row-short", "", None),
        ("2020-02-13,420100,x,1,1,9", "row-long", "", None),
        ("day,code,name,confirmed,dead", "header-again", "", None),
    ],
)
def test_a_bad_row_is_told_and_sinks_no_good_one(row, code, column, taken):
    """A bad cell or row is named with its line and kept as it came; the rows beside it are read."""
    reading = read_rows(
        row + "\n2020-02-14,420100,x,7,8\n", date={"column": "day", "formats": ["%Y-%m-%d"], "earliest": "2019-12-01"}
    )
    expected = KEPT | {("420100", "cases.confirmed", "2020-02-14"): 7, ("420100", "deaths", "2020-02-14"): 8}
    if taken:
        expected |= {
            ("420100", "cases.confirmed", "2020-02-13"): taken[0],
            ("420100", "deaths", "2020-02-13"): taken[1],
        }
    assert figures(reading) == expected
    (problem,) = reading.problems
    assert (problem.row, problem.column, problem.code) == (3, column, code)
    assert problem.message
    assert len(problem.found) <= 200
    if code != "header-again":
        assert list(problem.raw) == next(csv.reader([row]))


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("7", 7),
        ("+7", 7),
        ("007", 7),
        (" 7 ", 7),
        ("７", 7),
        ("7.0", 7),
        ("7.", 7),
        ("0", 0),
        ("-0", 0),
        ("", N),
        ("-", N),
        ("NA", N),
        ("N/A", N),
        ("－", N),
    ],
)
def test_a_number_is_read_however_it_is_written(cell, value):
    """Widths, signs, spaces and needless zeros change nothing; the words for missing give the reason, never 0."""
    reading = read_rows(f"2020-02-13,420100,x,{cell},1\n")
    assert figures(reading)["420100", "cases.confirmed", "2020-02-13"] == value
    assert reading.problems == []


@pytest.mark.parametrize(
    ("cell", "thousands", "mark", "decimals", "value"),
    [
        ("1,234,567", ",", ".", 0, 1_234_567),
        ("1.234.567", ".", ",", 0, 1_234_567),
        ("1 234 567", " ", ".", 0, 1_234_567),
        ("1\u00a0234", " ", ".", 0, 1234),
        ("1\u202f234", " ", ".", 0, 1234),
        ("1'234", "'", ".", 0, 1234),
        ("1,234.56", ",", ".", 2, 123_456),
        ("1.234,56", ".", ",", 2, 123_456),
        ("0.1", "", ".", 2, 10),
        ("12,5", "", ",", 1, 125),
        ("1,23", ",", ".", 0, U),
        ("1,2345", ",", ".", 0, U),
        ("1,234.5,6", ",", ".", 2, U),
        ("1.5", "", ",", 1, U),
        ("0.005", "", ".", 2, U),
    ],
)
def test_grouped_and_decimal_numbers_become_whole_smallest_units(cell, thousands, mark, decimals, value):
    """Thousands are grouped in threes or refused; decimals are exact."""
    changed = mapping(
        delimiter=";",
        thousands=thousands,
        decimal_mark=mark,
        values=[{"column": "price", "signal": "price", "decimals": decimals}],
    )
    text = f"day;code;name;price\n2020-02-13;420100;x;{cell}\n"
    reading = read(text.encode(), changed, today=TODAY)
    assert figures(reading) == {("420100", "price", "2020-02-13"): value}
    assert len(reading.problems) == (value == U)


@pytest.mark.parametrize(
    ("text", "formats", "day"),
    [
        ("2020-02-13", ["%Y-%m-%d"], "2020-02-13"),
        ("2020年2月13日", ["%Y年%m月%d日"], "2020-02-13"),
        ("13/02/2020", ["%d/%m/%Y", "%m/%d/%Y"], "2020-02-13"),
        ("02/13/2020", ["%d/%m/%Y", "%m/%d/%Y"], "2020-02-13"),
        ("02/02/2020", ["%d/%m/%Y", "%m/%d/%Y"], "2020-02-02"),
        ("43874", ["excel-serial"], "2020-02-13"),
        ("2020044", ["%Y%j"], "2020-02-13"),
        ("05/02/2020", ["%d/%m/%Y", "%m/%d/%Y"], "date-ambiguous"),
        ("05/02/20", ["%d/%m/%y", "%y/%m/%d"], "date-ambiguous"),
        ("60", ["excel-serial"], "date-unreadable"),
        ("9999999999", ["excel-serial"], "date-unreadable"),
    ],
)
def test_a_day_that_fits_two_formats_is_refused_and_never_guessed(text, formats, day):
    """A day is read by an explicit list of formats; two different days from one text are none."""
    reading = read_rows(
        f"{text},420200,x,1,1\n".replace("2020-02-12", ""), date={"column": "day", "formats": [*formats, "%Y-%m-%d"]}
    )
    days = {o.date.isoformat() for o in reading.observations if o.place == "420200"}
    assert (days or {reading.problems[0].code}) == {day}


@pytest.mark.parametrize(
    ("text", "rules", "day"),
    [
        ("2020-03-01", {}, "2020-03-01"),
        ("2020-03-02", {}, "future-date"),
        ("2020-03-02", {"days_ahead": 1}, "2020-03-02"),
        ("2020-03-03", {"days_ahead": 1}, "future-date"),
        ("2020-03-02", {"shift_days": -1}, "2020-03-01"),
        ("2020-02-13", {"shift_days": -1}, "2020-02-12"),
    ],
)
def test_a_source_one_day_late_is_shifted_only_where_its_mapping_says_so(text, rules, day):
    """Days after today are refused; a source that dates by the morning after says so in its mapping."""
    reading = read_rows(f"{text},420200,x,1,1\n", date={"column": "day", **rules})
    days = {o.date.isoformat() for o in reading.observations if o.place == "420200"}
    assert (days or {reading.problems[0].code}) == {day}


@pytest.mark.parametrize(
    ("header", "missing", "unexpected", "words"),
    [
        ("day,code,name,confirmed_cases,dead", ["confirmed"], ["confirmed_cases"], "was it renamed 'confirmed_cases'"),
        ("day,code,name,Confirmed,dead", ["confirmed"], ["Confirmed"], "was it renamed 'Confirmed'"),
        ("day,code,name,dead", ["confirmed"], [], "'confirmed' is missing"),
        ("day,code,name,confirmed,dead,cured", [], ["cured"], "'cured' is not known"),
        ("day,code,name,confirmed,dead,dead", [], ["dead"], "more than once"),
        ("date,code,name,confirmed,dead", ["day"], ["date"], "'day' is missing"),
        ("day;code;name;confirmed;dead", [], ["day;code;name;confirmed;dead"], "';' divides"),
    ],
)
def test_a_column_missing_new_or_renamed_stops_the_reader(header, missing, unexpected, words):
    """Schema drift yields nothing, and names the columns and the nearest name."""
    rows = GOOD if header.count(",") == 4 else ",".join(["2020-02-12"] * (header.count(",") + 1)) + "\n"
    with pytest.raises(SchemaDrift) as stop:
        read((header + "\n" + rows).encode(), mapping(), today=TODAY)
    assert list(stop.value.missing) == missing
    assert list(stop.value.unexpected) == unexpected
    assert words in str(stop.value)


def test_an_optional_column_may_be_missing():
    """A column that only some vintages have is no drift."""
    values = [WIDE["values"][0], {"column": "dead", "signal": "deaths", "optional": True}]
    reading = read(b"day,code,name,confirmed\n2020-02-12,420100,x,5\n", mapping(values=values), today=TODAY)
    assert figures(reading) == {("420100", "cases.confirmed", "2020-02-12"): 5}


def workbook(*rows, sheet="figures"):
    """Return an Excel file of one sheet."""
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def bomb():
    """Return a small workbook whose sheet unpacks to 50 MB."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 50_000_000)
    return file.getvalue()


def entities(encoding="utf-8"):
    """Return a workbook whose sheet's XML would grow to gigabytes by its own entities."""
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 11))
    source, file = zipfile.ZipFile(io.BytesIO(workbook(["day"]))), io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for part in source.namelist():
            content = source.read(part).decode()
            if part.endswith("sheet1.xml"):
                content = content.replace("<worksheet", f'<!DOCTYPE x [<!ENTITY a0 "ha">{laughs}]><worksheet', 1)
                content = content.replace("<v>", "<v>&a10;", 1)
            archive.writestr(part, content.encode(encoding if part.endswith("sheet1.xml") else "utf-8"))
    return file.getvalue()


XLSX = workbook(["day", "code", "name", "confirmed", "dead"], [date(2020, 2, 12), 420100, "武汉", 19558, 820])


@pytest.mark.parametrize(
    ("data", "changes", "stop"),
    [
        (b"", {}, EmptyFile),
        (b"\n \n", {}, EmptyFile),
        (HEAD.encode(), {}, EmptyFile),
        (b"\n" + HEAD.encode(), {}, EmptyFile),
        (b"<!DOCTYPE html><html><body>Moved</body></html>", {}, NotTheFormat),
        (b"\xef\xbb\xbf  <html>", {}, NotTheFormat),
        (b"<?xml version='1.0'?><a/>", {}, NotTheFormat),
        (b'{"data": []}', {}, NotTheFormat),
        (XLSX, {}, NotTheFormat),
        (b"%PDF-1.7", {}, NotTheFormat),
        ((HEAD + GOOD).encode("utf-16"), {}, WrongEncoding),
        ((HEAD + GOOD).encode("gb18030"), {}, WrongEncoding),
        ((HEAD + GOOD).encode(), {"encoding": "gb18030"}, WrongEncoding),
        ((HEAD + GOOD).replace("武", "\0").encode(), {}, NotTheFormat),
        ((HEAD + GOOD + "2020-02-13,4201").encode(), {}, HalfFile),
        ((HEAD + GOOD + '2020-02-13,420100,"wu').encode(), {}, HalfFile),
        ((HEAD + GOOD[:-2]).encode(), {"ends_with_newline": True}, HalfFile),
        ((HEAD + '2020-02-13,420100,"a"b,1,1\n').encode(), {}, NotTheFormat),
        ((HEAD + "2020-02-13," + "x" * 200_000 + ",n,1,1\n").encode(), {}, NotTheFormat),
        (b"PK\x03\x04 not really", {"format": "excel"}, NotTheFormat),
        (XLSX[:-200], {"format": "excel"}, NotTheFormat),
        (XLSX, {"format": "excel", "sheet": "Figures"}, SchemaDrift),
        (bomb(), {"format": "excel"}, TooLarge),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", {"format": "excel"}, NotTheFormat),
        (HEAD.encode(), {"format": "excel"}, NotTheFormat),
        (b"[", {"format": "json"}, HalfFile),
        (b'[{"day": "2020-02', {"format": "json"}, HalfFile),
        (b"[1,]", {"format": "json"}, NotTheFormat),
        (b"[NaN]", {"format": "json"}, NotTheFormat),
        (b"[" * 100_000, {"format": "json"}, NotTheFormat),
        (b'[{"day": "\\u0000"}]', {"format": "json"}, NotTheFormat),
        (b'[{"day": "\\ud800"}]', {"format": "json"}, NotTheFormat),
        (entities(), {"format": "excel"}, NotTheFormat),
        (entities("utf-16"), {"format": "excel"}, NotTheFormat),
        (b'[{"day": 1, "day": 2}]', {"format": "json"}, NotTheFormat),
        (b"[]", {"format": "json"}, EmptyFile),
        (b'{"rows": []}', {"format": "json", "records": "data"}, SchemaDrift),
        (b'{"a": 1}', {"format": "json"}, SchemaDrift),
        (b"[1]", {"format": "json"}, SchemaDrift),
    ],
)
def test_a_file_of_another_kind_or_half_a_file_stops_the_reader(data, changes, stop):
    """What cannot be the table is named for what it is, and nothing of it is taken."""
    with pytest.raises(ReaderStop) as caught:
        read(data, mapping(**changes), today=TODAY, limits=Limits(unpacked=40_000_000))
    assert type(caught.value) is stop


@pytest.mark.parametrize(
    "limits",
    [Limits(bytes=20), Limits(rows=1), Limits(columns=4)],
    ids=["bytes", "rows", "columns"],
)
def test_more_than_the_limits_stops_the_reader(limits):
    """Bytes, rows and columns are limited."""
    with pytest.raises(TooLarge):
        read((HEAD + GOOD + GOOD).encode(), mapping(), today=TODAY, limits=limits)


def test_much_fewer_rows_than_the_vintage_before_are_half_a_file():
    """A file that lost a tenth of its rows is refused; one that lost a few is read."""
    text = HEAD + "".join(f"2020-02-{day:02},420100,x,1,1\n" for day in range(1, 20))
    assert read(text.encode(), mapping(), today=TODAY, previous_rows=21).rows == 19
    with pytest.raises(HalfFile):
        read(text.encode(), mapping(), today=TODAY, previous_rows=22)


def test_a_row_said_twice_alike_counts_once_and_is_told():
    """Duplicates are told once a row, with the row they repeat."""
    reading = read_rows(GOOD)
    assert figures(reading) == KEPT
    (problem,) = reading.problems
    assert (problem.row, problem.code, problem.is_note) == (3, "duplicate-row", True)
    assert "row 2" in problem.message


def test_rows_that_say_two_things_are_both_refused_and_told():
    """Of two different figures neither is believed, in whatever order and however often they stand."""
    reading = read_rows("2020-02-12,420100,武汉,19559,820\n" + GOOD)
    assert figures(reading) == KEPT | {("420100", "cases.confirmed", "2020-02-12"): "unreadable"}
    assert [(p.row, p.code) for p in reading.problems if not p.is_note] == [
        (3, "conflicting-rows"),
        (4, "conflicting-rows"),
    ]


def test_problems_beyond_the_limit_are_counted():
    """A file full of mistakes does not fill the memory with them."""
    reading = read((HEAD + GOOD + "x,y,z,1,1\n" * 50).encode(), mapping(), today=TODAY, limits=Limits(problems=7))
    assert (len(reading.problems), reading.problems_left_off) == (7, 43)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "detect"])
def test_every_encoding_reads_the_same(encoding):
    """The same table in each encoding gives the same figures, and its byte order mark is no part of the first name."""
    for written in ["utf-8", "utf-8-sig", "gb18030", "utf-16"] if encoding == "detect" else [encoding]:
        reading = read((HEAD + GOOD).encode(written), mapping(encoding=encoding), today=TODAY)
        assert figures(reading) == KEPT
        assert reading.columns[0] == "day"


EXCEL = {"format": "excel"}


def test_a_sheet_is_read_with_its_own_dates_and_numbers():
    """Excel's dates need no format, its numbers are exact, and a code that became a number is a code again."""
    data = workbook(
        ["day", "code", "name", "confirmed", "dead"],
        [datetime(2020, 2, 12), 420100, "武汉", 0.1 + 0.2, 820.0],
        [date(2020, 2, 13), "420100", None, 1234.56, None],
        [],
        ["2020-02-14", 420100.0, None, "12", True],
    )
    values = [{"column": "confirmed", "signal": "c", "decimals": 2}, {"column": "dead", "signal": "d"}]
    reading = read(data, mapping(**EXCEL, values=values), today=TODAY)
    assert figures(reading) == {
        ("420100", "c", "2020-02-12"): 30,
        ("420100", "d", "2020-02-12"): 820,
        ("420100", "c", "2020-02-13"): 123_456,
        ("420100", "d", "2020-02-13"): N,
        ("420100", "c", "2020-02-14"): 1200,
        ("420100", "d", "2020-02-14"): U,
    }
    assert [p.code for p in reading.problems] == ["not-a-number"]


def test_a_formula_or_a_failed_cell_is_no_number():
    """A formula is refused, and so is what a formula failed to compute, even where its text means missing elsewhere."""
    data = workbook(
        ["day", "code", "name", "confirmed", "dead"],
        [date(2020, 2, 12), "420100", "", "=1+1", "#N/A"],
    )
    reading = read(data, mapping(**EXCEL, missing={"": N, "#N/A": N}), today=TODAY)
    assert [p.code for p in reading.problems] == ["formula", "spreadsheet-error"]
    assert set(figures(reading).values()) == {U}


def test_a_formula_that_was_never_computed_is_refused_where_computed_values_are_asked_for():
    """With formulas = computed the last value is taken, and without one the cell is still a formula."""
    data = workbook(["day", "code", "name", "confirmed", "dead"], [date(2020, 2, 12), "420100", "", "=1+1", 5])
    computed = data_with_computed_value(data, "2")
    assert (
        figures(read(computed, mapping(**EXCEL, formulas="computed"), today=TODAY))[
            "420100", "cases.confirmed", "2020-02-12"
        ]
        == 2
    )
    assert [p.code for p in read(computed, mapping(**EXCEL), today=TODAY).problems] == ["formula"]
    assert [p.code for p in read(data, mapping(**EXCEL, formulas="computed"), today=TODAY).problems] == ["formula"]


def data_with_computed_value(data, value):
    """Return the workbook as Excel would have saved it: with the formula's value beside the formula."""
    source, file = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for part in source.namelist():
            content = source.read(part).decode()
            for empty in ("<v />", "<v></v>", "<v/>"):
                content = content.replace(f"<f>1+1</f>{empty}", f"<f>1+1</f><v>{value}</v>")
            archive.writestr(part, content)
    return file.getvalue()


def test_several_sheets_need_a_name():
    """A workbook of several sheets is read where the mapping names one."""
    book = openpyxl.load_workbook(io.BytesIO(XLSX))
    book.create_sheet("notes")
    file = io.BytesIO()
    book.save(file)
    assert figures(read(file.getvalue(), mapping(**EXCEL, sheet="figures"), today=TODAY)) == KEPT
    with pytest.raises(SchemaDrift, match="figures, notes"):
        read(file.getvalue(), mapping(**EXCEL), today=TODAY)


def test_a_sheet_of_more_cells_or_columns_than_the_limits_is_refused():
    """A cell far to the right in every row would cost hours; empty ones there are cut off."""
    rows = [["day", "code", "name", "confirmed", "dead"], [date(2020, 2, 12), "420100", "", 19558, 820]]
    far = workbook(*rows, [date(2020, 2, 13), "420100", "", 1, 1, *[None] * 20, "x"])
    with pytest.raises(TooLarge, match="columns"):
        read(far, mapping(**EXCEL), today=TODAY, limits=Limits(columns=10))
    with pytest.raises(TooLarge, match="cells"):
        read(workbook(*rows), mapping(**EXCEL), today=TODAY, limits=Limits(cells=9))


def test_json_records_are_read_with_exact_numbers():
    """Records are found by their way in the document, nested names by a point, decimals exactly."""
    rules = load_mapping(
        """{"format": "json", "records": "data.items", "date": {"column": "day"}, "place": {"columns": ["at.code"]},
        "values": [{"column": "v", "signal": "s", "decimals": 2}]}"""
    )
    document = """{"data": {"items": [
        {"day": "2020-02-12", "at": {"code": "420100"}, "v": 0.29},
        {"day": "2020-02-13", "at": {"code": "420100"}, "v": null},
        {"day": "2020-02-14", "at": {"code": "420100"}},
        {"day": "2020-02-15", "at": {"code": "420100"}, "v": [1]},
        {"day": "2020-02-16", "at": {"code": "420100"}, "v": 1e400},
        {"day": "2020-02-17", "at": {"code": "420100"}, "v": true}]}}"""
    reading = read(document.encode(), rules, today=TODAY)
    assert [o.value if o.value is not None else o.missing for o in reading.observations] == [29, N, N, U, U, U]
    assert [p.code for p in reading.problems] == ["not-a-number", "absurd", "not-a-number"]


DATES = {
    "format": "csv",
    "layout": "dates",
    "date": {"formats": ["%m/%d/%y"]},
    "place": {"columns": ["Country"]},
    "values": [{"column": "x", "signal": "cases"}],
    "ignored": ["Lat"],
}


def test_a_table_with_one_column_a_day_is_read():
    """Layout dates takes its days from the header; a day in the future is told and left out."""
    reading = read(
        b"Country,Lat,2/28/20,2/29/20,3/2/20\nFR,46,1,2,3\nDE,51,,4,5\n", load_mapping(json.dumps(DATES)), today=TODAY
    )
    assert figures(reading) == {
        ("FR", "cases", "2020-02-28"): 1,
        ("FR", "cases", "2020-02-29"): 2,
        ("DE", "cases", "2020-02-28"): N,
        ("DE", "cases", "2020-02-29"): 4,
    }
    assert [(p.row, p.column, p.code) for p in reading.problems] == [(1, "3/2/20", "future-date")]


@pytest.mark.parametrize(
    "header",
    ["Country,Lat,2/28/20,Long", "Country,Lat,28.2.20", "Lat,2/28/20", "Country,Lat,2/28/20,02/28/20", "Country,Lat"],
)
def test_a_column_that_is_no_day_stops_a_table_of_days(header):
    """In layout dates a column is a day or it is drift; a day may stand once."""
    with pytest.raises(SchemaDrift):
        read(
            f"{header}\n{','.join('1' * (header.count(',') + 1))}\n".encode(),
            load_mapping(json.dumps(DATES)),
            today=TODAY,
        )


LONG = {
    "format": "csv",
    "layout": "long",
    "date": {"column": "day"},
    "place": {"columns": ["place"]},
    "signal_column": "what",
    "value_column": "value",
    "missing_column": "why",
    "values": [
        {"column": "cases", "signal": "cases.confirmed"},
        {"column": "beds", "signal": "beds", "optional": True},
    ],
    "ignored_signals": ["tests"],
}


def test_a_long_table_is_read_with_reasons_for_missing():
    """One row a figure: its signal, its number, and why there is none."""
    text = "day,place,what,value,why\n2020-02-12,A,cases,5,\n2020-02-12,A,beds,,withheld\n2020-02-12,A,tests,9,\n"
    reading = read(
        (text + "2020-02-13,A,cases,5,withheld\n2020-02-14,A,cases,,secret\n").encode(),
        load_mapping(json.dumps(LONG)),
        today=TODAY,
    )
    assert figures(reading) == {("A", "cases.confirmed", "2020-02-12"): 5, ("A", "beds", "2020-02-12"): "withheld"}
    assert reading.passed_over == 1
    assert [(p.row, p.code) for p in reading.problems] == [(5, "missing-reason"), (6, "missing-reason")]


@pytest.mark.parametrize("rows", ["2020-02-12,A,beds,5,\n", "2020-02-12,A,cases,5,\n2020-02-12,A,case,5,\n"])
def test_a_signal_missing_or_new_stops_a_long_table(rows):
    """The names in the signal column are columns by another name: one missing or unknown is drift."""
    with pytest.raises(SchemaDrift, match="signal"):
        read(("day,place,what,value,why\n" + rows).encode(), load_mapping(json.dumps(LONG)), today=TODAY)


PLACES = Places(
    [
        PlaceEntry("CN", "", ("中国", "China")),
        PlaceEntry("110000", "CN", ("北京市", "Beijing")),
        PlaceEntry("110101", "110000", ("东城区",)),
        PlaceEntry("110000-x", "110000", (), unassigned=True),
        PlaceEntry("220000", "CN", ("吉林省", "Jilin")),
        PlaceEntry("220200", "220000", ("吉林市", "Jilin")),
        PlaceEntry("320000", "CN", ("江苏省",)),
        PlaceEntry("440000", "CN", ("广东省",)),
        PlaceEntry("320100-gl", "320000", ("鼓楼区",)),
        PlaceEntry("350100-gl", "440000", ("鼓楼区",)),
    ]
)
NAMED = {
    "columns": ["country", "province", "city"],
    "by": "name",
    "unassigned": ["外地来京", "未公布来源"],
    "passed_over": ["合计"],
}


@pytest.mark.parametrize(
    ("names", "place"),
    [
        ("中国,,", "CN"),
        ("china,,", "CN"),
        ("中国,北京市,", "110000"),
        ("中国,北京市,东城区", "110101"),
        ("中国,,东城区", "110101"),
        ("中国,北京市,外地来京", "110000-x"),
        ("中国,吉林省,Jilin", "220200"),
        ("中国,江苏省,鼓楼区", "320100-gl"),
        ("ＣＨＩＮＡ,,", "CN"),
        ("中国,合计,", None),
        ("中国,,Jilin", "place-ambiguous"),
        ("中国,,鼓楼区", "place-ambiguous"),
        ("中国,吉林省,东城区", "place-unknown"),
        ("中国,江苏省,未公布来源", "place-unknown"),
        ("Atlantis,,", "place-unknown"),
        (",,", "place-missing"),
    ],
)
def test_a_place_is_looked_up_by_name_below_the_wider_ones(names, place):
    """Names are found in any language, below what the wider columns say; one that may be two places is refused."""
    rules = mapping(place=NAMED, ignored=[])
    text = f"day,country,province,city,confirmed,dead\n2020-02-12,{names},1,2\n"
    reading = read(text.encode(), rules, today=TODAY, places=PLACES)
    found = {o.place for o in reading.observations} or {p.code for p in reading.problems} or {None}
    assert found == {place}


BESIDE = {"columns": ["p", "c"], "names": ["pn", "cn"], "unassigned": ["外地来京"]}


@pytest.mark.parametrize(
    ("cells", "place"),
    [
        ("110000,北京市,,", "110000"),
        ("110000,北京市,110101,东城区", "110101"),
        ("110000,北京市,,外地来京", "110000-x"),
        ("110000,北京市,,未公布来源", "place-unknown"),
        (",第七师,,", "place-unknown"),
    ],
)
def test_a_name_without_a_code_is_not_the_wider_place(cells, place):
    """A row of a division that has no code does not overwrite its province."""
    text = f"day,p,pn,c,cn,confirmed,dead\n2020-02-12,{cells},1,2\n"
    reading = read(text.encode(), mapping(place=BESIDE, ignored=[]), today=TODAY, places=PLACES)
    assert ({o.place for o in reading.observations} or {p.code for p in reading.problems}) == {place}


@NEEDED
def test_the_chinese_table_of_2020_is_read_whole():
    """Every row by its code; 994 rows of divisions without one are told, and overwrite no province."""
    table = chinese_table().select(
        "date", "country", "province", "provinceCode", "city", "cityCode", "confirmed", "suspected", "cured", "dead"
    )
    rules = mapping(
        date={"column": "date"},
        place={"columns": ["provinceCode", "cityCode"], "names": ["province", "city"], "passed_over": []},
        values=[{"column": "confirmed", "signal": "cases.confirmed"}, {"column": "dead", "signal": "deaths"}],
        ignored=["country", "suspected", "cured"],
    )
    uncoded = table.filter(pl.col("city").is_not_null() & pl.col("cityCode").is_null())
    national = table.filter(pl.col("province").is_null())
    reading = read(table.write_csv().encode(), rules, today=date(2020, 7, 1))
    told = Counter(problem.code for problem in reading.problems)
    assert told["place-unknown"] == uncoded.height == 994
    assert told["place-missing"] == national.height
    provinces = table.filter(pl.col("city").is_null() & pl.col("provinceCode").is_not_null()).to_dicts()
    figures_of = {(o.place, o.date): o.value for o in reading.observations if o.signal == "cases.confirmed"}
    off = {
        (row["provinceCode"], row["date"])
        for row in provinces
        if figures_of[row["provinceCode"], row["date"]] != row["confirmed"]
    }
    # Three of them stand as their own city too, at times with another count: then neither is believed.
    coded = table.filter(pl.col("provinceCode").is_not_null()).with_columns(
        code=pl.when(pl.col("city").is_null()).then("provinceCode").otherwise("cityCode")
    )
    twice = coded.drop_nulls("code").group_by("code", "date").agg(pl.col("confirmed").n_unique())
    assert off == set(twice.filter(pl.col("confirmed") > 1).select("code", "date").iter_rows())
    assert ("710000", date(2020, 3, 13)) in off


def test_a_code_is_checked_where_the_places_are_known():
    """With the places passed, an unknown code is told; without them it is taken as it stands."""
    rows = (HEAD + "2020-02-12,999999,x,1,1\n").encode()
    assert [p.code for p in read(rows, mapping(), today=TODAY, places=PLACES).problems] == ["place-unknown"]
    assert read(rows, mapping(), today=TODAY).problems == []


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "xml"},
        {"nonsense": 1},
        {"values": []},
        {"values": [WIDE["values"][0], WIDE["values"][0]]},
        {"date": {"column": ""}},
        {"date": {"column": "day", "formats": ["%m-%d"]}},
        {"date": {"column": "day", "formats": ["%Y-%m"]}},
        {"missing": {"-": "dunno"}},
        {"thousands": ".", "decimal_mark": "."},
        {"encoding": "latin-1"},
        {"place": {}},
        {"place": {"columns": ["a"], "fixed": "CN"}},
        {"layout": "long"},
        {"layout": "dates"},
        {"signal_column": "x"},
        {"values": [{"column": "a", "signal": "new cases"}]},
        {"values": [{"column": "a", "signal": "cases", "definition": "a/b"}]},
    ],
)
def test_a_mapping_that_contradicts_itself_is_refused(changes):
    """A mapping is checked when it is written, not when the source arrives."""
    with pytest.raises(ValueError, match=r"validation error|does not|unknown"):
        mapping(**changes)


def test_a_mapping_reads_the_same_from_toml():
    """JSON and TOML declare the same mapping."""
    toml = """
        format = "csv"
        ignored = ["name"]
        date = { column = "day", formats = ["%Y-%m-%d"] }
        place = { columns = ["code"] }
        [[values]]
        column = "confirmed"
        signal = "cases.confirmed"
        most = 100_000
        [[values]]
        column = "dead"
        signal = "deaths"
    """
    assert load_mapping(toml) == mapping()


observations = st.builds(
    lambda place, signal, day, value, reason: Observation(
        place, signal[0], signal[1], day, value, "" if value is not None else reason
    ),
    st.from_regex(change_file.CODE, fullmatch=True),
    st.sampled_from([("cases.confirmed", ""), ("cases.confirmed", "clinical"), ("deaths", "")]),
    st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    st.none() | st.integers(-(10**18) + 1, 10**18 - 1),
    st.sampled_from(MISSING_REASONS),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(observations, min_size=1, max_size=20, unique_by=change_file.key_of))
def test_reading_our_own_canonical_file_gives_the_same_figures(written):
    """What a canonical file of changes holds is read to the same observations, missing reasons and all."""
    rules = canonical_mapping({(o.signal, o.definition): None for o in written})
    reading = read(change_file.encode(written), rules, today=date(2100, 1, 1))
    assert reading.observations == sorted(written, key=change_file.key_of)
    assert reading.problems == []


def test_what_is_refused_is_kept_under_its_columns():
    """Refused rows are handed on with their cells by column and what is wrong; notes are not among them."""
    reading = read_rows(GOOD + "2020-02-13,420100,武汉,abc,1\n2020-02-14,420100,武汉,1,1,9\n")
    first, second = reading.rejected()
    assert (first.line, first.raw["confirmed"], first.raw["name"]) == (4, "abc", "武汉")
    assert first.problem == "not-a-number: confirmed: 'abc' is no number"
    assert (second.line, second.raw["6"]) == (5, "9")


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from(["csv", "excel", "json"]),
    st.sampled_from(["utf-8", "detect", "gb18030", "utf-16"]),
)
@example(b"[" + b'{"a":' * 900 + b"1" + b"}" * 900 + b"]", "json", "utf-8")
@example(b'[{"day": ' + b"[" * 900 + b"]" * 900 + b"}]", "json", "utf-8")
def test_whatever_bytes_come_a_reader_reads_or_stops(data, form, encoding):
    """No bytes bring about another error than a stop that says why."""
    reasons = []
    for content in (data, HEAD.encode() + data):
        try:
            read(content, mapping(format=form, encoding=encoding), today=TODAY)
        except ReaderStop as stop:
            reasons.append(str(stop))
    assert all(reasons)
