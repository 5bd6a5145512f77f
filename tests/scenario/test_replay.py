"""Loading Wuhan 2020 leaves the sums of its tables on the log, in the books and in the totals that pages show."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest
from django.db.models import Sum

from sameboat.donations import queries as donations
from sameboat.project.replay import replay
from sameboat.registry.models import Place
from sameboat.supplies import queries as supplies
from sameboat.supplies.models import DayTotal, HandOver
from sameboat.supplies.queries import Measure
from sameboat.transparency import queries as log
from sameboat.transparency import store
from sameboat.transparency.models import Entry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]
FOLDER = Path(__file__).resolve().parents[2] / "scenarios" / "wuhan-2020"


def rows(table):
    with (FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """The scenario, loaded once for the module and taken out again."""
    from django.core.management import call_command

    with django_db_blocker.unblock():
        try:
            yield replay(FOLDER)
        finally:
            call_command("flush", interactive=False, verbosity=0)


def table_sums(table, base_unit):
    """Return the known quantity by (item, unit) as the books count it, and the lines without one."""
    sums, unknown = defaultdict(int), 0
    for row in rows(table):
        if row["base_quantity"]:
            sums[row["item"], base_unit[row["item"]]] += int(row["base_quantity"])
        elif row["quantity"]:
            sums[row["item"], row["unit"] or base_unit[row["item"]]] += int(row["quantity"])
        else:
            unknown += 1
    return dict(sums), unknown


@pytest.mark.parametrize(
    ("table", "measure"),
    [("needs", Measure.ASKED), ("goods_received", Measure.RECEIVED), ("handouts", Measure.HANDED_OVER)],
)
def test_totals_are_the_sums_of_the_tables(table, measure):
    """By item and unit, what the pages add up is what the table adds up, and no line is lost."""
    base_unit = {row["code"]: row["base_unit"] for row in rows("items")}
    sums, unknown = table_sums(table, base_unit)
    totals = DayTotal.objects.filter(measure=measure)
    shown = {
        (item, unit): quantity
        for item, unit, quantity in totals.values_list("item__code", "unit__code").annotate(Sum("quantity"))
        if quantity
    }
    lines = totals.aggregate(lines=Sum("lines"), unknown=Sum("lines_unknown"))
    assert shown == sums
    assert (lines["lines"], lines["unknown"]) == (len(rows(table)), unknown)


def test_money_is_the_sum_of_the_table():
    """Not a fen more or less."""
    fen = sum(int(row["amount"].replace(".", "")) for row in rows("money_received"))
    [total] = donations.money_totals()
    assert (total.currency, int(total.received * 100), total.gifts) == ("CNY", fen, len(rows("money_received")))


def test_the_log_holds_one_entry_a_fact():
    """Each row is one entry; an emergency, a campaign and a fund stand beside them.

    Of the figures each vintage is one, each break and explanation, two sources, five definitions and the census.
    """
    facts = ("organisations", "needs", "goods_received", "money_received", "handouts")
    figures = ("outbreak_vintages", "breaks", "explanations")
    entries = sum(len(rows(table)) for table in facts + figures) + 3 + 2 + 5 + 1
    assert log.checkpoint().size == entries
    assert store.check_store(full=True) == entries


def test_the_log_tells_what_was_known_in_the_order_in_which_it_was():
    """Whoever reads the log from the start never goes back in time, from the first need to the last figure."""
    recorded = [entry.recorded_at for entry in reversed(log.entries(limit=10_000))]
    assert recorded == sorted(recorded)
    assert recorded[-1].date().isoformat() == "2021-05-31"


def test_nobody_signed_in_2020():
    """No signature was published, so none stands on the log, and every hand-over says that it is not confirmed."""
    assert not Entry.objects.filter(type="goods.received_by").exists()
    assert {handover.seal for handover in HandOver.objects.only("signed_at", "source_line")} == {"not-confirmed"}
    assert supplies.handovers(unsigned=True, limit=1)


def test_the_books_balance():
    """The balances are the postings' sums, and each asset adds up to zero over all accounts."""
    balances = log.all_balances()
    assert balances == log.posted_sums()
    by_asset = defaultdict(int)
    for (_account, asset), amount in balances.items():
        by_asset[asset] += amount
    assert not any(by_asset.values())


def test_every_fact_names_its_line():
    """Each fact on the log says from which table and line it was entered, each line once."""
    named = defaultdict(list)
    for entry in log.entries(limit=10_000):
        if isinstance(entry.data.get("source"), dict):
            named[entry.data["source"]["table"]].append(entry.data["source"]["line"])
    for table, key in (("needs", "source_line"), ("goods_received", "line"), ("handouts", "line")):
        assert sorted(named[f"wuhan-2020/{table}"]) == sorted(int(row[key]) for row in rows(table))


def test_places_stand_on_the_map():
    """A place has the coordinates of its row, and none where the table has none."""
    stated = {row["place"]: (row["latitude"], row["longitude"]) for row in rows("coordinates")}
    for place in Place.objects.all():
        found = None if place.latitude is None else (f"{place.latitude:.2f}", f"{place.longitude:.2f}")
        assert found == stated.get(place.code), place.code
