"""Figures as of any day over ten million rows, beside DuckDB on the same rows in Parquet; and publishing a vintage.

3,000 places, 1,111 days, each day's figure stated in three vintages. The bar for one series is 50 ms. One thread and
processor time on both sides, so that a busy machine does not count against either.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.home import fresh_home, run_python

PLACES, DAYS, REVISIONS = 3_000, 1_111, 3
FIRST_DAY = "2019-06-01"

SET_UP = """
import sys
from datetime import UTC, date, datetime, timedelta
from django.core.management import call_command
call_command("migrate", verbosity=0)
from sameboat.figures.actions.feeds import register_feed, state_definition
from sameboat.figures.models import Series, Vintage
from sameboat.registry.acting import Act
from sameboat.registry.models import Place
places, days, first = int(sys.argv[1]), int(sys.argv[2]), date.fromisoformat(sys.argv[3])
act = Act(now=datetime(2019, 6, 1, tzinfo=UTC), operator=True, scope="operator")
feed = register_feed(act, code="bench", name_en="Benchmark")
cases = state_definition(act, signal="cases", form="cumulative", unit_en="people", unit_zh="人", name_en="Cases")
whole = Place.objects.create(code="ZZ", level="country", name_en="Whole")
made = Place.objects.bulk_create(
    [Place(code=f"ZZ-{n:04d}", level="county", parent=whole, name_en=f"Place {n}") for n in range(places)]
)
Series.objects.bulk_create([Series(feed=feed, place=each, signal=cases.signal, definition=cases) for each in made])
Vintage.objects.bulk_create([
    Vintage(public_id=f"vint_{n:026d}", feed=feed, number=n, sha256=f"{n:064x}", entry=bytes(32), new=0, revised=0,
            published_at=datetime.combine(first + timedelta(n - 1), datetime.min.time(), UTC) + timedelta(hours=10),
            recorded_at=act.now, withdrawn=0, rejected=0)
    for n in range(1, days + 1)
])
"""

FILL = """
INSERT INTO figures_figure (series_id, date, vintage_id, value, missing)
WITH RECURSIVE day(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM day WHERE n + 1 < :days),
     told(r) AS (VALUES (0), (1), (2))
SELECT series.id, date(:first, day.n || ' days'), first.id + day.n + told.r,
       day.n * 10 + series.id % 7 + told.r, ''
FROM figures_series AS series, day, told, (SELECT min(id) AS id FROM figures_vintage) AS first
WHERE day.n + told.r < :days
"""

ASK = """
import json, sys, time
from datetime import date
from sameboat.figures import queries
from sameboat.figures.export import tables as exports
from sameboat.figures.models import Definition, Figure
from sameboat.registry.models import Place
feed, definition = queries.feed("bench"), Definition.objects.select_related("signal").get()
asked = json.loads(sys.argv[1])
times, answers = {"series": [], "day": []}, {"series": [], "day": []}
for code, as_of in asked:
    started = time.process_time()
    place, at = Place.objects.get(code=code), queries.vintage_as_of(feed, date.fromisoformat(as_of))
    line = queries.line(place, definition.signal, at)
    times["series"].append(time.process_time() - started)
    answers["series"].append([len(line.points), sum(point.value for point in line.points)])
for _, as_of in asked[:7]:
    started = time.process_time()
    at = queries.vintage_as_of(feed, date.fromisoformat(as_of))
    places = exports.places_stated(Place.objects.get(code="ZZ"), definition, at)
    rows = list(exports.day_table(places, definition, at, date.fromisoformat(as_of)).rows)
    times["day"].append(time.process_time() - started)
    answers["day"].append([len(rows), sum(row.value for row in rows)])
print(json.dumps([times, answers]))
"""

PUBLISH = """
import sys, time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from sameboat.figures import queries
from sameboat.figures.actions.vintages import publish_vintage
from sameboat.figures.engine.observation import Observation
from sameboat.registry.acting import Act
feed, day = queries.feed("bench"), date(2023, 1, 1)
rows = [Observation(f"ZZ-{n:04d}", "cases", "", day, n) for n in range(3000)]
act = Act(now=datetime(2023, 1, 2, tzinfo=UTC), operator=True, scope="operator")
started = time.process_time()
publish_vintage(act, feed=feed, published=day, observations=rows, from_elsewhere=True)
print(time.process_time() - started)
"""


def measure() -> Iterator[dict[str, Any]]:
    """Yield milliseconds of a series and of a day of all places, each beside DuckDB, and seconds of publishing."""
    with fresh_home() as home:
        run_python(SET_UP, home, str(PLACES), str(DAYS), FIRST_DAY)
        rows = _fill(home / "sameboat.sqlite3")
        asked = [(f"ZZ-{n * 389 % PLACES:04d}", f"202{n % 2}-0{n % 9 + 1}-15") for n in range(30)]
        ours, told = json.loads(run_python(ASK, home, json.dumps(asked)))
        theirs = _duckdb(home, asked, told)
        seconds = float(run_python(PUBLISH, home))
    for kind, what in (("series", "one place"), ("day", f"one day of {PLACES:,} places")):
        yield {
            "what": f"figures of {what} as of any day, {rows:,} rows",
            "ours": median(ours[kind]) * 1000,
            "unit": "ms",
            "bar": "50" if kind == "series" else "",
            "peer": "DuckDB on Parquet",
            "peers": theirs[kind] * 1000,
        }
    yield {"what": "publishing a vintage of 3,000 figures", "ours": seconds, "unit": "s", "bar": "1"}


def _fill(file: Path) -> int:
    """Put ten million figures in the store; its check of each foreign key is left for the program's own inserts."""
    store = sqlite3.connect(file, isolation_level=None)
    store.execute("PRAGMA synchronous=OFF")
    store.execute("PRAGMA cache_size=-200000")
    index = store.execute(
        "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'figures_figure' AND type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in index:
        store.execute(f'DROP INDEX "{name}"')
    filled = store.execute(FILL, {"days": DAYS, "first": FIRST_DAY}).rowcount
    for _, sql in index:
        store.execute(sql)
    store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return filled


def _duckdb(home: Path, asked: list[tuple[str, str]], told: dict[str, list[list[int]]]) -> dict[str, float]:
    """Return DuckDB's median seconds on the same rows, after making sure that it says the same."""
    import duckdb

    file = home / "figures.parquet"
    peer = duckdb.connect(config={"threads": 1})
    peer.execute(
        f"""COPY (
            SELECT printf('ZZ-%04d', s) AS place, DATE '{FIRST_DAY}' + CAST(d AS INTEGER) AS date, d + r + 1 AS vintage,
                   d * 10 + (s + 1) % 7 + r AS value
            FROM range({PLACES}) AS series(s), range({DAYS}) AS day(d), range({REVISIONS}) AS told(r)
            WHERE d + r < {DAYS} ORDER BY s, d, r
        ) TO '{file}' (FORMAT parquet)"""
    )
    last = f"least({DAYS}, CAST(? AS DATE) - DATE '{FIRST_DAY}' + 1)"
    one = f"""SELECT count(*), sum(value) FROM (SELECT arg_max(value, vintage) AS value FROM '{file}'
              WHERE place = ? AND vintage <= {last} GROUP BY date)"""
    all_places = f"""SELECT count(*), sum(value) FROM (SELECT arg_max(value, vintage) AS value FROM '{file}'
                     WHERE date = CAST(? AS DATE) AND vintage <= {last} GROUP BY place)"""

    def timed(question: str, values: list[str], said: list[int]) -> float:
        started = time.process_time()
        answer = peer.execute(question, values).fetchone()
        seconds = time.process_time() - started
        if answer is None or [int(each) for each in answer] != said:
            raise RuntimeError(f"DuckDB has {answer} where we have {said}")
        return seconds

    series = [timed(one, list(each), said) for each, said in zip(asked, told["series"], strict=True)]
    days = [timed(all_places, [as_of, as_of], said) for (_, as_of), said in zip(asked[:7], told["day"], strict=True)]
    return {"series": median(series), "day": median(days)}
