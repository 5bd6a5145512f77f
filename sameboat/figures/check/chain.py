"""The check of the public claim: every figure of a source, replayed from its files of changes against the log.

It trusts the log's public key alone. The log says which vintages there are, in which order, and the hash of each one's
file; the files may come from anywhere. Nothing here needs Django or a database.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from pydantic import ValidationError

from sameboat.figures.engine import change_file
from sameboat.figures.engine.change_file import ChangeFileError
from sameboat.figures.engine.observation import Observation
from sameboat.figures.events import DefinitionStated, FeedRegistered, VintagePublished
from sameboat.transparency.auditor import Progress, proven_entries
from sameboat.transparency.engine.policy import Policy
from sameboat.transparency.engine.signed_note import NoteVerifier
from sameboat.transparency.errors import BadInput
from sameboat.transparency.sources import Fetch, MissingError

MOST_FAULTS = 20
"""Faults that are told in full; beyond them they are counted."""

SeriesKey = tuple[str, str, str]
"""Place, signal and definition."""

Shown = Mapping[date, tuple[int | None, str, int]]
"""Value, reason and number of the vintage that said so, by day; what was withdrawn is not there."""


class Files(Protocol):
    """Where the files of changes, and the figures that are shown, are read from; neither is trusted."""

    where: str

    def change_file(self, vintage: str) -> bytes:
        """Return the file of what a vintage changed. Raises MissingError where it is not there."""
        ...

    def shown_at(self, feed: str, size: int) -> str:
        """Return the id of the vintage at which a feed's figures are shown, of the first `size` entries of the log.

        Empty where none are shown.
        """
        ...

    def shown(
        self, feed: str, vintage: str, series: Iterable[SeriesKey], decimals: Mapping[str, int]
    ) -> Iterator[tuple[SeriesKey, Shown]]:
        """Yield series as they are shown, those asked for at least; a series without figures may be left out."""
        ...


@dataclass(slots=True)
class Check:
    """What the replay of a feed found."""

    feed: str
    code: str
    origin: str
    log_size: int
    root: str
    where: str
    vintages: int = 0
    changes: int = 0
    standing: int = 0
    withdrawn: int = 0
    missing: int = 0
    series: int = 0
    compared: int = 0
    compared_at: int | None = None
    state_sha256: str = ""
    fault_count: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> bool:
        """Whether anything does not hold."""
        return self.fault_count > 0

    def blame(self, problem: str) -> None:
        """Add a fault."""
        self.fault_count += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(problem)

    def as_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {"ok": not self.wrong} | {name: getattr(self, name) for name in self.__slots__}

    def as_text(self) -> Iterator[str]:
        """Yield the report in words."""
        yield f"{self.origin}: {self.log_size:,} entries lead to the signed root {self.root}"
        yield f"{self.code}: {self.vintages:,} vintages on the log"
        yield f"Their files, from {self.where}, hold {self.changes:,} changes."
        yield (
            f"Replayed: {self.standing:,} figures of {self.series:,} series stand, {self.missing:,} of them without a "
            f"value and with a reason; {self.withdrawn:,} were withdrawn."
        )
        if self.compared_at is not None:
            of = f"{self.compared:,} of {self.series:,}" if self.compared < self.series else f"{self.series:,}"
            yield f"Compared with what is shown at vintage {self.compared_at:,}: {of} series."
        yield f"All that stands has the SHA-256 {self.state_sha256}"
        yield ""
        if not self.wrong:
            yield "Every figure can be reproduced."
            return
        yield f"{self.fault_count:,} things are wrong. The first:"
        for fault in self.faults:
            yield f"  {fault}"


class _State:
    """Every figure of a feed as the vintages replayed so far leave it."""

    def __init__(self) -> None:
        self.series: dict[SeriesKey, dict[date, tuple[int | None, str, int]]] = {}
        self._days: dict[date, date] = {}

    def take(self, row: Observation, number: int) -> str:
        """Apply one change; return whether the figure is new, revised or withdrawn, or was so said already."""
        days = self.series.setdefault((row.place, row.signal, row.definition), {})
        day = self._days.setdefault(row.date, row.date)
        before = days.get(day)
        days[day] = (row.value, row.missing, number)
        if before is not None and before[:2] == (row.value, row.missing):
            return "unchanged"
        if row.missing == "withdrawn":
            return "withdrawn" if before is not None else "unchanged"
        return "new" if before is None else "revised"

    def shown(self, key: SeriesKey) -> Shown:
        """Return what a series shows."""
        return {day: figure for day, figure in self.series.get(key, {}).items() if figure[1] != "withdrawn"}

    def standing(self) -> Iterator[Observation]:
        """Yield everything that stands, in canonical order."""
        for key in sorted(self.series):
            for day in sorted(days := self.series[key]):
                value, missing, _ = days[day]
                if missing != "withdrawn":
                    yield Observation(*key, day, value, missing)


def check(
    feed: str,
    fetch: Fetch,
    log: NoteVerifier,
    files: Files,
    *,
    sample: int = 0,
    origin: str | None = None,
    progress: Progress | None = None,
    rules: Policy | None = None,
    told: Callable[[int, int], None] | None = None,
) -> Check:
    """Replay a feed's files of changes against the log, and compare what they leave with what is shown.

    Parameters
    ----------
    feed
        Its code or id.
    fetch, log, rules
        Where the log is read, the key that its checkpoint must be signed with, and the witnesses asked for.
    sample
        How many series to compare with what is shown; they are chosen by the last vintage's hash. 0: every one.
    origin
        What the log calls itself, where that is not the name of its key.
    progress, told
        Are told how many entries of the log, and how many of the feed's files, are done.

    Raises
    ------
    AuditError
        Where the log does not hold what its checkpoint signs.
    BadInput
        Where no such feed is on the log.
    """
    head, entries = proven_entries(fetch, log, progress, rules, origin)
    claims = _Claims(feed)
    for index, content in entries:
        claims.take(index, content)
    if not claims.id:
        known = ", ".join(sorted(claims.codes)[:20]) or "none"
        raise BadInput(f"no source of figures “{feed[:60]}” is on this log; there are: {known}")
    found = Check(claims.id, claims.code, head.origin, head.size, head.root.hex(), files.where)
    for problem in claims.problems:
        found.blame(problem)
    shown_at = files.shown_at(claims.code, head.size)
    state = _State()
    last: VintagePublished | None = None
    for done, claim in enumerate(claims.vintages, start=1):
        _check_link(found, claim, last)
        _replay(found, claim, files, state)
        last = claim
        if claim.vintage == shown_at:
            _compare(found, claim, files, state, claims.decimals, sample)
        if told is not None:
            told(done, len(claims.vintages))
    found.vintages = len(claims.vintages)
    if shown_at and found.compared_at is None:
        found.blame(f"the figures are shown at vintage {shown_at}, which is not on the log")
    _count(found, state)
    return found


class _Claims:
    """What the log says of one feed: the vintages in its order, and how its signals are written."""

    def __init__(self, feed: str) -> None:
        self.asked = feed
        self.id = self.code = ""
        self.codes: set[str] = set()
        self.decimals: dict[str, int] = {}
        self.vintages: list[VintagePublished] = []
        self.problems: list[str] = []

    def take(self, index: int, content: Mapping[str, Any]) -> None:
        """Read one entry."""
        kind, data = content["type"], content["data"]
        try:
            if kind == "feed.registered":
                self._register(index, FeedRegistered.model_validate(data))
            elif kind == "definition.stated":
                stated = DefinitionStated.model_validate(data)
                self.decimals.setdefault(stated.signal, stated.decimals)
            elif kind == "vintage.published":
                claim = VintagePublished.model_validate(data)
                if self.id and claim.feed == self.id:
                    self.vintages.append(claim)
        except ValidationError as error:
            self.problems.append(f"entry {index:,} ({kind}) does not fit its schema: {error.errors()[0]['msg']}")

    def _register(self, index: int, feed: FeedRegistered) -> None:
        self.codes.add(feed.code)
        if self.asked not in (feed.code, feed.feed):
            return
        if self.id:
            self.problems.append(f"entry {index:,} registers a second source as “{feed.code}”")
        else:
            self.id, self.code = feed.feed, feed.code


def _check_link(found: Check, claim: VintagePublished, last: VintagePublished | None) -> None:
    number, before = (last.number, last.sha256) if last else (0, None)
    if claim.number != number + 1:
        found.blame(
            f"vintage {claim.number:,} follows vintage {number:,}: one was left out, or their order was changed"
        )
    elif claim.previous != before:
        found.blame(f"vintage {claim.number:,} does not name the file of the vintage before it: one was exchanged")


def _replay(found: Check, claim: VintagePublished, files: Files, state: _State) -> None:
    who = f"vintage {claim.number:,} ({claim.vintage})"
    try:
        data = files.change_file(claim.vintage)
    except MissingError as error:
        found.blame(f"{who}: its file is missing, so its figures cannot be reproduced: {error}")
        return
    sha256 = change_file.sha256(data)
    if sha256 != claim.sha256:
        found.blame(f"{who}: its file hashes to {sha256}, the log says {claim.sha256}: the file was changed")
        return
    try:
        rows = change_file.parse(data)
    except ChangeFileError as error:
        found.blame(f"{who}: its file is no file of changes: {error}")
        return
    counts = {"new": 0, "revised": 0, "withdrawn": 0, "unchanged": 0}
    for row in rows:
        counts[state.take(row, claim.number)] += 1
    found.changes += len(rows)
    for name, counted in counts.items():
        said = getattr(claim, name, 0)
        if counted != said:
            found.blame(f"{who}: the log says {said:,} {name}, its file has {counted:,}")


def _compare(
    found: Check, claim: VintagePublished, files: Files, state: _State, decimals: Mapping[str, int], sample: int
) -> None:
    found.compared_at = claim.number
    keys = sorted(state.series)
    if sample and sample < len(keys):
        # Nobody can know before the vintage is out which will be compared.
        keys.sort(key=lambda key: hashlib.sha256(f"{claim.sha256} {key}".encode()).digest())
        keys = keys[:sample]
    seen: set[SeriesKey] = set()
    for key, shown in files.shown(found.code, claim.vintage, keys, decimals):
        seen.add(key)
        _compare_series(found, key, shown, state.shown(key))
    for key in keys:
        if key not in seen:
            _compare_series(found, key, {}, state.shown(key))
    found.compared = len(keys)


def _compare_series(found: Check, key: SeriesKey, shown: Shown, replayed: Shown) -> None:
    name = " ".join(filter(None, key))
    for day in sorted({*shown, *replayed}):
        here, there = shown.get(day), replayed.get(day)
        if here != there:
            found.blame(f"{name} {day}: shown as {_told(here)}, the files say {_told(there)}")


def _told(figure: tuple[int | None, str, int] | None) -> str:
    if figure is None:
        return "nothing"
    value, missing, number = figure
    return f"{missing if value is None else value} (vintage {number})"


def _count(found: Check, state: _State) -> None:
    digest = hashlib.sha256()
    for part in change_file.parts(state.standing()):
        digest.update(part)
    found.state_sha256 = digest.hexdigest()
    for days in state.series.values():
        found.series += any(missing != "withdrawn" for _, missing, _ in days.values())
        for _, missing, _ in days.values():
            if missing == "withdrawn":
                found.withdrawn += 1
            else:
                found.standing += 1
                found.missing += bool(missing)
