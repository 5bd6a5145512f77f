"""Readers: bytes of a source and a mapping in, figures and problems out. A source that has changed stops its reader."""

from datetime import date

from sameboat.figures.engine.readers.dhis2 import read_dhis2
from sameboat.figures.engine.readers.fhir import read_measure_reports
from sameboat.figures.engine.readers.figure_table import read_figure_table
from sameboat.figures.engine.readers.line_list import read_line_list
from sameboat.figures.engine.readers.mapping import (
    Dhis2Mapping,
    FhirMapping,
    LineListMapping,
    Mapping,
    TableMapping,
    load_mapping,
)
from sameboat.figures.engine.readers.occasion import Occasion
from sameboat.figures.engine.readers.places import PlaceEntry, Places
from sameboat.figures.engine.readers.reading import (
    EmptyFile,
    HalfFile,
    Limits,
    NotTheFormat,
    Problem,
    ReaderStop,
    Reading,
    SchemaDrift,
    TooLarge,
    WrongEncoding,
)

__all__ = (
    "Dhis2Mapping",
    "EmptyFile",
    "FhirMapping",
    "HalfFile",
    "Limits",
    "LineListMapping",
    "Mapping",
    "NotTheFormat",
    "PlaceEntry",
    "Places",
    "Problem",
    "ReaderStop",
    "Reading",
    "SchemaDrift",
    "TableMapping",
    "TooLarge",
    "WrongEncoding",
    "load_mapping",
    "read",
)

_LIMITS = Limits()


def read(
    data: bytes,
    mapping: TableMapping | LineListMapping | Dhis2Mapping | FhirMapping,
    *,
    today: date,
    places: Places | None = None,
    previous_rows: int | None = None,
    limits: Limits = _LIMITS,
) -> Reading:
    """Return what a source's file says, as its mapping reads it.

    Parameters
    ----------
    data
        The file, whole.
    mapping
        How its table becomes figures.
    today
        The day it is read on: later days are refused.
    places
        The places it may name; without them codes are taken as they stand.
    previous_rows
        `Reading.rows` of the vintage before: much fewer are taken for half a file.
    limits
        How much is read before the reader stops.

    Raises
    ------
    ReaderStop
        The file is not what the mapping says, so nothing of it was taken: EmptyFile, NotTheFormat, WrongEncoding,
        HalfFile, TooLarge or SchemaDrift.
    ValueError
        The mapping looks places up by name, and none were passed.
    """
    occasion = Occasion(today, places, previous_rows, limits)
    try:
        if isinstance(mapping, TableMapping):
            return read_figure_table(data, mapping, occasion)
        if isinstance(mapping, LineListMapping):
            return read_line_list(data, mapping, occasion)
        if isinstance(mapping, Dhis2Mapping):
            return read_dhis2(data, mapping, occasion)
        return read_measure_reports(data, mapping, occasion)
    except RecursionError:
        raise NotTheFormat("The document nests too deeply.") from None
