"""China's figures of 2020 are what the raw files state, and every day can be looked at as it was known then."""

import csv
import gzip
import io
import itertools
import json
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from retabulation.outbreak import COUNTS, LAST_COPY
from retabulation.sources import FOLDER, MissingFactsError, facts_folder

from sameboat.figures import queries
from sameboat.figures.engine import change_file
from sameboat.figures.engine.observation import Observation
from sameboat.figures.models import Figure, RejectedLine, Vintage
from sameboat.project.replay_figures import SIGNALS, FiguresReplay
from sameboat.registry.acting import Act
from sameboat.registry.models import Place
from sameboat.transparency import queries as log
from sameboat.transparency.actions import publish

FEED = "china-2020"


def read(name):
    data = (FOLDER / name).read_bytes()
    text = gzip.decompress(data) if name.endswith(".gz") else data
    return list(csv.DictReader(io.StringIO(text.decode(), newline="")))


@pytest.fixture(scope="module")
def places():
    return {row["code"]: row for row in read("places.csv")}


@pytest.fixture(scope="module")
def stood():
    """The figures as each vintage left them: vintage → (place, day) → counts, unknown ones None."""
    state, found = {}, {}
    for row in read("outbreak.csv.gz"):
        if row["vintage"] not in found:
            found[row["vintage"]] = state = dict(state)
        counts = tuple(int(row[name]) if row[name] else None for name in COUNTS)
        if any(count is not None for count in counts):
            state[row["place"], row["date"]] = counts
        else:
            del state[row["place"], row["date"]]
    return found


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """The figures alone, entered once for the module and taken out again."""
    from django.core.management import call_command

    with django_db_blocker.unblock():
        try:
            about = json.loads((FOLDER / "scenario.json").read_text(encoding="utf-8"))
            made = {}
            for row in read("places.csv"):
                made[row["code"]] = Place.objects.create(**row | {"parent": made.get(row["parent"])})
            figures = FiguresReplay(FOLDER, about, made)
            act = Act(now=datetime(2020, 1, 22, tzinfo=UTC), operator=True, scope="replay")
            figures.register(act)
            for moment, table, row in sorted(figures.facts(), key=lambda fact: fact[0]):
                figures.enter(replace(act, now=moment.astimezone(UTC)), table, row)
            while publish() is not None:
                pass
            yield
        finally:
            call_command("flush", interactive=False, verbosity=0)


# The tables by themselves


def test_every_place_has_a_row_and_lies_in_china(places):
    """Figures, breaks, explanations, people and coordinates are of places of the tree, and China is above each."""
    named = {row["place"] for row in read("outbreak.csv.gz")}
    for name in ("breaks.csv", "explanations.csv", "population.csv", "coordinates.csv", "place_aliases.csv"):
        named |= {row["place"] for row in read(name)}
    assert named <= set(places)
    for code in named:
        while code != "CN":
            code = places[code]["parent"]


def test_the_vintages_are_the_days_the_source_was_copied(stood):
    """101 days from 27 January to 8 May, two of them missing, and the last copy; the table of them adds up."""
    rows = read("outbreak_vintages.csv")
    days = [row["vintage"] for row in rows]
    assert (days[0], days[-2], days[-1], len(days)) == ("2020-01-27", "2020-05-08", LAST_COPY.isoformat(), 102)
    assert not {"2020-02-04", "2020-02-05"} & set(days)
    figures, rejected = Counter(), Counter(row["vintage"] for row in read("outbreak_rejected.csv"))
    sums = defaultdict(Counter)
    for row in read("outbreak.csv.gz"):
        figures[row["vintage"], "stated" if row["confirmed"] else "withdrawn"] += 1
        sums[row["vintage"]].update({name: int(row[name] or 0) for name in COUNTS})
    for row in rows:
        day = row["vintage"]
        assert (int(row["stated"]), int(row["withdrawn"])) == (figures[day, "stated"], figures[day, "withdrawn"])
        assert int(row["rejected"]) == rejected[day]
        assert {name: int(row[f"sum_{name}"]) for name in COUNTS} == {name: sums[day][name] for name in COUNTS}


def test_only_changes_are_kept():
    """No row repeats what stood, and no row withdraws what did not stand."""
    state = {}
    for row in read("outbreak.csv.gz"):
        key, counts = (row["place"], row["date"]), tuple(row[name] for name in COUNTS)
        assert state.get(key, ("", "", "", "")) != counts, row
        state[key] = counts


def test_no_line_of_the_source_is_lost_silently():
    """Lines whose date cannot be read, and second names of one place on one day, are kept with the reason."""
    reasons = Counter("date" if "date" in row["reason"] else "name" for row in read("outbreak_rejected.csv"))
    assert reasons == {"date": 42, "name": 8}


def test_unplaced_people_have_places_of_their_own(places):
    """What the source puts in no city stands under its province, in a child that says what it is."""
    own = {code: row for code, row in places.items() if not code.isdigit() and code != "CN"}
    levels = {"unassigned", "imported", "elsewhere", "institution", "zone", "division"}
    assert {row["level"] for row in own.values()} == levels
    assert all(code.startswith(f"{row['parent']}-") for code, row in own.items())
    with_figures = {row["place"] for row in read("outbreak.csv.gz")}
    assert {"110000-elsewhere", "110000-imported", "420000-unassigned", "420000-prisons"} <= with_figures
    assert {"650000-xpcc-04", "650000-xpcc-07", "650000-xpcc-09", "650000-xpcc-12"} <= with_figures


def test_people_add_up(places):
    """Provinces and two million servicemen, Hong Kong, Macau and Taiwan are the country; Hubei's cities are Hubei."""
    people = {row["place"]: int(row["people"]) for row in read("population.csv")}
    provinces = sum(count for place, count in people.items() if places[place]["level"] == "province")
    assert people["CN"] == provinces + 2_000_000
    assert people["420000"] == sum(count for place, count in people.items() if places[place]["parent"] == "420000")


def test_coordinates_lie_where_their_places_lie(places):
    """Each is inside China, with two decimals, and in no small province further than 8 degrees from its seat."""
    found = {row["place"]: (float(row["latitude"]), float(row["longitude"])) for row in read("coordinates.csv")}
    assert all(16 <= north <= 54 and 73 <= east <= 136 for north, east in found.values())
    assert all(len(row["latitude"].partition(".")[2]) == 2 for row in read("coordinates.csv"))
    provinces = {code for code, row in places.items() if row["level"] == "province"}
    assert provinces <= set(found)
    for code, (north, east) in found.items():
        if code[:2] not in ("15", "46", "54", "65"):  # Inner Mongolia, Hainan with its islands, Tibet, Xinjiang
            centre = found[f"{code[:2]}0000"]
            assert max(abs(north - centre[0]), abs(east - centre[1])) < 8, code


@pytest.mark.parametrize(("name", "told"), [("breaks.csv", "declared"), ("explanations.csv", "explained")])
def test_words_are_bilingual_and_name_their_source(name, told):
    """Each is told in both languages, with its source, not before the day it speaks of."""
    for row in read(name):
        assert row["text_en"].isascii() or "’" in row["text_en"]
        assert any("一" <= character <= "鿿" for character in row["text_zh"])
        assert row["source"]
        assert row["source_url"].startswith("http")
        assert row["date"] <= row[told]


def test_the_readme_states_what_was_known(stood, places):
    """Each row of the README's table of days is what the tables give."""
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    provinces = [code for code, row in places.items() if row["level"] == "province"]
    for label, day in (
        ("31 January", "01-31"),
        ("12 February", "02-12"),
        ("13 February", "02-13"),
        ("17 April", "04-17"),
    ):
        known = {place: counts[0] for (place, on), counts in stood[f"2020-{day}"].items() if on == f"2020-{day}"}
        cells = [label, *(f"{known[code]:,}" for code in ("420100", "CN"))]
        assert f"| {' | '.join(cells)} | {sum(known.get(code, 0) for code in provinces):,} |" in readme


# Against the raw files


def totals(state):
    """Return the sums over all places and days, which mean nothing but that no number was lost."""
    columns = list(zip(*state.values(), strict=True))
    return {name: sum(columns[COUNTS.index(name)]) for name in ("confirmed", "cured", "dead")}


def test_the_totals_of_every_vintage_are_those_of_the_raw_file(stood):
    """Confirmed, cured and dead over all lines of a vintage: ours and the rejected ones are the raw file's."""
    try:
        folder = facts_folder() / "outbreak" / "cn2020"
    except MissingFactsError as error:
        pytest.skip(str(error))
    polars = pytest.importorskip("polars")
    raw = polars.read_parquet(folder / "daily_cumulative_vintages_delta.parquet")
    rejected = {int(row["record"]) for row in read("outbreak_rejected.csv") if row["vintage"] != LAST_COPY.isoformat()}
    by_vintage = defaultdict(list)
    for number, row in enumerate(raw.to_dicts(), start=1):
        if "中国" in (row["country"], row["countryCode"]):
            by_vintage[row["as_of"].isoformat()].append((row["op"] == "set", number, row))
    lines, total = {}, Counter()
    for vintage, rows in sorted(by_vintage.items()):
        for is_set, number, row in sorted(rows, key=lambda entry: entry[:2]):
            swapped = row["country"] == "CN"
            names = ("provinceCode", "cityCode") if swapped else ("province", "city")
            key = (*(row[name] for name in names), row["date"] or row["date_raw"])
            if not is_set or number not in rejected:
                total.subtract(lines.pop(key, {}))
            if is_set and number not in rejected:
                lines[key] = {name: row[name] for name in ("confirmed", "cured", "dead")}
                total.update(lines[key])
        assert totals(stood[vintage]) == total, vintage
    final = polars.read_parquet(folder / "daily_cumulative_final.parquet").filter(polars.col("countryCode") == "CN")
    twice = [row for row in read("outbreak_rejected.csv") if not row["drops"] and "date cannot" not in row["reason"]]
    still = [
        row
        for row in twice
        if final.filter(
            (polars.col("city") == row["stated_city"]) & (polars.col("date") == date.fromisoformat(row["stated_date"]))
        ).height
    ]
    assert totals(stood[LAST_COPY.isoformat()]) == {
        name: final[name].sum() - sum(int(row[name]) for row in still) for name in ("confirmed", "cured", "dead")
    }


def test_steps_backwards_are_kept(stood):
    """Totals that fall from a day to the next stay as they were stated."""
    series = defaultdict(list)
    for (place, day), counts in sorted(stood[LAST_COPY.isoformat()].items()):
        series[place].append((day, counts[0]))
    falls = [
        (place, day)
        for place, points in series.items()
        if place != "CN" and not place.endswith("0000")
        for (_, before), (day, now) in itertools.pairwise(points)
        if now < before
    ]
    assert len(falls) == 73
    assert ("420000-prisons", "2020-02-24") in falls


# As of any day


def at(day):
    feed = queries.feed(FEED)
    return queries.vintage_as_of(feed, date.fromisoformat(day))


def value(place, signal, as_of, day):
    line = queries.line(Place.objects.get(code=place), queries.signal(signal), at(as_of))
    return line.values().get(date.fromisoformat(day))


pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("place", "signal", "day", "as_of", "expected"),
    [
        ("420100", "cases.confirmed", "2020-02-12", "2020-02-12", 19_558),
        ("420100", "cases.confirmed", "2020-02-13", "2020-02-12", None),
        ("420100", "cases.confirmed", "2020-02-13", "2020-02-13", 19_558 + 13_436),
        ("CN", "cases.confirmed", "2020-02-12", "2020-02-12", 44_765),
        ("CN", "cases.confirmed", "2020-02-12", "2020-02-13", 59_882),
        ("CN", "cases.confirmed", "2020-02-12", "2020-02-14", 58_839),
        ("CN", "deaths", "2020-02-12", "2020-02-13", 1_260 + 108),
        ("CN", "deaths", "2020-02-12", "2020-02-14", 1_260),
        ("420100", "deaths", "2020-02-13", "2020-02-14", 1_036),
        ("420100", "deaths", "2020-02-14", "2020-02-14", 1_016),
        ("420100", "deaths", "2020-04-16", "2020-04-17", 2_579),
        ("420100", "deaths", "2020-04-17", "2020-04-17", 2_579 + 1_290),
        ("CN", "cases.confirmed", "2020-06-30", "2020-06-30", None),
        ("CN", "cases.confirmed", "2020-06-30", "2020-07-01", 85_229),
        ("CN", "population", "2020-11-01", "2020-07-01", None),
    ],
)
def test_what_was_known(loaded, place, signal, day, as_of, expected):
    """Each figure is the one that stood on the day asked about, and later knowledge does not leak into it."""
    line = queries.line(Place.objects.get(code=place), queries.signal(signal), at(as_of))
    assert (line.values().get(date.fromisoformat(day)) if line else None) == expected


def test_as_of_every_vintage_is_the_table(loaded, stood):
    """The figures as of each day, read back from the store, are those of the table."""
    everything = list(Place.objects.all())
    columns = dict(zip(SIGNALS.values(), range(4), strict=True))
    for day in ("2020-01-27", "2020-02-03", "2020-02-09", "2020-02-13", "2020-03-05", "2020-05-08", "2020-07-01"):
        for signal, column in columns.items():
            lines = queries.lines(everything, queries.signal(signal), at(day))
            read_back = {
                (code, point.date.isoformat()): point.value for code, line in lines.items() for point in line.points
            }
            expected = {key: counts[column] for key, counts in stood[day].items() if counts[column] is not None}
            assert read_back == expected, (day, signal)


def change_files():
    """Return each vintage's canonical file by its day, made from the table alone."""
    state, changed = {}, defaultdict(list)
    for row in read("outbreak.csv.gz"):
        for column, signal in SIGNALS.items():
            key = (row["place"], signal, "", date.fromisoformat(row["date"]))
            now = int(row[column]) if row[column] else None
            if now != state.get(key):
                changed[row["vintage"]].append(Observation(*key, now, "" if row[column] else "withdrawn"))
            state[key] = now
    return {vintage: change_file.encode(rows) for vintage, rows in changed.items()}


def test_vintages_are_the_same_to_the_byte(loaded):
    """The hash of each vintage in the store and on the log is that of the file made again from the table."""
    made = {vintage: change_file.sha256(data) for vintage, data in change_files().items()}
    kept = {
        vintage.published_at.astimezone(UTC).date().isoformat(): vintage.sha256
        for vintage in Vintage.objects.filter(feed__code=FEED)
    }
    feed = queries.feed(FEED).public_id
    logged = [entry for entry in reversed(log.entries(limit=1_000)) if entry.type == "vintage.published"]
    assert kept == made
    assert [entry.data["sha256"] for entry in logged if entry.data["feed"] == feed] == list(made.values())
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for day in ("2020-02-12", "2020-02-13"):
        vintage = at(day)
        assert change_file.sha256(queries.change_file_of(vintage)) == made[day]
        assert made[day] in readme


def test_rejected_lines_stand_beside_their_vintage(loaded):
    """Each line that could not be used is published with the vintage in which it came, and with its cells."""
    kept = Counter(RejectedLine.objects.filter(vintage__feed__code=FEED).values_list("line", "problem").iterator())
    assert kept == Counter((int(row["record"]), row["reason"]) for row in read("outbreak_rejected.csv"))


def test_a_number_nobody_published_is_unknown(loaded):
    """No figure of suspected people is 0: the source writes 0 where nobody counted."""
    assert not Figure.objects.filter(series__signal__code="cases.suspected", value=0).exists()
    assert value("CN", "cases.suspected", "2020-02-09", "2020-02-08") == 28_942


def test_a_break_is_known_from_the_day_it_was_declared(loaded):
    """As of 12 February Wuhan's series has no break; a day later it has, in Hubei's and in its own words."""
    wuhan, confirmed, feed = Place.objects.get(code="420100"), queries.signal("cases.confirmed"), queries.feed(FEED)
    assert queries.breaks(wuhan, confirmed, feed, date(2020, 2, 12)) == []
    known = queries.breaks(wuhan, confirmed, feed, date(2020, 2, 13))
    assert [(row.place.code, row.date, row.kind) for row in known] == [
        ("420000", date(2020, 2, 12), "definition"),
        ("420100", date(2020, 2, 13), "definition"),
    ]
    assert queries.breaks(Place.objects.get(code="110000"), confirmed, feed) == []


def test_what_no_child_accounts_for_can_be_seen(loaded, places):
    """A province's parts, its unassigned child among them, need not add up to it; the difference is not hidden."""
    confirmed, feed, vintage = queries.signal("cases.confirmed"), queries.feed(FEED), at("2020-01-31")
    china = Place.objects.get(code="CN")
    children = queries.children(china, feed, confirmed)
    assert {child.code for child in children} == {code for code, row in places.items() if row["level"] == "province"}
    day = date(2020, 1, 31)
    parts = queries.lines(children, confirmed, vintage, start=day, until=day)
    whole = queries.line(china, confirmed, vintage, start=day, until=day)
    assert (whole.values()[day], sum(line.values()[day] for line in parts.values())) == (9_823, 7_757)
