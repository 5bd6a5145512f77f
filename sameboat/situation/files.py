"""The days of a page as a file: every day with what stands, what was said first, and Rt; and where it comes from."""

import csv
import io
from typing import Any

from sameboat.situation.queries.outbreak import Outbreak

COLUMNS = ("date", "new", "first_said", "total", "missing", "break", "rt", "rt_lower", "rt_upper")


def rows(shown: Outbreak) -> list[dict[str, Any]]:
    """Return one mapping a day, None where nothing is known; Rt as decimal text."""
    rt = {day.day: day for day in shown.rt}
    found = []
    for day in shown.days:
        told = rt.get(day.day)
        found.append(
            {
                "date": day.day.isoformat(),
                "new": day.new,
                "first_said": day.first_new,
                "total": day.total,
                "missing": day.missing or None,
                "break": day.broken,
                "rt": _decimal(told.median if told else None),
                "rt_lower": _decimal(told.lower if told else None),
                "rt_upper": _decimal(told.upper if told else None),
            }
        )
    return found


def as_csv(shown: Outbreak) -> str:
    """Return the days as CSV; an empty cell is not known, and a break is 1."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "break": int(row["break"])} for row in rows(shown))
    return buffer.getvalue()


def as_json(shown: Outbreak) -> dict[str, Any]:
    """Return the days with what they are and the vintage that they come from."""
    vintage = shown.standpoint.vintage
    entry = shown.standpoint.entry
    return {
        "place": shown.place.code,
        "signal": shown.subject.signal.code,
        "definition": shown.subject.definition.code,
        "feed": shown.standpoint.feed.code,
        "vintage": vintage.public_id,
        "published_at": vintage.published_at.isoformat(),
        "sha256": vintage.sha256,
        "entry": entry.index if entry else None,
        "unsettled_days": shown.unsettled,
        "breaks": [{"date": each.date.isoformat(), "kind": each.kind} for each in shown.breaks],
        "days": rows(shown),
    }


def _decimal(hundredths: int | None) -> str | None:
    return None if hundredths is None else f"{hundredths / 100:.2f}"
