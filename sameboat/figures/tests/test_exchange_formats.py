"""DHIS2 and FHIR: documents as their specifications have them, and what is wrong with one."""

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    load_mapping,
    read,
)
from sameboat.figures.engine.readers.cells import CellError
from sameboat.figures.engine.readers.dhis2 import period_days

TODAY = date(2020, 3, 31)
PLACES = Places([PlaceEntry("SL"), PlaceEntry("SL01", "SL", ("DiszpKrYNg8", "Ngelehun CHC"))])
ELEMENTS = [
    {"data_element": "f7n9E0hX8qk", "category_option_combo": "c1", "signal": "cases", "definition": "under-5"},
    {"data_element": "f7n9E0hX8qk", "signal": "cases"},
    {"data_element": "Ix2HsbDMLea", "signal": "stock", "decimals": 1},
]


def dhis2(form, **changes):
    """Return the mapping of a DHIS2 document."""
    return load_mapping(json.dumps({"format": f"dhis2-{form}", "elements": ELEMENTS, "ignored": ["other"]} | changes))


def told(reading):
    """Return figures as (place, signal, definition, day, value or reason)."""
    return [
        (o.place, o.signal, o.definition, o.date.isoformat(), o.missing if o.value is None else o.value)
        for o in reading.observations
    ]


def value(**changes):
    """Return one data value."""
    return {"dataElement": "f7n9E0hX8qk", "period": "202002", "orgUnit": "DiszpKrYNg8", "value": "12"} | changes


SET = {
    "dataSet": "pBOMPrpg1QX",
    "dataValues": [
        value(
            categoryOptionCombo="c1", storedBy="a.person", comment="call Dr Person", lastUpdated="2020-03-01T10:00:00"
        ),
        value(categoryOptionCombo="c2", value="30"),
        value(dataElement="Ix2HsbDMLea", value="1.5"),
        value(dataElement="Ix2HsbDMLea", period="2020W7", value="2", deleted=True),
        value(dataElement="other", value="text"),
    ],
}
FIGURES = [
    ("SL01", "cases", "under-5", "2020-02-29", 12),
    ("SL01", "cases", "", "2020-02-29", 30),
    ("SL01", "stock", "", "2020-02-29", 15),
    ("SL01", "stock", "", "2020-02-16", "withdrawn"),
]


def test_a_data_value_set_is_read():
    """Elements and options become signals and definitions; a deleted value is withdrawn; persons are left out."""
    reading = read(json.dumps(SET).encode(), dhis2("json"), today=TODAY, places=PLACES)
    assert told(reading) == FIGURES
    assert (reading.problems, reading.passed_over, reading.rows) == ([], 1, 5)
    first = read(json.dumps(SET).encode(), dhis2("json", period_day="first"), today=TODAY, places=PLACES)
    assert [o.date for o in first.observations][2:] == [date(2020, 2, 1), date(2020, 2, 10)]


def test_a_set_may_say_once_what_its_values_share():
    """Period and place at the head of a set hold for values that name none."""
    document = {
        "period": "202002",
        "orgUnit": "DiszpKrYNg8",
        "dataValues": [{"dataElement": "Ix2HsbDMLea", "value": "1"}],
    }
    reading = read(json.dumps(document).encode(), dhis2("json"), today=TODAY, places=PLACES)
    assert told(reading) == [("SL01", "stock", "", "2020-02-29", 10)]


@pytest.mark.parametrize("small", [False, True])
def test_the_same_set_as_csv_reads_the_same(small):
    """CSV has the same names, in small letters in some versions."""
    names = ["dataElement", "period", "orgUnit", "categoryOptionCombo", "attributeOptionCombo", "value", "storedBy"]
    names += ["lastUpdated", "comment", "followup", "deleted"]
    rows = [[str(one.get(name, "")) for name in names] for one in SET["dataValues"]]
    lines = [[name.lower() if small else name for name in names], *rows]
    text = "\n".join(",".join(f'"{cell}"' for cell in line) for line in lines)
    assert told(read(text.encode(), dhis2("csv"), today=TODAY, places=PLACES)) == FIGURES


def test_analytics_are_read():
    """Rows of analytics are read by their headers, an operand with its option."""
    document = {
        "headers": [{"name": name} for name in ("dx", "pe", "ou", "value")],
        "metaData": {"items": {}},
        "rows": [["f7n9E0hX8qk.c1", "202002", "DiszpKrYNg8", "12.0"], ["Ix2HsbDMLea", "2020", "DiszpKrYNg8", "3.25"]],
        "width": 4,
    }
    reading = read(json.dumps(document).encode(), dhis2("analytics", days_ahead=366), today=TODAY, places=PLACES)
    assert told(reading) == [
        ("SL01", "cases", "under-5", "2020-02-29", 12),
        ("SL01", "stock", "", "2020-12-31", "unreadable"),
    ]
    assert [(p.row, p.code) for p in reading.problems] == [(2, "not-whole")]


@pytest.mark.parametrize(
    ("changes", "code", "column"),
    [
        ({"orgUnit": "nowhere"}, "place-unknown", "orgUnit"),
        ({"orgUnit": None}, "place-missing", "orgUnit"),
        ({"period": "LAST_12_MONTHS"}, "date-unreadable", "period"),
        ({"period": "202013"}, "date-unreadable", "period"),
        ({"period": "202004"}, "future-date", "period"),
        ({"value": "many"}, "not-a-number", "value"),
        ({"value": "-1"}, "negative", "value"),
        ({"value": 1.5}, "not-whole", "value"),
        ({"value": True}, "not-a-number", "value"),
    ],
)
def test_a_bad_data_value_is_told_and_sinks_no_other(changes, code, column):
    """What is wrong with one value is told with its number; persons' fields are not kept."""
    document = {"dataValues": [value(storedBy="a.person", comment="x") | changes, value(period="202001")]}
    reading = read(json.dumps(document).encode(), dhis2("json"), today=TODAY, places=PLACES)
    assert told(reading)[-1] == ("SL01", "cases", "", "2020-01-31", 12)
    (problem,) = reading.problems
    assert (problem.row, problem.column, problem.code) == (1, column, code)
    assert "a.person" not in problem.raw


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("20200213", "2020-02-13", "2020-02-13"),
        ("2020W1", "2019-12-30", "2020-01-05"),
        ("2020W53", "2020-12-28", "2021-01-03"),
        ("2020WedW1", "2020-01-01", "2020-01-07"),
        ("2020SunW7", "2020-02-09", "2020-02-15"),
        ("2020BiW1", "2019-12-30", "2020-01-12"),
        ("202002", "2020-02-01", "2020-02-29"),
        ("202001B", "2020-01-01", "2020-02-29"),
        ("2020Q4", "2020-10-01", "2020-12-31"),
        ("2020S2", "2020-07-01", "2020-12-31"),
        ("2020AprilS2", "2020-10-01", "2021-03-31"),
        ("2020", "2020-01-01", "2020-12-31"),
        ("2020April", "2020-04-01", "2021-03-31"),
        ("2020Oct", "2020-10-01", "2021-09-30"),
        ("2020Nov", "2019-11-01", "2020-10-31"),
    ],
)
def test_a_period_of_dhis2_has_a_first_and_a_last_day(period, first, last):
    """Days, weeks with their beginnings, months, quarters, halves and financial years."""
    assert tuple(day.isoformat() for day in period_days(period)) == (first, last)


@pytest.mark.parametrize(
    "period", ["", "2020W0", "2021W53", "20200230", "2020Q5", "2020S3", "THIS_YEAR", "20", "2020-02", "2020W7x"]
)
def test_what_is_no_period_is_refused(period):
    """Relative and impossible periods are no day."""
    with pytest.raises(CellError):
        period_days(period)


@pytest.mark.parametrize(
    ("form", "document", "stop"),
    [
        ("json", "", EmptyFile),
        ("json", "<html>Sign in</html>", NotTheFormat),
        (
            "json",
            '{"httpStatus": "Unauthorized", "httpStatusCode": 401, "status": "ERROR", "message": "no"}',
            NotTheFormat,
        ),
        ("json", '{"dataValues": [', HalfFile),
        ("json", "[]", NotTheFormat),
        ("json", '{"dataValues": {}}', NotTheFormat),
        ("json", '{"dataValues": []}', EmptyFile),
        ("json", '{"values": []}', SchemaDrift),
        ("json", json.dumps({"dataValues": [value(dataElement="brand-new")]}), SchemaDrift),
        ("json", json.dumps({"dataValues": [{**value(), "surprise": 1}]}), SchemaDrift),
        ("json", json.dumps({"dataValues": [value()] * 9}), TooLarge),
        ("csv", "dataelement,period,value\na,202002,1\n", SchemaDrift),
        ("csv", "dataelement,period,orgunit,amount\na,202002,1,1\n", SchemaDrift),
        ("analytics", '{"headers": [{"name": "dx"}], "rows": []}', SchemaDrift),
        ("analytics", '{"headers": 1, "rows": []}', NotTheFormat),
        (
            "analytics",
            '{"headers": [{"name": "dx"}, {"name": "pe"}, {"name": "ou"}, {"name": "value"}], "rows": [[1]]}',
            NotTheFormat,
        ),
    ],
)
def test_what_is_no_such_dhis2_document_stops_the_reader(form, document, stop):
    """A message of the server, another shape or an unknown element yields nothing."""
    with pytest.raises(ReaderStop) as caught:
        read(document.encode(), dhis2(form), today=TODAY, places=PLACES, limits=Limits(rows=8))
    assert type(caught.value) is stop


URL = "http://example.org/Measure/covid"
FHIR = {
    "format": "fhir-measurereport",
    "populations": [
        {"measure": URL, "population": "numerator", "signal": "cases"},
        {"measure": URL, "signal": "occupancy", "decimals": 2},
    ],
    "ignored": ["http://example.org/Measure/other"],
}


def code(word):
    """Return a CodeableConcept."""
    return {"coding": [{"system": "http://example.org/codes", "code": word}]}


def report(**changes):
    """Return a MeasureReport of one group."""
    return {
        "resourceType": "MeasureReport",
        "id": "r1",
        "status": "complete",
        "type": "summary",
        "measure": URL + "|1.0",
        "subject": {"reference": "Location/SL01"},
        "period": {"start": "2020-02-12", "end": "2020-02-12T23:59:59+08:00"},
        "group": [{"population": [{"code": code("numerator"), "count": 12}], "measureScore": {"value": 0.29}}],
    } | changes


def fhir(document, **changes):
    """Read a FHIR document."""
    rules = load_mapping(json.dumps(FHIR | changes))
    return read(json.dumps(document).encode(), rules, today=TODAY, places=PLACES)


DAY = "2020-02-12"
BOTH = [("SL01", "cases", "", DAY, 12), ("SL01", "occupancy", "", DAY, 29)]


def test_a_measure_report_is_read():
    """Counts and scores of a summary become figures of the subject's place and the period's last day."""
    assert told(fhir(report())) == BOTH
    month = report(period={"start": "2020-02", "end": "2020-02"})
    assert {o.date for o in fhir(month).observations} == {date(2020, 2, 29)}
    assert {o.date for o in fhir(month, period_day="first").observations} == {date(2020, 2, 1)}
    named = report(subject={"identifier": {"value": "SL01"}})
    assert told(fhir(named)) == BOTH


def test_reports_in_a_bundle_are_read_beside_other_resources():
    """Every report of a Bundle is read; those of known other measures are passed over, other resources are none."""
    other = report(measure="http://example.org/Measure/other")
    entries = [
        report(),
        report(period={"start": "2020-02-13", "end": "2020-02-13"}),
        other,
        {"resourceType": "Measure"},
    ]
    reading = fhir({"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in entries]})
    assert [row[3] for row in told(reading)] == [DAY, DAY, "2020-02-13", "2020-02-13"]
    assert (reading.rows, reading.passed_over) == (3, 1)


def test_a_stratifier_names_the_places():
    """Strata by place give each place its figure; a stratum of an unknown place is told."""
    strata = [
        {"value": code("SL01"), "population": [{"code": code("numerator"), "count": 5}]},
        {"value": code("SL99"), "population": [{"code": code("numerator"), "count": 6}]},
        {"value": {"text": "SL"}, "population": [{"code": code("numerator"), "count": 7}]},
    ]
    groups = [{"stratifier": [{"code": [code("sex")], "stratum": []}, {"code": [code("district")], "stratum": strata}]}]
    reading = fhir(report(group=groups), place_stratifier="district", populations=FHIR["populations"][:1])
    assert told(reading) == [("SL01", "cases", "", DAY, 5), ("SL", "cases", "", DAY, 7)]
    assert [(p.column, p.found, p.code) for p in reading.problems] == [("place", "SL99", "place-unknown")]


def test_an_absent_count_says_why():
    """A count that is absent is missing with the reason FHIR gives, never 0."""
    absent = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]
    }
    groups = [{"population": [{"code": code("numerator"), "_count": absent}]}]
    assert told(fhir(report(group=groups))) == [
        ("SL01", "cases", "", DAY, "withheld"),
        ("SL01", "occupancy", "", DAY, "not-reported"),
    ]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"type": "individual"}, "not-a-summary"),
        ({"type": "subject-list"}, "not-a-summary"),
        ({"subject": {"reference": "Patient/123"}}, "not-a-summary"),
        ({"subject": {"reference": "https://example.org/fhir/Patient/123"}}, "not-a-summary"),
        ({"status": "pending"}, "not-complete"),
        ({"status": "error"}, "not-complete"),
        ({"subject": {"reference": "Location/X"}}, "place-unknown"),
        ({"subject": None}, "place-missing"),
        ({"period": None}, "date-missing"),
        ({"period": {"start": "2020-02-12"}}, "date-unreadable"),
        ({"period": {"start": "2020-02-30", "end": "2020-02-30"}}, "date-unreadable"),
        ({"period": {"start": "2020-02-13", "end": "2020-02-12"}}, "date-unreadable"),
        ({"period": {"start": "2020-02-13", "end": "2020-12-12"}}, "future-date"),
        ({"group": []}, "group-missing"),
        ({"group": [{"population": []}]}, "population-missing"),
        ({"group": [{"population": [{"code": code("numerator"), "count": "12"}]}]}, "not-a-number"),
        ({"group": [{"population": [{"code": code("numerator"), "count": -2}]}]}, "negative"),
    ],
)
def test_a_bad_report_is_told_and_sinks_no_other(changes, problem):
    """A report about persons is refused unread; what else is wrong with one is told; the others are read."""
    later = report(period={"start": "2020-02-14", "end": "2020-02-14"})
    entries = [{"resource": report(**changes)}, {"resource": later}]
    reading = fhir({"resourceType": "Bundle", "entry": entries})
    assert [row for row in told(reading) if row[3] == "2020-02-14"] == [
        (*row[:3], "2020-02-14", *row[4:]) for row in BOTH
    ]
    assert [row for row in told(reading) if row[3] == DAY and row[4] == 12] == []
    assert {p.code for p in reading.problems} == {problem}
    assert "123" not in repr(reading.problems)


@pytest.mark.parametrize(
    ("document", "stop"),
    [
        ({"resourceType": "OperationOutcome", "issue": []}, NotTheFormat),
        ({"resourceType": "Patient"}, NotTheFormat),
        ({}, NotTheFormat),
        ([], NotTheFormat),
        ({"resourceType": "Bundle", "entry": []}, EmptyFile),
        (report(measure="http://example.org/Measure/new"), SchemaDrift),
        (report(measure=URL + "2"), SchemaDrift),
        (report(group={"population": 1}), NotTheFormat),
    ],
)
def test_what_is_no_measure_report_stops_the_reader(document, stop):
    """Another resource, an answer of what went wrong, or an unknown measure yields nothing."""
    with pytest.raises(ReaderStop) as caught:
        fhir(document)
    assert type(caught.value) is stop


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def ways(node, before=()):
    """Return the way to every part of a document."""
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [before, *(way for key, part in parts for way in ways(part, (*before, key)))]


def replaced(node, way, other):
    """Return a document with the part at the end of a way replaced."""
    if not way:
        return other
    copy = node.copy()
    copy[way[0]] = replaced(node[way[0]], way[1:], other)
    return copy


ANALYTICS = {
    "headers": [{"name": name} for name in ("dx", "pe", "ou", "value")],
    "rows": [["Ix2HsbDMLea", "202002", "DiszpKrYNg8", "3"]],
}
STRATIFIED = report(
    group=[
        {
            "stratifier": [
                {
                    "code": [code("district")],
                    "stratum": [{"value": code("SL01"), "population": [{"code": code("numerator"), "count": 1}]}],
                }
            ]
        }
    ]
)
DOCUMENTS = [
    (SET, dhis2("json")),
    (ANALYTICS, dhis2("analytics")),
    (report(), load_mapping(json.dumps(FHIR))),
    (STRATIFIED, load_mapping(json.dumps(FHIR | {"place_stratifier": "district"}))),
    ({"resourceType": "Bundle", "entry": [{"resource": report()}]}, load_mapping(json.dumps(FHIR))),
]


@settings(deadline=None, max_examples=400)
@given(st.data())
def test_a_document_with_anything_in_any_place_is_read_or_stops(data):
    """Whatever stands where something else was due is told or stops the reader; no other error comes of it."""
    document, rules = data.draw(st.sampled_from(DOCUMENTS))
    changed = replaced(document, data.draw(st.sampled_from(ways(document))), data.draw(anything))
    reasons = ["read"]
    try:
        read(json.dumps(changed).encode(), rules, today=TODAY, places=PLACES)
    except ReaderStop as stop:
        reasons.append(str(stop))
    assert all(reasons)
