"""The committed tables of the scenario hang together, and agree with the raw files where those are at hand."""

import csv
import json
import re
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from retabulation.sources import FOLDER, LEFT_OUT, MissingFactsError, facts_folder

TABLES = sorted(path.name for path in FOLDER.glob("*.csv"))
ITEM_CATEGORIES_IN_README = ("mask", "respirator", "protective-suit", "gown", "eye-and-face", "gloves")


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def table(name: str) -> list[dict[str, str]]:
    return read(FOLDER / name)


@pytest.fixture(scope="session")
def raw():
    """Return a reader of the raw tables, or skip where they are missing."""
    try:
        facts = facts_folder()
    except MissingFactsError as error:
        pytest.skip(str(error))
    return lambda name: read(facts / "wuhan-2020" / f"{name}.csv")


def total(values) -> int:
    return sum(int(value or 0) for value in values)


def digits(rows, column="quantity") -> int:
    """Return the sum of the leading digits of a raw column: a reading of its own, apart from the scenario's."""
    found = (re.match(r"\d+", row[column].strip()) for row in rows)
    return sum(int(match[0]) for match in found if match)


def facts_only(rows, name):
    dropped = {entry.line for entry in LEFT_OUT if entry.table == name}
    return [row for line, row in enumerate(rows, 1) if line not in dropped]


# The tables by themselves


@pytest.mark.parametrize("name", TABLES)
def test_plain_utf8_csv(name):
    """Every table is UTF-8 with LF line ends, and every row has all the columns."""
    data = (FOLDER / name).read_bytes()
    assert b"\r" not in data
    rows = table(name)
    assert rows
    assert all(None not in row and None not in row.values() for row in rows)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("places.csv", ("code",)),
        ("units.csv", ("code",)),
        ("items.csv", ("code",)),
        ("item_aliases.csv", ("stated_item", "detail")),
        ("pack_readings.csv", ("stated_item", "specification", "stated_unit")),
        ("organisations.csv", ("key",)),
        ("organisations.csv", ("name",)),
        ("organisation_aliases.csv", ("alias", "under")),
        ("needs.csv", ("key",)),
        ("goods_received.csv", ("line",)),
        ("money_received.csv", ("line",)),
        ("handouts.csv", ("line",)),
        ("left_out.csv", ("table", "line")),
    ],
)
def test_keys_are_unique(name, key):
    """No two rows of a table have the same key."""
    counted = Counter(tuple(row[column] for column in key) for row in table(name))
    assert [value for value, times in counted.items() if times > 1] == []


@pytest.mark.parametrize(
    ("name", "column", "target", "key"),
    [
        ("places.csv", "parent", "places.csv", "code"),
        ("items.csv", "base_unit", "units.csv", "code"),
        ("item_aliases.csv", "item", "items.csv", "code"),
        ("organisations.csv", "place", "places.csv", "code"),
        ("organisations.csv", "part_of", "organisations.csv", "key"),
        ("organisation_aliases.csv", "organisation", "organisations.csv", "key"),
        ("needs.csv", "organisation", "organisations.csv", "key"),
        ("needs.csv", "place", "places.csv", "code"),
        ("needs.csv", "item", "items.csv", "code"),
        ("needs.csv", "unit", "units.csv", "code"),
        ("goods_received.csv", "donor", "organisations.csv", "key"),
        ("goods_received.csv", "item", "items.csv", "code"),
        ("goods_received.csv", "unit", "units.csv", "code"),
        ("money_received.csv", "donor", "organisations.csv", "key"),
        ("handouts.csv", "receiver", "organisations.csv", "key"),
        ("handouts.csv", "item", "items.csv", "code"),
        ("handouts.csv", "unit", "units.csv", "code"),
        ("handouts.csv", "same_as_line", "handouts.csv", "line"),
        ("carriers.csv", "organisation", "organisations.csv", "key"),
        ("carriers.csv", "from_place", "places.csv", "code"),
        ("carriers.csv", "to_place", "places.csv", "code"),
        ("factories.csv", "organisation", "organisations.csv", "key"),
        ("factories.csv", "place", "places.csv", "code"),
        ("factories.csv", "item", "items.csv", "code"),
    ],
)
def test_references_exist(name, column, target, key):
    """What a column names stands in the table it points to; empty names nothing."""
    known = {row[key] for row in table(target)} | {""}
    assert {row[column] for row in table(name)} <= known


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("needs.csv", ("organisation", "place", "item")),
        ("goods_received.csv", ("item",)),
        ("money_received.csv", ("donor",)),
        ("handouts.csv", ("item", "unit", "quantity")),
        ("carriers.csv", ("organisation", "from_place", "to_place")),
        ("factories.csv", ("organisation", "place", "item")),
    ],
)
def test_what_the_source_always_gives_is_never_empty(name, columns):
    """Columns that every raw line fills are filled in every row."""
    assert all(row[column] for row in table(name) for column in columns)


@pytest.mark.parametrize("name", ["places.csv", "units.csv", "items.csv"])
def test_names_are_bilingual(name):
    """Every place, unit and item has an English and a Chinese name."""
    for row in table(name):
        assert re.search(r"[A-Za-z]", row["name_en"]), row
        assert re.search(r"[\u4e00-\u9fff]", row["name_zh"]), row


@pytest.mark.parametrize(
    ("name", "child", "parent"), [("places.csv", "code", "parent"), ("organisations.csv", "key", "part_of")]
)
def test_trees_have_no_cycle(name, child, parent):
    """Going up from any row ends at a row without a parent."""
    above = {row[child]: row[parent] for row in table(name)}
    for start in above:
        seen, here = set(), start
        while here:
            assert here not in seen, start
            seen.add(here)
            here = above[here]


@pytest.mark.parametrize("name", ["needs.csv", "goods_received.csv", "handouts.csv"])
def test_quantities_are_whole_and_positive_or_empty(name):
    """A quantity is a positive whole number or unknown, and a base quantity needs a quantity."""
    for row in table(name):
        assert re.fullmatch(r"([1-9]\d*)?", row["quantity"]), row
        assert re.fullmatch(r"([1-9]\d*)?", row["base_quantity"]), row
        assert row["quantity"] or not row["base_quantity"], row


def test_an_unknown_need_has_neither_quantity_nor_unit():
    """The source's 1 is nowhere carried over, and an unknown need states no unit."""
    rows = table("needs.csv")
    assert all(row["quantity"] != "1" for row in rows)
    assert all(bool(row["quantity"]) == bool(row["unit"]) for row in rows)


def test_a_base_quantity_of_a_carton_needs_its_contents():
    """A carton or case has a base quantity only where its specification or a judged reading gives the contents."""
    packs = {row["code"] for row in table("units.csv") if row["kind"] == "pack"}
    own = {row["code"]: row["base_unit"] for row in table("items.csv")}
    for row in table("goods_received.csv") + table("handouts.csv"):
        if row["unit"] in packs and row["base_quantity"] and row["base_reading"] == "own-unit":
            assert own[row["item"]] in ("box", "bag-packet", "bottle", "retail-pack", "vial"), row


def test_repeated_handouts_point_to_an_equal_earlier_line():
    """A line marked as a repetition equals the line it names, which is earlier and no repetition itself."""
    by_line = {row["line"]: row for row in table("handouts.csv")}
    for line, row in by_line.items():
        if row["same_as_line"]:
            first = by_line[row["same_as_line"]]
            assert int(first["line"]) < int(line)
            assert not first["same_as_line"]
            assert {**row, "line": "", "same_as_line": ""} == {**first, "line": ""}


def test_every_receiver_is_resolved_by_an_alias():
    """The spelling of each hand-out's receiver is an alias of the organisation that it was taken for."""
    aliases = {(row["alias"], row["organisation"]) for row in table("organisation_aliases.csv")} | {("", "")}
    assert {(row["stated_receiver"], row["receiver"]) for row in table("handouts.csv")} <= aliases


def test_judgements_say_why():
    """A judged or kept-apart alias carries its reason."""
    rows = table("organisation_aliases.csv") + table("item_aliases.csv")
    needing = ("judged", "kept-apart", "prefix")
    assert [row for row in rows if row["rule"] in needing and not row["reason"]] == []


def test_dates_lie_in_the_scenario():
    """Everything received or handed out is dated within the scenario's days."""
    scenario = json.loads((FOLDER / "scenario.json").read_text(encoding="utf-8"))
    dates = {row["date"] for row in table("handouts.csv")}
    for row in table("goods_received.csv") + table("money_received.csv"):
        dates |= {row["period_from"], row["period_until"]}
    assert min(dates) == scenario["from"]
    assert max(dates) == scenario["until"]


def test_the_scenario_names_what_exists():
    """The holder is an organisation, the emergency's place a place, every source's table a file."""
    scenario = json.loads((FOLDER / "scenario.json").read_text(encoding="utf-8"))
    assert scenario["holder"] in {row["key"] for row in table("organisations.csv")}
    assert scenario["emergency"]["place"] in {row["code"] for row in table("places.csv")}
    assert scenario["emergency"]["source"] in {source["id"] for source in scenario["sources"]}
    for source in scenario["sources"]:
        assert all((FOLDER / name).exists() for name in source["tables"])


def test_the_readme_states_the_sums_of_the_tables():
    """Each figure that the README gives a reader to check is the one that the tables give."""
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for label, name in (("needs", "needs"), ("goods received", "goods_received"), ("hand-outs", "handouts")):
        rows = table(f"{name}.csv")
        unknown = sum(not row["quantity"] for row in rows)
        assert f"| {label} | {len(rows):,} | {unknown:,} | {total(row['quantity'] for row in rows):,} |" in readme
    cash = sum(Decimal(row["amount"]) for row in table("money_received.csv"))
    assert f"**CNY {cash:,}**" in readme
    received, handed_out = table("goods_received.csv"), table("handouts.csv")
    for item in table("items.csv"):
        if item["category"] in ITEM_CATEGORIES_IN_README:
            cells = [item["code"], item["base_unit"]]
            for side in (received, handed_out):
                bases = [row["base_quantity"] for row in side if row["item"] == item["code"]]
                known = f"{total(bases):,}" if any(bases) else "unknown" if bases else "none"
                cells += [str(len(bases)), str(bases.count("")), known]
            assert f"| {' | '.join(cells)} |" in readme


# Against the raw files


def test_the_committed_tables_are_what_the_raw_files_give(raw):
    """Making the tables anew gives the committed bytes, and place names are those of GB/T 2260."""
    command = [sys.executable, str(FOLDER / "retabulate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("made", "source"),
    [
        ("needs.csv", "hospital_needs"),
        ("goods_received.csv", "gifts_in_kind"),
        ("money_received.csv", "gifts_cash_organisations"),
        ("handouts.csv", "handouts"),
        ("carriers.csv", "carriers"),
        ("factories.csv", "factories"),
    ],
)
def test_no_line_is_lost(raw, made, source):
    """Rows made and lines left out, together, are the raw lines."""
    dropped = sum(row["table"] == source for row in table("left_out.csv"))
    assert len(table(made)) + dropped == len(raw(source))


@pytest.mark.parametrize(("made", "source"), [("goods_received.csv", "gifts_in_kind"), ("handouts.csv", "handouts")])
def test_stated_quantities_add_up(raw, made, source):
    """The quantities of a table add up to those of the raw lines, the one shifted line's unit column included."""
    rows = facts_only(raw(source), source)
    shifted = digits((row for row in rows if not row["quantity"]), "unit")
    assert total(row["quantity"] for row in table(made)) == digits(rows) + shifted


def test_known_needs_add_up(raw):
    """Needs with a real quantity add up to the raw ones; the 1,809 ones and 22 empty are unknown."""
    rows = raw("hospital_needs")
    ones = sum(row["quantity"].strip() == "1" for row in rows)
    empty = sum(not row["quantity"].strip() for row in rows)
    made = table("needs.csv")
    assert (ones, empty) == (1809, 22)
    assert sum(not row["quantity"] for row in made) == ones + empty
    assert total(row["quantity"] for row in made) == digits(rows) - ones


def test_cash_agrees_to_the_fen(raw):
    """The cash gifts add up to exactly what the notices state."""
    stated = sum(Decimal(row["amount_cny"]) for row in raw("gifts_cash_organisations"))
    assert sum(Decimal(row["amount"]) for row in table("money_received.csv")) == stated


def test_repetitions_are_all_found(raw):
    """As many lines are marked as the raw table has lines beyond the distinct ones."""
    rows = [tuple(value.strip() for value in row.values()) for row in facts_only(raw("handouts"), "handouts")]
    assert sum(bool(row["same_as_line"]) for row in table("handouts.csv")) == len(rows) - len(set(rows))


def test_no_person_is_named(raw):
    """What a donor's text says beyond an alias that ends in * (a person's name) is in no file of the scenario."""
    prefixes = [row["alias"][:-1] for row in table("organisation_aliases.csv") if row["alias"].endswith("*")]
    files = [
        path.read_text(encoding="utf-8") for path in FOLDER.rglob("*") if path.suffix in (".csv", ".md", ".json", ".py")
    ]
    withheld = [row["donor"][len(p) :] for row in raw("gifts_in_kind") for p in prefixes if row["donor"].startswith(p)]
    assert len(withheld) == len(prefixes)
    assert not [text for text in withheld for content in files if text in content]
