"""Formats: read back by others' readers they say the same, and the same table makes the same bytes."""

import csv
import hashlib
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pyarrow.parquet
import pytest
from fhir.resources.R4B.bundle import Bundle
from hypothesis import given
from hypothesis import strategies as st
from pysdmx.io.csv.sdmx20.reader import read as read_sdmx_csv

from sameboat.figures.engine import decimals
from sameboat.figures.engine.formats import FORMATS, Row, Table, hxl_csv, sdmx_csv
from sameboat.figures.engine.observation import MISSING_REASONS

ROWS = (
    Row("XX-E", date(2020, 2, 11), 10, "", 1),
    Row("XX-E", date(2020, 2, 12), 25, "", 2, breaks=True),
    Row("XX-E", date(2020, 2, 13), None, "withheld", 2),
    Row("XX-W", date(2020, 2, 12), 0, "", 1),
)
TABLE = Table(
    feed="test",
    publisher="org_1",
    signal="cases.confirmed",
    definition="",
    form="cumulative",
    unit="people",
    decimals=0,
    vintage="vint_1",
    number=2,
    published_at=datetime(2020, 2, 13, 15, 59, 59, tzinfo=UTC),
    published_on=date(2020, 2, 13),
    sha256="ab" * 32,
    entry="cd" * 32,
    rows=ROWS,
)
RATE = replace(TABLE, decimals=2, unit="per 1,000", rows=(Row("XX-E", date(2020, 2, 11), -205, "", 1), ROWS[2]))
NOTHING = replace(TABLE, rows=())


def rows_of(data):
    """Return the rows of a CSV as mappings."""
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("table", [TABLE, RATE, NOTHING])
def test_the_same_table_makes_the_same_bytes(name, table):
    """Twice written is once written."""
    assert FORMATS[name].encode(table) == FORMATS[name].encode(replace(table))


@pytest.mark.parametrize(
    ("name", "version", "start"),
    [
        ("csv", "1", "14892e59ea1110f9"),
        ("json", "1", "63d1c23861cf622f"),
        ("sdmx.csv", "1", "590328503f519ae7"),
        ("fhir.json", "1", "9a75726839bdf8c8"),
        ("hub.csv", "1", "2459b8210324f32a"),
    ],
)
def test_the_bytes_stay_those_of_the_version(name, version, start):
    """Files that are out can be made again: who changes a format's bytes raises its VERSION, and this line with it."""
    assert FORMATS[name].version == version
    assert hashlib.sha256(FORMATS[name].encode(TABLE)).hexdigest().startswith(start)


@pytest.mark.parametrize("name", FORMATS)
def test_missing_is_not_zero_in_any_format(name):
    """A figure that is missing and one that is zero make different files."""
    missing = replace(TABLE, rows=(Row("XX-E", date(2020, 2, 13), None, "withheld", 2),))
    zero = replace(TABLE, rows=(Row("XX-E", date(2020, 2, 13), 0, "", 2),))
    assert FORMATS[name].encode(missing) != FORMATS[name].encode(zero)


def test_csv_has_names_tags_and_every_row():
    """Under the names stand HXL tags; a missing value is empty with its reason."""
    names, tags, *rows = csv.reader(io.StringIO(FORMATS["csv"].encode(TABLE).decode(), newline=""))
    assert names == list(hxl_csv.COLUMNS)
    assert all(tag.startswith("#") for tag in tags)
    told = [dict(zip(names, row, strict=True)) for row in rows]
    assert [(row["place"], row["date"], row["value"], row["missing"]) for row in told] == [
        ("XX-E", "2020-02-11", "10", ""),
        ("XX-E", "2020-02-12", "25", ""),
        ("XX-E", "2020-02-13", "", "withheld"),
        ("XX-W", "2020-02-12", "0", ""),
    ]
    assert {(row["vintage"], row["published_at"]) for row in told} == {("vint_1", "2020-02-13T15:59:59Z")}


def test_tags_are_of_the_standard():
    """A tag is a word behind #, its attributes words behind + (HXL 1.1, tagging conventions)."""
    import re

    for tag in hxl_csv.COLUMNS.values():
        assert re.fullmatch(r"#[a-z][a-z0-9_]*(\+[a-z][a-z0-9_]*)*", tag)
    core = {"#meta", "#loc", "#indicator", "#date", "#status"}
    assert {tag.split("+")[0] for tag in hxl_csv.COLUMNS.values()} <= core


@pytest.mark.parametrize("name", ["csv", "sdmx.csv", "hub.csv"])
@pytest.mark.parametrize("start", ["=", "+", "@", "-", "\t"])
def test_a_text_is_no_formula(name, start):
    """What a spreadsheet would run has an apostrophe before it, in every cell."""
    hostile = f"{start}cmd|' /C calc'!A1"
    table = replace(TABLE, feed=hostile, unit=hostile, signal=hostile, definition=hostile)
    for row in csv.reader(io.StringIO(FORMATS[name].encode(table).decode(), newline="")):
        assert not [cell for cell in row if cell.startswith(start)]


def test_json_gives_the_vintage_and_the_values():
    """Values without decimals are numbers, others text; both exact."""
    told = json.loads(FORMATS["json"].encode(TABLE))
    assert told["vintage"]["sha256"] == "ab" * 32
    assert [row["value"] for row in told["figures"]] == [10, 25, None, 0]
    assert [row["value"] for row in json.loads(FORMATS["json"].encode(RATE))["figures"]] == ["-2.05", None]
    assert json.loads(FORMATS["json"].encode(NOTHING))["figures"] == []


def test_parquet_reads_back_in_polars_and_in_arrow():
    """Both readers give the same values; missing is null; decimals are exact."""
    for table, values in ((TABLE, [10, 25, None, 0]), (RATE, [Decimal("-2.05"), None])):
        data = FORMATS["parquet"].encode(table)
        assert pl.read_parquet(io.BytesIO(data))["value"].to_list() == values
        arrow = pyarrow.parquet.read_table(io.BytesIO(data))
        assert arrow["value"].to_pylist() == values
        assert arrow["date"].to_pylist() == [row.date for row in table.rows]
        assert arrow.column_names == list(hxl_csv.COLUMNS)
    assert pl.read_parquet(io.BytesIO(FORMATS["parquet"].encode(NOTHING))).height == 0


def test_sdmx_csv_is_read_by_pysdmx():
    """One dataset of our dataflow with its status: A normal, B break, Q withheld, and no value where there is none."""
    (dataset,) = read_sdmx_csv(FORMATS["sdmx.csv"].encode(TABLE).decode())
    assert dataset.structure == f"Dataflow={sdmx_csv.DATAFLOW}"
    told = dataset.data[["REF_AREA", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS"]].to_numpy().tolist()
    assert told == [
        ["XX-E", "2020-02-11", "10", "A"],
        ["XX-E", "2020-02-12", "25", "B"],
        ["XX-E", "2020-02-13", "", "Q"],
        ["XX-W", "2020-02-12", "0", "A"],
    ]
    assert set(dataset.data["DEFINITION"]) == {"_Z"}


def test_every_reason_has_a_status():
    """No reason but "withdrawn", which is in no table, falls back to a general code."""
    assert set(sdmx_csv.STATUS) == set(MISSING_REASONS) - {"withdrawn"}


@pytest.mark.parametrize("table", [TABLE, RATE, NOTHING])
def test_the_fhir_bundle_is_valid(table):
    """The models of FHIR R4B, whose MeasureReport is R4's, read it and find every figure."""
    bundle = Bundle.model_validate_json(FORMATS["fhir.json"].encode(table))
    entries = bundle.entry or []
    scores = [entry.resource.group[0].measureScore for entry in entries]
    expected = [None if row.value is None else Decimal(table.written(row)) for row in table.rows]
    assert [score.value for score in scores] == expected
    assert [score.extension[0].valueCode for score in scores if score.value is None] == ["masked"] * expected.count(
        None
    )
    assert len({entry.fullUrl for entry in entries}) == len(entries)
    assert [entry.resource.subject.identifier.value for entry in entries] == [row.place for row in table.rows]


def test_hub_target_data_has_its_columns():
    """Location, day, target, observation and the day that it was so known; a missing one is empty."""
    told = rows_of(FORMATS["hub.csv"].encode(TABLE))
    assert told[0] == {
        "location": "XX-E",
        "target_end_date": "2020-02-11",
        "target": "cases.confirmed",
        "observation": "10",
        "as_of": "2020-02-13",
    }
    assert [row["observation"] for row in told] == ["10", "25", "", "0"]


@given(st.integers(-(10**15), 10**15), st.integers(0, 9))
def test_decimals_are_written_and_read_back(value, places):
    """Nothing is lost either way, and the text is what Decimal reads."""
    text = decimals.written(value, places)
    assert decimals.smallest_units(text, places) == value
    assert Decimal(text) == Decimal(value).scaleb(-places)


@pytest.mark.parametrize("text", ["", " 1", "1e3", "1,000", "0x1", "+1", "1.", ".5", "١", "NaN", "1.234", "9" * 17])
def test_what_is_no_number_is_refused(text):
    """Nor is one with more decimals than the signal has."""
    with pytest.raises(ValueError, match=r"no number|more than"):
        decimals.smallest_units(text, 2)
