"""Line lists: counts leave them, persons do not, and no sum tells a count that is withheld."""

import itertools
import json
from collections import Counter, defaultdict
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sameboat.figures.engine import change_file
from sameboat.figures.engine.readers import PlaceEntry, Places, SchemaDrift, load_mapping, read
from sameboat.figures.engine.readers.suppression import Count, withheld
from sameboat.figures.tests.facts import NEEDED, OUTBREAK

TODAY = date(2020, 3, 1)
RULES = {
    "format": "linelist-csv",
    "cases": [{"column": "onset", "signal": "cases.by-onset"}],
    "place": {"columns": ["place"]},
    "strata": [{"column": "sex", "values": {"F": "female", "M": "male"}}],
}
PLACES = Places([PlaceEntry("P"), PlaceEntry("A", "P"), PlaceEntry("B", "P"), PlaceEntry("C", "P")])


def listed(cases, **changes):
    """Read a list of (place, day, sex) persons."""
    text = "onset,place,sex\n" + "".join(f"{day},{place},{sex}\n" for place, day, sex in cases)
    rules = RULES | {"ignored": ["sex"] if changes.get("strata") == [] else []} | changes
    return read(text.encode(), load_mapping(json.dumps(rules)), today=TODAY, places=PLACES)


def counts(reading):
    """Return what was released by place and definition."""
    return {(o.place, o.definition): o.value if o.value is not None else o.missing for o in reading.observations}


def test_persons_become_counts_by_place_and_day():
    """Large counts are told by place, by group, and summed up to the widest place."""
    day = "2020-02-12"
    reading = listed([("A", day, "F")] * 20 + [("A", day, "M")] * 10 + [("B", day, "F")] * 7)
    assert counts(reading) == {
        ("P", ""): 37,
        ("A", ""): 30,
        ("A", "female"): 20,
        ("A", "male"): 10,
        ("B", ""): 7,
        ("B", "female"): 7,
    }
    assert {o.date for o in reading.observations} == {date(2020, 2, 12)}


def test_ages_are_counted_in_bands():
    """An age falls in the band that it has begun; what is no whole number of years is counted as unknown."""
    ages = ["0", "17", "18", "64", "65", "101", "", "4 months", "-1", "17.0", "1700"]
    stratum = {"column": "sex", "bands": [0, 18, 65]}
    reading = listed([("A", "2020-02-12", age) for age in ages for _ in range(9)], strata=[stratum])
    assert {d: n for (p, d), n in counts(reading).items() if p == "A" and d} == {
        "0-17": 27,
        "18-64": 18,
        "65-up": 18,
        "unknown": 36,
    }


@pytest.mark.parametrize("stratum", [{}, {"values": {"F": "f"}, "bands": [0]}, {"bands": [18, 0]}])
def test_a_stratum_without_words_or_bands_is_refused(stratum):
    """A stratum says its words or its bands, and bands rise."""
    with pytest.raises(ValueError, match=r"stratum|bands"):
        load_mapping(json.dumps(RULES | {"strata": [{"column": "sex", **stratum}]}))


def test_a_small_count_is_withheld_with_another_beside_it():
    """Three cases are withheld, and the smallest count beside them too, else the sum would tell."""
    day = "2020-02-12"
    reading = listed([("A", day, "M")] * 3 + [("B", day, "M")] * 8 + [("C", day, "M")] * 20, strata=[])
    assert counts(reading) == {("P", ""): 31, ("A", ""): "suppressed", ("B", ""): "suppressed", ("C", ""): 20}


def test_problems_of_a_line_list_say_nothing_of_the_person():
    """Row and column are named; no cell of the row is."""
    text = "onset,place,sex,note\n2020-02-30,A,F,secret-one\n2020-02-12,Zhang San,F,secret-two\n2020-09-12,A,F,x\n1,2\n"
    text += "2020-02-12,A,F,x,secret-three\n" + "2020-02-12,A,F,x\n" * 6
    reading = read(text.encode(), load_mapping(json.dumps(RULES | {"ignored": ["note"]})), today=TODAY, places=PLACES)
    assert [(p.row, p.column, p.code) for p in reading.problems] == [
        (2, "onset", "date-unreadable"),
        (3, "place", "place-unknown"),
        (4, "onset", "future-date"),
        (5, "", "row-short"),
        (6, "", "row-long"),
    ]
    told = repr(reading)
    for private in ("secret", "Zhang", "2020-02-30", "2020-09-12"):
        assert private not in told
    assert all(p.raw == () and p.found == "" for p in reading.problems)


def test_alike_persons_are_two_and_a_renamed_column_stops_the_list():
    """Two alike rows are two persons; a column that changed its name yields nothing."""
    assert counts(listed([("A", "2020-02-12", "F")] * 5, strata=[]))["A", ""] == 5
    with pytest.raises(SchemaDrift, match="was it renamed 'onset_date'"):
        read(b"onset_date,place,sex\n2020-02-12,A,F\n", load_mapping(json.dumps(RULES)), today=TODAY, places=PLACES)


def tree(shape, path=()):
    """Return a tree of counts from nested lists of leaves."""
    if isinstance(shape, int):
        return Count(path, shape)
    return Count(path, parts=[tree(part, (*path, n)) for n, part in enumerate(shape)])


def nodes_of(count):
    """Yield every node of a tree."""
    yield count
    for part in count.parts:
        yield from nodes_of(part)


def released(shape, threshold):
    """Return what a reader sees: each node's total, or None."""
    root = tree(shape)
    hidden = withheld(root, threshold)
    return {node.key: None if node.key in hidden else node.total for node in nodes_of(root)}


def filled(shape, values):
    """Return nested lists like `shape` with the leaves from an iterator."""
    return [filled(part, values) for part in shape] if isinstance(shape, list) else next(values)


FLAT = [[0] * 2, [0] * 3, [0] * 4]


@pytest.mark.parametrize(
    ("threshold", "most", "shapes"),
    [
        (3, 9, FLAT),
        (4, 12, FLAT[:2]),
        (5, 14, FLAT[:2]),
        (5, 10, FLAT[2:]),
        (3, 12, [[[0, 0], [0, 0]]]),
        (3, 12, [[[[0, 0], 0], 0]]),
        (5, 18, [[[0, 0], 0]]),
        (3, 9, [[[0, 0, 0], [0, 0]]]),
    ],
)
def test_no_withheld_count_can_be_recovered_even_by_who_knows_the_method(threshold, most, shapes):
    """Every small table is attacked: whoever knows the method lists all tables that would have been released alike.

    In none of them is a withheld count, or a withheld sum, the same in all of that list, so that it would be known.
    """
    alike = defaultdict(list)
    for shape in shapes:
        size = sum(isinstance(leaf, int) for leaf in nodes_below(shape))
        for values in itertools.product(range(most + 1), repeat=size):
            # A larger sum has guesses that are not tried here.
            if sum(values) <= most:
                seen = released(filled(shape, iter(values)), threshold)
                alike[tuple(seen.items())].append([node.total for node in nodes_of(tree(filled(shape, iter(values))))])
    attacked = 0
    for seen, guesses in alike.items():
        if seen[0][1] is not None:
            for n, (_, value) in enumerate(seen):
                if value is None:
                    attacked += 1
                    assert len({guess[n] for guess in guesses}) > 1, (seen, guesses)
    assert attacked > 100


def nodes_below(shape):
    """Yield every part of nested lists."""
    yield shape
    if isinstance(shape, list):
        for part in shape:
            yield from nodes_below(part)


shapes = st.recursive(st.integers(0, 30), lambda inner: st.lists(inner, min_size=1, max_size=4), max_leaves=14).filter(
    lambda shape: isinstance(shape, list)
)


@settings(max_examples=400, deadline=None)
@given(shapes, st.sampled_from([3, 5, 10]))
def test_what_a_published_sum_leaves_open_is_at_least_as_wide_as_the_threshold(shape, threshold):
    """The withheld parts of a published sum are several, and each may be 1 and may be as large as the threshold.

    No count from 1 to the threshold is published, and nothing below a withheld sum.
    """
    root = tree(shape)
    hidden = withheld(root, threshold)
    for node in nodes_of(root):
        gone = [part for part in node.parts if part.key in hidden]
        if node.key in hidden:
            assert gone == node.parts
            continue
        assert not 0 < node.total < threshold
        if gone:
            assert len(gone) > 1
            assert all(part.total > 0 for part in gone)
            # They are known to add up to this, and each to be at least 1.
            assert sum(part.total for part in gone) - (len(gone) - 1) >= threshold


def test_below_a_withheld_place_nothing_is_said():
    """Of a place whose count is withheld no group is named: which there are would tell which are 0."""
    day = "2020-02-12"
    reading = listed([("A", day, "F")] * 3 + [("B", day, "M")] * 8 + [("C", day, "M")] * 20)
    assert counts(reading) == {
        ("P", ""): 31,
        ("A", ""): "suppressed",
        ("B", ""): "suppressed",
        ("C", ""): 20,
        ("C", "male"): 20,
    }


def test_the_number_over_all_days_tells_no_day():
    """Counted by two dates, a total is known from one of them: a day withheld alone in the other would be told."""
    cases = [{"column": "onset", "signal": "onset"}, {"column": "report", "signal": "report"}]
    rows = [("2020-02-01", "2020-02-10")] * 3 + [("2020-02-02", "2020-02-10")] * 8 + [("2020-02-03", "2020-02-10")] * 20
    text = "onset,report,place\n" + "".join(f"{onset},{report},A\n" for onset, report in rows)
    rules = load_mapping(json.dumps(RULES | {"cases": cases, "strata": [], "place": {"columns": ["place"]}}))
    reading = read(text.encode(), rules, today=TODAY)
    assert {(o.signal, o.date.day): o.value for o in reading.observations} == {
        ("onset", 1): None,
        ("onset", 2): None,
        ("onset", 3): 20,
        ("report", 10): 31,
    }


@NEEDED
def test_dengue_in_puerto_rico_is_counted_as_a_plain_count_has_it():
    """52,987 cases by week: what is told equals a plain count; what is not is small, or beside a small one."""
    table = pl.read_parquet(OUTBREAK / "nowcast" / "dengue_puerto_rico_linelist.parquet")
    rules = {
        "format": "linelist-csv",
        "cases": [{"column": "onset_week", "signal": "dengue.by-onset"}],
        "place": {"fixed": "PR"},
        "strata": [{"column": "gender", "values": {"Male": "male", "Female": "female"}}],
        "ignored": ["report_week"],
    }
    reading = read(table.write_csv().encode(), load_mapping(json.dumps(rules)), today=TODAY)
    plain = Counter((day, "") for day in table["onset_week"]) + Counter(
        (day, {"Male": "male", "Female": "female"}.get(sex, "unknown"))
        for day, sex in zip(table["onset_week"], table["gender"], strict=True)
    )
    told = {(o.date, o.definition): o for o in reading.observations}
    shown = {key: o.value for key, o in told.items() if o.value is not None}
    assert all(plain[key] == value for key, value in shown.items())
    assert not [key for key, value in shown.items() if value < 5]
    for day, definition in plain.keys() - shown.keys():
        beside = [key for key in plain if key[0] == day and key[1] and key not in shown]
        assert definition == "" or len(beside) > 1 or (day, "") not in shown
    assert 0.8 * len(plain) < len(shown) < len(plain)


def test_two_strata_make_groups_whose_codes_figures_may_have():
    """Sex by age is counted as one group, under a code that a canonical file takes."""
    text = "onset,place,sex,age\n" + "2020-02-12,A,F,70\n" * 6 + "2020-02-12,A,M,3\n" * 7
    strata = [*RULES["strata"], {"column": "age", "bands": [0, 65]}]
    rules = load_mapping(json.dumps(RULES | {"strata": strata}))
    reading = read(text.encode(), rules, today=TODAY, places=PLACES)
    assert {o.definition: o.value for o in reading.observations if o.place == "A"} == {
        "": 13,
        "female.65-up": 6,
        "male.0-64": 7,
    }
    assert change_file.parse(change_file.encode(reading.observations))
