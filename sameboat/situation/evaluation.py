"""The work of `sameboat situation evaluate`: a folder of past figures, forecast again from its vintages, and scored."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from sameboat.situation.engine.forecast.backtest import OURS, Evaluation, Hub, evaluate
from sameboat.situation.engine.nowcast import NowcastScores, evaluate_nowcasts
from sameboat.situation.hub.folder import HubFolderError, read_hub_folder
from sameboat.situation.tables.reports import Triangle, read_triangles
from sameboat.situation.told_plainly import told_plainly
from sameboat.transparency.errors import BadInput

NOWCAST_FILES = ("*triangle*", "*linelist*")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class HubReport:
    """How our forecasts of a hub's rounds compare with its models'."""

    folder: Path
    hub: Hub
    evaluation: Evaluation

    wrong = False

    @property
    def notes(self) -> list[str]:
        """Return what was missing, and which rounds could not be forecast."""
        unmade = [
            f"{signal}: {len(days)} of {len(self.evaluation.days)} rounds could not be forecast from what was known, "
            f"the first on {days[0]}"
            for signal, days in self.evaluation.unmade.items()
        ]
        return [*self.hub.notes, *unmade]

    def as_json(self) -> dict[str, Any]:
        """Return what a program reads; `horizon` null is all horizons together."""
        return {
            "folder": str(self.folder),
            "kind": "forecasts",
            "baseline": self.hub.baseline,
            "from": self.evaluation.days[0],
            "until": self.evaluation.days[-1],
            "rounds": len(self.evaluation.days),
            "places": len(self.hub.places),
            "notes": self.notes,
            "scores": [_plain(asdict(score)) for score in self.evaluation.scores],
            "suspensions": [asdict(one) for one in self.evaluation.suspensions],
        }

    def as_text(self) -> Iterator[str]:
        """Yield a table for each target: a block a horizon, our line first."""
        days = self.evaluation.days
        yield f"{self.folder}: {len(days)} rounds, {days[0]} to {days[-1]}, {len(self.hub.places)} places"
        yield f"relative: mean weighted interval score over that of {self.hub.baseline} on the same forecasts;"
        yield "ours/theirs: our mean score over the model's on the same forecasts; both: below 1 is better"
        yield from (f"note: {note}" for note in self.notes)
        for target in self.hub.targets:
            yield ""
            yield f"{target.signal:10}{'horizon':>8}  {'model':34}{'forecasts':>10}{'WIS':>12}{'relative':>10}" + (
                f"{'ours/theirs':>13}{'in 50 %':>9}{'in 95 %':>9}"
            )
            for horizon in (*target.horizons, None):
                yield from self._cell(target.signal, horizon)
        for one in self.evaluation.suspensions:
            if one.withheld:
                yield f"{one.signal}, horizon {one.horizon}: suspended in {one.withheld} of {one.rounds} rounds"

    def _cell(self, signal: str, horizon: int | None) -> Iterator[str]:
        found = [s for s in self.evaluation.scores if (s.signal, s.horizon) == (signal, horizon)]
        for score in sorted(found, key=lambda score: (score.model != OURS, score.relative)):
            theirs = "" if score.model == OURS else _number(score.ours_relative)
            yield (
                f"{'':10}{'all' if horizon is None else horizon:>8}  {score.model:34.34}{score.forecasts:>10,}"
                f"{score.wis:>12,.1f}{_number(score.relative):>10}{theirs:>13}"
                f"{_number(score.coverage_50):>9}{_number(score.coverage_95):>9}"
            )


@dataclass(frozen=True)
class NowcastLine:
    """How the nowcasts of one stratum of one file did; None, with a reason, where nothing could be scored."""

    file: str
    triangle: Triangle
    scores: NowcastScores | None
    reason: str = ""


@dataclass(frozen=True)
class NowcastReport:
    """How nowcasts made day by day compare with the figures as they stood uncorrected."""

    folder: Path
    lines: list[NowcastLine]
    unread: list[str]

    wrong = False

    @property
    def notes(self) -> list[str]:
        """Return what was left out of the files, and which files could not be read."""
        return list(
            dict.fromkeys([*(f"{one.file}: {n}" for one in self.lines for n in one.triangle.notes), *self.unread])
        )

    def as_json(self) -> dict[str, Any]:
        """Return what a program reads."""
        return {
            "folder": str(self.folder),
            "kind": "nowcasts",
            "notes": self.notes,
            "scores": [_plain(_row(line)) for line in self.lines],
        }

    def as_text(self) -> Iterable[str]:
        """Return a table, a line a stratum."""
        told = self.as_json()
        lines = [
            f"{self.folder}: every nowcast from its day's vintage alone",
            "ratio: mean weighted interval score over the mean error of the figure as reported; below 1 is better",
            *(f"note: {note}" for note in told["notes"]),
            "",
            f"{'file':38}{'stratum':14}{'nowcasts':>10}{'WIS':>10}{'error':>10}{'ratio':>8}"
            f"{'in 50 %':>9}{'in 95 %':>9}",
        ]
        for row in told["scores"]:
            start = f"{row['file']:38.38}{row['stratum']:14.14}"
            if row["nowcasts"]:
                start += (
                    f"{row['nowcasts']:>10,}{row['wis']:>10.2f}{row['uncorrected_error']:>10.2f}"
                    f"{_number(row['ratio']):>8}{_number(row['coverage_50']):>9}{_number(row['coverage_95']):>9}"
                )
            lines.append(start + row["reason"])
        return lines


def evaluate_folder(
    folder: Path, first: date | None, last: date | None, done: Progress = lambda _done, _total: None
) -> HubReport | NowcastReport:
    """Return how forecasts or nowcasts of the folder's past did, each made from its vintage alone.

    Parameters
    ----------
    folder
        Laid out like a forecast hub's record (see `read_hub_folder`), or with files of triangles and line lists, named
        `*triangle*` and `*linelist*`.
    first, last
        The rounds of a hub, or the days of nowcasts, from and until; by default all.

    Raises
    ------
    BadInput
        If the folder is neither, a file in it cannot be used, or nothing lies between the dates.
    """
    if first is not None and last is not None and first > last:
        raise HubFolderError(f"from {first} until {last}: the first must not be later than the second")
    files = sorted({path for pattern in NOWCAST_FILES for path in folder.glob(pattern)})
    if files and folder.is_dir():
        return _nowcast_report(folder, files, first, last, done)
    hub = read_hub_folder(folder)
    with told_plainly(folder):
        return HubReport(folder, hub, evaluate(hub, first, last, done))


def _nowcast_report(
    folder: Path, files: list[Path], first: date | None, last: date | None, done: Progress
) -> NowcastReport:
    """Return the scores of every file that can be read; one that cannot does not sink the others."""
    found: list[tuple[str, Triangle]] = []
    unread: list[str] = []
    for path in files:
        try:
            found += [(path.name, triangle) for triangle in read_triangles(path)]
        except BadInput as error:
            unread.append(str(error))
    if not found:
        raise HubFolderError(unread[0])
    lines = []
    for number, (name, triangle) in enumerate(found, 1):
        lines.append(_scored(name, triangle, first, last))
        done(number, len(found))
    if all(line.scores is None for line in lines):
        raise HubFolderError(f"{folder}: nothing can be scored. {lines[0].reason}")
    return NowcastReport(folder, lines, unread)


def _scored(name: str, triangle: Triangle, first: date | None, last: date | None) -> NowcastLine:
    rows = [None if day is None else (day - triangle.first).days // triangle.step for day in (first, last)]
    try:
        with told_plainly(name):
            scores = evaluate_nowcasts(
                triangle.counts,
                first=None if rows[0] is None else max(rows[0], 0),
                last=rows[1],
                revision=triangle.revision,
            )
    except BadInput as error:
        return NowcastLine(name, triangle, None, str(error))
    return NowcastLine(name, triangle, scores)


def _row(line: NowcastLine) -> dict[str, Any]:
    scores = line.scores
    return {
        "file": line.file,
        "stratum": line.triangle.name,
        "nowcasts": 0 if scores is None else len(scores.score),
        "wis": None if scores is None else float(scores.score.mean()),
        "uncorrected_error": None if scores is None else float(scores.uncorrected_error.mean()),
        "ratio": None if scores is None else scores.ratio,
        "coverage_50": None if scores is None else scores.covered_50,
        "coverage_95": None if scores is None else scores.covered_95,
        "reason": line.reason,
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with None for what is not a number, which JSON cannot say."""
    return {key: None if isinstance(value, float) and np.isnan(value) else value for key, value in row.items()}


def _number(value: float | None) -> str:
    return "unknown" if value is None or np.isnan(value) else f"{value:.3f}"
