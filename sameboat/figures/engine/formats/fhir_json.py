"""FHIR R4: a Bundle with one MeasureReport for each place and day (hl7.org/fhir/R4/measurereport.html).

A figure is the score of its one group. A missing one has no value there but the reason, by FHIR's data-absent-reason.
"""

import json
from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sameboat.figures.engine.formats.table import Row, Table

CONTENT_TYPE = "application/fhir+json"
VERSION = "1"

ABSENT = {
    "not-reported": "unknown",
    "withheld": "masked",
    "suppressed": "masked",
    "not-applicable": "not-applicable",
    "unreadable": "error",
}
ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
NAMES = "urn:sameboat:figures"
"""Under this stand the codes of feeds, signals and places: `urn:sameboat:figures:signal:cases.confirmed`."""


def parts(table: Table) -> Iterator[bytes]:
    """Yield the file in parts."""
    head = {
        "resourceType": "Bundle",
        "identifier": {"system": f"{NAMES}:vintage", "value": table.vintage},
        "type": "collection",
        "timestamp": table.stamp,
    }
    yield _dumped(head)[:-1].encode()
    before, after = ',"entry":[\n', b"}\n"  # FHIR has no empty lists
    for row in table.rows:
        yield (before + _entry(table, row)).encode()
        before, after = ",\n", b"\n]}\n"
    yield after


def _entry(table: Table, row: Row) -> str:
    name = f"{NAMES}:{table.vintage}:{table.signal}:{table.definition}:{row.place}:{row.date}"
    report: dict[str, Any] = {
        "resourceType": "MeasureReport",
        "status": "complete",
        "type": "summary",
        "measure": f"{NAMES}:signal:{':'.join(filter(None, (table.signal, table.definition)))}",
        "subject": {"type": "Location", "identifier": {"system": f"{NAMES}:place", "value": row.place}},
        "date": table.stamp,
        "reporter": {"identifier": {"system": f"{NAMES}:feed", "value": table.feed}},
        "period": {"start": row.date.isoformat(), "end": row.date.isoformat()},
    }
    # A decimal keeps its written form, so it is set in as text: the JSON encoder would make a float of it.
    text = _dumped(report)[:-1]
    return (
        f'{{"fullUrl":"urn:uuid:{uuid5(NAMESPACE_URL, name)}","resource":{text},"group":[{{"measureScore":'
        f"{_score(table, row)}}}]}}}}"
    )


def _score(table: Table, row: Row) -> str:
    unit = json.dumps(table.unit, ensure_ascii=False)
    if row.value is None:
        reason = {"url": ABSENT_REASON, "valueCode": ABSENT.get(row.missing, "unknown")}
        return f'{{"extension":[{_dumped(reason)}],"unit":{unit}}}'
    return f'{{"value":{table.written(row)},"unit":{unit}}}'


def _dumped(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
