"""How our own canonical files of changes are read back, by whoever keeps them and not only by us."""

from collections.abc import Iterable

from sameboat.figures.engine.change_file import COLUMNS
from sameboat.figures.engine.readers.mapping import DateColumn, PlaceColumns, TableMapping, ValueColumn

LARGEST = 10**18 - 1
"""A canonical file holds numbers of at most 18 digits."""


def canonical_mapping(series: Iterable[tuple[str, str]]) -> TableMapping:
    """Return the mapping that reads a canonical file of changes of these signals and definitions."""
    place, signal, definition, day, value, missing = COLUMNS
    return TableMapping(
        format="csv",
        layout="long",
        date=DateColumn(column=day),
        place=PlaceColumns(columns=(place,)),
        values=tuple(
            ValueColumn(
                column=f"{code}/{variant}" if variant else code,
                signal=code,
                definition=variant,
                least=-LARGEST,
                most=LARGEST,
                optional=True,
            )
            for code, variant in series
        ),
        signal_column=signal,
        definition_column=definition,
        value_column=value,
        missing_column=missing,
        missing={},
        ends_with_newline=True,
    )
