"""Places side by side: rates where the people are counted, unknown as unknown, as many statements as ever."""

from datetime import date

import pytest

from sameboat.figures.actions.feeds import register_feed, state_definition
from sameboat.registry.models import Place

from .conftest import FIRST
from .test_pages import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def counted(land):
    """The people of Hubei are counted, those of Tibet are not."""
    feed = register_feed(land.operator, code="census", name_en="Census")
    state_definition(
        land.operator,
        signal="population",
        form="prevalence",
        unit_en="people",
        unit_zh="人",
        name_en="Residents",
    )
    land.say(FIRST, [(land.province, date(2020, 1, 1), 59_000_000)], feed=feed, signal="population")
    return land


def test_the_list_has_totals_weeks_and_rates(client, counted):
    """A rate where the people are counted; where they are not, it is unknown and no zero."""
    city = counted.daily(20)
    page = words(client.get("/situation"))
    rate = round(city[-1] * 1_000_000 / 59_000_000) / 10
    assert f"Hubei {city[-1]} {city[-1] - city[-8]} {rate} 8 Feb 2020" in page
    assert "西藏自治区" not in page
    assert "Tibet 1 0 rate unknown 8 Feb 2020" in page
    assert "Residents: Census, 1 Jan 2020." in page


def test_the_map_draws_what_has_coordinates_and_a_count(client, counted):
    """Two circles with their names, one of unknown rate hatched; the drawing has its words for who cannot see it."""
    counted.daily(20)
    page = client.get("/situation").text
    drawing = page[page.index('class="drawing map"') :]
    drawing = drawing[: drawing.index("</svg>")]
    assert drawing.count("<circle") == 2
    assert drawing.count("url(#map-hatch)") == 1
    assert "Hubei: " in drawing


def test_a_place_without_parts_has_no_list(client, counted):
    """A city's page ends with itself."""
    counted.daily(5)
    assert "Places in Wuhan" not in words(client.get("/situation/420100"))


def test_a_place_not_reported_for_long_stands_last_as_unknown(client, land):
    """Old figures are not shown as today's."""
    land.daily(20)
    lost = Place.objects.create(code="650000", level="province", parent=land.country, name_en="Xinjiang")
    land.say(date(2020, 2, 9), [(lost, date(2020, 1, 5), 3), (land.country, date(2020, 2, 9), 500)])
    page = words(client.get("/situation"))
    assert "Xinjiang quantity unknown quantity unknown rate unknown date unknown" in page
    assert page.index("Xinjiang quantity") > page.index("Tibet 1")


def test_many_places_are_paged_and_cost_as_many_statements_as_few(
    client, land, django_assert_max_num_queries, monkeypatch
):
    """150 more places are listed in pages; the number of statements does not grow with them."""
    land.daily(3)
    day = date(2020, 1, 23)
    more = [
        Place.objects.create(code=f"9{at:05}", level="province", parent=land.country, name_en=f"Part {at}")
        for at in range(150)
    ]
    land.say(day, [(place, day, 10 + at) for at, place in enumerate(more)])
    with django_assert_max_num_queries(45):
        first = client.get("/situation").text
    assert "Showing 100 of 152 rows." in first
    assert "Part 149" in first
    assert "Part 3<" not in first
    second = client.get("/situation?places=2").text
    assert "Part 3<" in second
    assert client.get("/situation?places=3").status_code == 422
    assert client.get("/situation?places=x").status_code == 422


def test_places_are_compared_on_one_scale(client, counted):
    """Each place has its drawing; what is not known says so."""
    city = counted.daily(20)
    page = client.get("/situation/compare?place=420000&place=540000&what=total&per=count")
    assert f"Hubei reached {city[-1]}, the most of these places." in words(page)
    assert page.text.count('class="bar-name"') == 2
    rates = words(client.get("/situation/compare?place=540000&per=rate"))
    assert "Of none of these places is this known." in rates


def test_more_than_eight_places_are_too_many(client, land):
    """Eight are shown, and the reader is told how many were left out."""
    land.daily(3)
    codes = ["420000", "420100", "540000", "CN"]
    for at in range(6):
        Place.objects.create(code=f"9{at}", level="province", parent=land.country, name_en=f"Part {at}")
        codes.append(f"9{at}")
    page = words(client.get("/situation/compare?" + "&".join(f"place={code}" for code in codes)))
    assert "Eight places at most can be told apart; 2 were left out." in page


def test_rates_are_compared_only_where_all_have_one(client, counted):
    """Unless rates are asked for, a place without known residents makes the comparison one of people."""
    counted.daily(20)
    one = words(client.get("/situation/compare?place=420000"))
    both = words(client.get("/situation/compare?place=420000&place=540000"))
    asked = words(client.get("/situation/compare?place=420000&place=540000&per=rate"))
    assert "in 100,000 residents, the most" in one
    assert "in 100,000 residents, the most" not in both
    assert "unknown" in asked


@pytest.mark.parametrize("path", ["/situation/compare", "/situation/compare?place="])
def test_comparing_begins_with_a_choice(client, land, path):
    """Without places the page offers them."""
    land.daily(3)
    page = client.get(path)
    assert "Which places?" in words(page)
    assert '<option value="420000">Hubei</option>' in page.text


def test_comparing_what_is_not_there_is_not_found(client, land):
    """A place that nobody entered is named."""
    land.daily(3)
    assert client.get("/situation/compare?place=nowhere").status_code == 404


def test_a_place_can_stand_in_other_peoples_pages_and_nothing_else_can(client, land):
    """Only the small page may be framed; it carries its source and hash, and sets no cookie."""
    land.daily(5)
    small, page = client.get("/situation/420100/embed"), client.get("/situation/420100")
    assert "frame-ancestors *" in small["Content-Security-Policy"]
    assert "X-Frame-Options" not in small
    assert not small.cookies
    assert len(client.get("/situation/420100/days.json").json()["sha256"]) == 64
    assert client.get("/situation/420100/days.json").json()["sha256"] in small.text
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert page["X-Frame-Options"] == "DENY"


def test_search_finds_places_in_both_languages(client, land):
    """A place of which there are figures is found by either name, others are not."""
    land.daily(3)
    Place.objects.create(code="99", level="city", name_en="Wuhan nowhere")
    for asked in ("wuhan", "武汉"):
        page = client.get(f"/search?q={asked}").text
        assert 'href="/situation/420100"' in page
        assert 'href="/situation/99"' not in page


def test_the_first_page_says_the_outbreak_in_a_sentence(client, land):
    """With the number, as of the day asked for; before anything was published there is no such sentence."""
    city = land.daily(20)
    assert f"Confirmed cases in China rose by {city[10] - city[9]} on 30 Jan 2020, to {city[10] + 1}." in words(
        client.get("/?as_of=2020-01-30")
    )
    assert "By place and day" not in words(client.get("/?as_of=2019-12-01"))
