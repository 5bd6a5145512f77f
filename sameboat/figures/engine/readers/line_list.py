"""Lists of persons: read, counted by place and day, small counts withheld. Nothing about a person leaves here."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Literal, cast

from sameboat.figures.engine.observation import Observation
from sameboat.figures.engine.readers.cells import Cell, CellError, DateReader, plain
from sameboat.figures.engine.readers.figure_table import sound_rows
from sameboat.figures.engine.readers.gathering import Gathering
from sameboat.figures.engine.readers.mapping import LineListMapping
from sameboat.figures.engine.readers.occasion import Occasion
from sameboat.figures.engine.readers.places import PlaceReader, Places
from sameboat.figures.engine.readers.reading import Reading, check_columns
from sameboat.figures.engine.readers.suppression import Count, withheld
from sameboat.figures.engine.readers.tables import rows_of

_Kind = Literal["csv", "excel", "json"]
Leaf = tuple[str, str]
"""A place and a definition; "" is the place as a whole."""


def read_line_list(
    data: bytes,
    mapping: LineListMapping,
    occasion: Occasion,
) -> Reading:
    """Return the counts of a list of persons by place and day, those that could tell on a person missing as suppressed.

    A day or place nobody is counted for gives no figure: whether it was zero, the list does not say. Rows are counted
    as they stand: two persons may be alike. Problems name the row and the column, and never say what stood there.

    Raises
    ------
    ReaderStop
        The file is not what the mapping says.
    """
    kind = cast("_Kind", mapping.format.removeprefix("linelist-"))
    rows = rows_of(data, kind, mapping, occasion.limits)
    used = [
        *mapping.place.used,
        *mapping.only,
        *(case.column for case in mapping.cases),
        *(stratum.column for stratum in mapping.strata),
    ]
    check_columns(rows.header, used, [*used, *mapping.ignored])
    gathering = Gathering(occasion.limits)
    reader = PlaceReader(mapping.place, occasion.places)
    dates = DateReader(mapping.date_formats, today=occasion.today, earliest=mapping.earliest)
    place_columns = [rows.header.index(name) for name in mapping.place.used]
    strata = [(rows.header.index(stratum.column), stratum) for stratum in mapping.strata]
    counts: dict[str, dict[date, Counter[Leaf]]] = {case.signal: {} for case in mapping.cases}
    cases = [(rows.header.index(case.column), case.column, counts[case.signal]) for case in mapping.cases]

    for number, cells in sound_rows(rows, mapping, gathering, keep_raw=False):
        try:
            place = reader.read(tuple([cells[index] for index in place_columns]))
        except CellError as error:
            gathering.problems.tell(number, " / ".join(mapping.place.columns), "", error.code, _WORDS[error.code])
            continue
        if place is None:
            gathering.passed_over += 1
            continue
        group = ".".join(stratum.group(plain(cells[index])) for index, stratum in strata)
        for index, column, by_day in cases:
            day = _dated(dates, cells, index, column, number, gathering)
            if day is not None:
                by_day.setdefault(day, Counter())[(place, group)] += 1

    several = len(mapping.cases) > 1
    for signal, by_day in counts.items():
        gathering.observations.extend(_released(signal, by_day, occasion.places, mapping.threshold, several))
    return gathering.finished(
        rows.header, previous_rows=occasion.previous_rows, least_share=mapping.least_share, encoding=rows.encoding
    )


# What DateReader and PlaceReader say of a cell may repeat it; these words do not.
_WORDS = {
    "place-missing": "no place",
    "place-unknown": "no place that is known",
    "place-ambiguous": "it may be several places",
    "date-unreadable": "no date in the formats of the mapping",
    "date-ambiguous": "it may mean two days",
    "date-with-time": "a time of day, where a day is needed",
    "future-date": "a day after today",
    "date-too-early": "a day before the earliest that can be",
    "formula": "a formula, where a date should stand",
}


def _dated(
    dates: DateReader, cells: Sequence[Cell], index: int, column: str, number: int, gathering: Gathering
) -> date | None:
    try:
        return dates.read(cells[index])
    except CellError as error:
        # Not every case has every date: none is no mistake.
        if error.code != "date-missing":
            gathering.problems.tell(number, column, "", error.code, _WORDS[error.code])
        return None


def _released(
    signal: str, by_day: dict[date, Counter[Leaf]], places: Places | None, threshold: int, several: bool
) -> list[Observation]:
    """Return one signal's counts: by place up to the widest, and by group in the places where cases stand."""
    days = {day: _tree(day, leaves, places) for day, leaves in by_day.items()}
    # Where the same persons are counted by another date too, their number over all days may be known from there.
    hidden = (
        withheld(Count("all days", parts=list(days.values()), known=True), threshold)
        if several
        else set().union(*(withheld(tree, threshold) for tree in days.values()))
    )
    found = []
    for day in sorted(days):
        nodes = [days[day]]
        while nodes:
            node = nodes.pop()
            place, group, published, _ = cast("tuple[str, str, bool, date]", node.key)
            if node.key in hidden:
                # Of its parts nothing is said: which of them there are would tell which are not 0.
                found.append(Observation(place, signal, group, day, None, "suppressed"))
                continue
            nodes.extend(reversed(node.parts))
            if published:
                found.append(Observation(place, signal, group, day, node.total))
    return found


def _tree(day: date, leaves: Counter[Leaf], places: Places | None) -> Count:
    """Return the day's tree: places below places, and in a place with cases the groups, and what is below it, if any.

    A key is a place, a group, whether it is published as a figure, and the day.
    """
    nodes: dict[str, Count] = {}
    tops: list[Count] = []

    def place_node(code: str) -> Count:
        if code not in nodes:
            nodes[code] = Count((code, "", True, day))
            parent = places.parent(code) if places else ""
            (place_node(parent).parts if parent else tops).append(nodes[code])
        return nodes[code]

    groups: dict[str, list[tuple[str, int]]] = {}
    for (place, group), number in sorted(leaves.items()):
        place_node(place)
        groups.setdefault(place, []).append((group, number))
    for place, parts in groups.items():
        node = nodes[place]
        if len(parts) == 1 and not node.parts and not parts[0][0]:
            node.value = parts[0][1]
        elif parts[0][0]:
            node.parts.extend(Count((place, group, True, day), number) for group, number in parts)
        else:
            # Cases of the place itself beside those of places below it.
            node.parts.append(Count((place, "itself", False, day), parts[0][1], published=False))
    if len(tops) == 1:
        return tops[0]
    return Count(("", "", False, day), parts=tops, published=False)
