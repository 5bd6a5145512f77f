"""The places that a reader may name: codes, names in many languages, and the unassigned child of each."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sameboat.figures.engine.readers.cells import Cell, CellError, plain
from sameboat.figures.engine.readers.mapping import PlaceColumns


@dataclass(frozen=True, slots=True)
class PlaceEntry:
    """One place: its code, its parent's, its names and aliases, and whether it is its parent's unassigned child."""

    code: str
    parent: str = ""
    names: tuple[str, ...] = ()
    unassigned: bool = False


class Places:
    """A lookup of places by code, and by name below a parent.

    Parameters
    ----------
    entries
        Every place a source may speak of. Names are compared without regard to case, width and spaces.
    """

    def __init__(self, entries: Iterable[PlaceEntry]) -> None:
        self._codes: set[str] = set()
        self._parents: dict[str, str] = {}
        self._names: dict[str, list[str]] = {}
        self._unassigned: dict[str, str] = {}
        for entry in entries:
            self._codes.add(entry.code)
            self._parents[entry.code] = entry.parent
            if entry.unassigned:
                self._unassigned[entry.parent] = entry.code
            for name in {folded(name) for name in (*entry.names, entry.code)}:
                self._names.setdefault(name, []).append(entry.code)

    def __contains__(self, code: str) -> bool:
        return code in self._codes

    def parent(self, code: str) -> str:
        """Return the code of the place above, "" where there is none."""
        return self._parents.get(code, "")

    def named(self, name: str, within: str = "") -> str:
        """Return the code of the place so named, below `within` where that is not "".

        Raises
        ------
        CellError
            `place-unknown`, or `place-ambiguous` where several places bear the name.
        """
        codes = self._names.get(folded(name), [])
        if within:
            # A city may bear its province's name; the name alone may also mean the wider place once more.
            below = [code for code in codes if code != within and self._lies_in(code, within)]
            codes = below or [code for code in codes if code == within]
        if not codes:
            raise CellError("place-unknown", f"no place{f' in {within}' if within else ''} is called {name[:80]!r}")
        if len(codes) > 1:
            raise CellError("place-ambiguous", f"{name[:80]!r} may be {', '.join(sorted(codes)[:5])}")
        return codes[0]

    def unassigned(self, parent: str) -> str:
        """Return the code of a place's unassigned child.

        Raises
        ------
        CellError
            `place-unknown`, where it has none.
        """
        if (code := self._unassigned.get(parent)) is None:
            raise CellError("place-unknown", f"{parent or 'the whole'} has no unassigned child among the places")
        return code

    def _lies_in(self, code: str, within: str) -> bool:
        for _ in range(16):
            if code == within:
                return True
            if not (code := self._parents.get(code, "")):
                return False
        return False


def folded(name: str) -> str:
    """Return a name without regard to case, width and spaces."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


class PlaceReader:
    """Reads the cells of the place columns; None is a row to pass over.

    Parameters
    ----------
    columns
        What the mapping says of them.
    places
        The known places; without them any code is taken as it stands.
    """

    def __init__(self, columns: PlaceColumns, places: Places | None) -> None:
        if places is None and (columns.by == "name" or columns.unassigned) and not columns.fixed:
            raise ValueError("this mapping looks places up by name: pass the places to the reader")
        self._columns = columns
        # Where among the cells each level's name stands, after the columns of the places themselves.
        beside = iter(range(len(columns.columns), len(columns.used)))
        self._beside = [next(beside) if name else None for name in columns.names or [""] * len(columns.columns)]
        self._places = places
        self._unassigned = {folded(word) for word in columns.unassigned}
        self._passed_over = {folded(word) for word in columns.passed_over}
        self._known: dict[tuple[Cell, ...], str | CellError | None] = {}
        if columns.fixed and places is not None and columns.fixed not in places:
            raise ValueError(f"the fixed place {columns.fixed!r} is not among the places")

    def read(self, cells: tuple[Cell, ...]) -> str | None:
        """Return the place's code, or None for a row to pass over.

        Raises
        ------
        CellError
            `place-missing`, `place-unknown` or `place-ambiguous`.
        """
        if self._columns.fixed:
            return self._columns.fixed
        known = self._known.get(cells, self)
        if known is self:
            try:
                known = self._found(cells)
            except CellError as error:
                known = error
            if len(self._known) < 100_000:
                self._known[cells] = known
        if isinstance(known, CellError):
            raise known
        return known if isinstance(known, str) else None

    def _found(self, cells: Sequence[Cell]) -> str | None:
        texts = [_text(cell) for cell in cells]
        if any(folded(text) in self._passed_over for text in texts):
            return None
        place = ""
        for level, beside in enumerate(self._beside):
            name = texts[level]
            if not name and beside is not None and (words := texts[beside]):
                if folded(words) not in self._unassigned:
                    raise CellError("place-unknown", f"{words[:80]!r} has no code")
                name = words
            if not name:
                continue
            if folded(name) in self._unassigned and self._places is not None:
                place = self._places.unassigned(place)
            elif self._columns.by == "name" and self._places is not None:
                place = self._places.named(name, place)
            elif self._places is not None and name not in self._places:
                raise CellError("place-unknown", f"no place has the code {name[:80]!r}")
            else:
                place = name
        if not place:
            raise CellError("place-missing", "no place")
        return place


def _text(cell: Cell) -> str:
    # A sheet turns the code 420100 into a number.
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return plain(cell)
