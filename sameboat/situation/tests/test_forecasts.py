"""Forecasts are made of one vintage alone, put on the log, kept, scored, and suspended by themselves."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from sameboat.registry.acting import Act
from sameboat.registry.refusals import Conflict, NotFound, NotPermitted
from sameboat.situation.actions import store_round
from sameboat.situation.engine.forecast import VintageError
from sameboat.situation.forecasting import compute
from sameboat.situation.models import Estimate, Round
from sameboat.situation.queries.forecasts import file_of
from sameboat.situation.rounds import make_rounds
from sameboat.transparency.actions import publish
from sameboat.transparency.models import Entry

from .conftest import FIRST
from .test_pages import words

pytestmark = pytest.mark.django_db


def vintage(land, day):
    from sameboat.figures import queries

    return queries.vintage_as_of(land.feed, day)


def made(land, day, **more):
    """Make the round of a day on the evening of that day."""
    computed = compute(land.cases, vintage(land, day))
    return store_round(more.pop("act", land.act(day)), computed=computed)


def test_a_forecast_knows_nothing_of_later_vintages(land):
    """Made on the last day or made of the same day's vintage when twenty more are known: the same numbers."""
    land.daily(35)
    day = FIRST + timedelta(34)
    before = compute(land.cases, vintage(land, day)).forecasts
    for at in range(1, 21):
        later = day + timedelta(at)
        land.say(later, [(land.city, later, 90_000 + at), (land.city, day, 77)])
    assert compute(land.cases, vintage(land, day)).forecasts == before


def test_the_hash_on_the_log_is_that_of_the_file_that_anyone_can_fetch(client, land):
    """The entry carries the file's hash and the vintage's, and stands before the first week forecast is over."""
    land.daily(35)
    day = FIRST + timedelta(34)
    made(land, day)
    publish()
    stored = Round.objects.get()
    entry = Entry.objects.get(type="forecast.made")
    data = client.get(f"/situation/rounds/{stored.public_id}.csv").content
    assert hashlib.sha256(data).hexdigest() == stored.sha256
    assert stored.sha256 in bytes(entry.body).decode()
    assert stored.vintage.sha256 in bytes(entry.body).decode()
    assert entry.recorded_at.date() < stored.last + timedelta(7)
    lines = data.decode().splitlines()
    assert lines[0].startswith("model,reference_date,target,horizon,target_end_date,location,output_type,")
    assert (
        f"sameboat,{stored.last},cases.confirmed,1,{stored.last + timedelta(7)},420100,quantile,0.5," in data.decode()
    )
    assert data == file_of(stored)


def test_a_round_is_made_once_of_a_vintage(land):
    """What was forecast stands; it cannot be made again when more is known."""
    land.daily(35)
    made(land, FIRST + timedelta(34))
    with pytest.raises(Conflict):
        made(land, FIRST + timedelta(34))


def test_only_who_may_publish_the_figures_may_forecast_from_them(land):
    """Somebody without a role stores nothing."""
    land.daily(35)
    with pytest.raises(NotPermitted):
        made(land, FIRST + timedelta(34), act=Act(now=land.operator.now))
    assert not Round.objects.exists()
    assert not Entry.objects.filter(type="forecast.made").exists()


def test_too_little_is_not_forecast(land):
    """From ten days nothing is made up."""
    land.daily(10)
    with pytest.raises(VintageError):
        compute(land.cases, vintage(land, FIRST + timedelta(9)))


def test_the_page_shows_the_forecast_with_what_came(client, land):
    """On the day of the round what came is not known; two weeks later it stands beside the band."""
    city = land.daily(60)
    day = FIRST + timedelta(34)
    made(land, day)
    then = client.get(f"/situation/420100?as_of={day}")
    assert "Forecast on 23 Feb 2020" in words(then)
    assert then.text.count("not known yet") == 4
    later = words(client.get(f"/situation/420100?as_of={day + timedelta(9)}"))
    assert f"{city[41] - city[34]:,}" in later
    published = Estimate.objects.get(place=land.city, model="sameboat", end=day + timedelta(7))
    assert f"{round(published.quantiles[11] / 100):,}" in words(then)


def test_before_a_round_the_page_says_not_made_yet_and_long_after_no_forecast(client, land):
    """A reader is never shown a forecast that did not exist, nor one of long ago."""
    land.daily(60)
    day = FIRST + timedelta(34)
    made(land, day)
    assert "Not made yet" in words(client.get(f"/situation/420100?as_of={day - timedelta(1)}"))
    assert "too long ago to say anything" in words(client.get(f"/situation/420100?as_of={day + timedelta(20)}"))


def test_a_round_says_whether_it_was_on_the_log_in_time(client, land):
    """Made on its day it was there before the outcome; made a year later of the same vintage it was not."""
    land.daily(60)
    first, second = FIRST + timedelta(34), FIRST + timedelta(41)
    made(land, first)
    made(land, second, act=replace(land.operator, now=datetime(2021, 2, 1, tzinfo=UTC)))
    page = words(client.get("/situation/420100/forecasts"))
    assert page.count("before anyone knew what would come") == 1
    assert page.count("when what came could be known already") == 1


def test_a_model_whose_bands_fail_suspends_itself(client, land):
    """Growth that turns into a jump at every round leaves the bands: the weeks are not shown, with the reason."""
    land.daily(36)
    day = FIRST + timedelta(35)
    act = land.operator
    total = 10**4
    for week in range(7):
        made(land, day + timedelta(7 * week), act=land.act(day + timedelta(7 * week)))
        for step in range(1, 8):
            at = day + timedelta(7 * week + step)
            total += 40_000 if week % 2 == 0 else 1
            land.say(at, [(each, at, total) for each in (land.city, land.province, land.country, land.quiet)])
    assert act is land.operator
    last = Round.objects.order_by("-day").first()
    assert [row["weeks"] for row in last.standings if not row["shown"]] != []
    page = words(client.get(f"/situation/420100?as_of={last.day}"))
    assert "suspended: too many outcomes fell outside its 95 % band." in page


def test_the_command_makes_every_seventh_day_and_leaves_what_was_made(land):
    """Asked twice it makes nothing twice; days without a vintage or with too little say so."""
    land.daily(50)
    last = FIRST + timedelta(49)
    act = replace(land.operator, now=datetime(2021, 2, 1, tzinfo=UTC))
    rows = make_rounds(act, "cases.confirmed", "", last, FIRST - timedelta(10))["rounds"]
    assert [row["made"] for row in rows] == [False, False, False, False, False, True, True, True, True]
    again = make_rounds(act, "cases.confirmed", "test", last, last - timedelta(7))["rounds"]
    assert [row.get("why") for row in again] == ["made before", "made before"]
    assert Round.objects.count() == 4


def test_the_demonstration_forecasts_under_the_clock_of_each_day(land):
    """Every other week, in time for what came; where the figures are too few nothing is made, and the next is tried."""
    from sameboat.project.demo import Forecasts

    land.daily(60)
    told = Forecasts()
    for at in range(60):
        told.day_over(FIRST + timedelta(at), land.act(FIRST + timedelta(at)))
    rounds = Round.objects.order_by("day")
    assert [each.day for each in rounds] == [date(2020, 2, 27), date(2020, 3, 12)]
    assert all(each.in_time for each in rounds)


@pytest.mark.parametrize(("signal", "source"), [("deaths", ""), ("cases.confirmed", "elsewhere"), ("", "")])
def test_the_command_refuses_what_is_not_there(land, signal, source):
    """A signal or source that nobody registered is named."""
    land.daily(5)
    with pytest.raises(NotFound):
        make_rounds(land.operator, signal, source, None, None)


def test_an_unknown_round_is_not_found(client, land):
    """Its file's address says so."""
    assert client.get("/situation/rounds/fcst_0.csv").status_code == 404
