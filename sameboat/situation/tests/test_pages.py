"""The public pages of the outbreak say what the figures say, as of any vintage."""

import re
from datetime import date, timedelta

import pytest

from sameboat.figures.actions.feeds import declare_break
from sameboat.transparency.actions import publish

from .conftest import FIRST

pytestmark = pytest.mark.django_db


def words(answer):
    """Return a page's text as one line, without its drawings."""
    text = re.sub(r"<(svg|head|header|footer).*?</\1>|<[^>]+>", " ", answer.text, flags=re.DOTALL)
    return re.sub(r"\s+([,.:)])", r"\1", re.sub(r"[\s\xa0]+", " ", text))


def test_the_page_opens_with_the_number(client, land):
    """The sentence carries what was new on the last day, and what had been counted by then."""
    city = land.daily(20)
    assert f"Confirmed cases in Wuhan rose by {city[-1] - city[-2]} on 8 Feb 2020, to {city[-1]}." in words(
        client.get("/situation/420100")
    )


def test_a_reader_can_stand_on_any_day_and_step_to_the_next_vintage(client, land):
    """The page as of a day says what was known then, and leads to the vintages before and after."""
    city = land.daily(20)
    page = client.get("/situation/420100?as_of=2020-01-30")
    assert f"rose by {city[10] - city[9]} on 30 Jan 2020, to {city[10]}." in words(page)
    assert 'href="/situation/420100?as_of=2020-01-29"' in page.text
    after = re.search(r'href="([^"]+)" rel="next"', page.text)[1]
    assert f"rose by {city[11] - city[10]} on 31 Jan 2020" in words(client.get(after))


def test_two_vintages_of_one_day_can_both_be_stood_on(client, land):
    """The first of the day is reached by its id, and what the second changed stands on the second alone."""
    from sameboat.figures.actions.vintages import publish_vintage
    from sameboat.figures.engine.observation import Observation

    land.daily(5)
    noon = land.act(date(2020, 1, 25)).now
    told = Observation("420100", "cases.confirmed", "", date(2020, 1, 25), 100, "")
    first = publish_vintage(
        land.act(date(2020, 1, 26)),
        feed=land.feed,
        published=noon - timedelta(hours=4),
        observations=[told],
        from_elsewhere=True,
    )
    land.say(date(2020, 1, 25), [(land.city, date(2020, 1, 25), 120)])
    late = client.get("/situation/420100?as_of=2020-01-25")
    assert "to 120." in words(late)
    assert f'href="/situation/420100?vintage={first.public_id}" rel="prev"' in late.text
    assert "to 100." in words(client.get(f"/situation/420100?vintage={first.public_id}"))


def test_a_break_is_named_and_its_day_tells_nothing_of_rt(client, land):
    """The leap on the day of the break is in the sentence with its explanation, and Rt is not told by it."""
    land.daily(20, jump=(date(2020, 2, 8), 5_000))
    declare_break(
        land.act(date(2020, 2, 8)),
        feed=land.feed,
        signal=land.cases,
        place=land.city,
        day=date(2020, 2, 8),
        kind="definition",
        text_en="People diagnosed without a test are counted too.",
        from_elsewhere=True,
    )
    page = client.get("/situation/420100")
    assert "from then on they are counted otherwise. People diagnosed without a test are counted too." in words(page)
    days = client.get("/situation/420100/days.json").json()["days"]
    assert days[-1]["break"] is True
    assert days[-1]["rt"] is None
    assert days[-2]["rt"] is not None


def test_a_day_that_nobody_told_is_hatched(client, land):
    """What is not known is neither zero nor left out, in the drawing, the table and the file."""
    missing = date(2020, 1, 28)
    land.daily(20, skip=[missing])
    page = client.get("/situation/420100").text
    assert page.count('fill="url(#curve-hatch)"') == 3  # the first day, the missing one, and the day after it
    row = re.search(r">28 Jan 2020</time></th>.*?</tr>", page, re.DOTALL)[0]
    assert "unknown" in row
    days = {day["date"]: day for day in client.get("/situation/420100/days.json").json()["days"]}
    assert days["2020-01-28"] | {"rt": 0, "rt_lower": 0, "rt_upper": 0} == {
        "date": "2020-01-28",
        "new": None,
        "first_said": None,
        "total": None,
        "missing": "not-reported",
        "break": False,
        "rt": 0,
        "rt_lower": 0,
        "rt_upper": 0,
    }


def test_what_a_vintage_changed_is_listed_with_what_stood_before(client, land):
    """A revision shows its day, the figure before and now, and that the publisher gave no reason."""
    city = land.daily(20)
    land.say(date(2020, 2, 9), [(land.city, FIRST + timedelta(10), city[10] + 7)])
    page = words(client.get("/situation/420100"))
    assert f"Wuhan Confirmed cases 30 Jan 2020 {city[10]} {city[10] + 7}" in page
    assert "The publisher gave no reason." in page
    assert f"30 Jan 2020 {city[10] + 7 - city[9]} {city[10] - city[9]}" in page  # what stands, and what was said first


def test_the_page_names_its_vintage_its_hash_and_its_proof(client, land):
    """The hash of the vintage shown stands on the page, with a link to its entry on the log."""
    land.daily(3)
    publish()
    page = client.get("/situation/420100?as_of=2020-01-21").text
    data = client.get("/situation/420100/days.json?as_of=2020-01-21").json()
    assert data["sha256"] in page
    assert f'href="/log/{data["entry"]}"' in page
    assert data["sha256"] in client.get(f"/log/{data['entry']}").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/situation/nowhere", 404),
        ("/situation/420100?as_of=yesterday", 422),
        ("/situation/420100?as_of=2020-02-30", 422),
        ("/situation/420100?vintage=vint_0", 404),
        ("/situation/420100?signal=deaths", 404),
        ("/situation/420100?source=elsewhere", 404),
        ("/situation/nowhere/days.csv", 404),
        ("/situation/420100/days.json?as_of=2019-01-01", 404),
        ("/situation/420100/days.csv?as_of=x", 422),
    ],
)
def test_a_broken_question_gets_a_page_that_says_what_is_wrong(client, land, path, status):
    """A place, day or vintage that is not there is no error of the server."""
    land.daily(3)
    answer = client.get(path)
    assert answer.status_code == status
    assert "<h1" in answer.text


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
def test_before_anything_was_published_pages_say_so(client, land, prefix):
    """No figures is not the same as no cases."""
    for path in ("/situation", "/situation/420100"):
        page = client.get(prefix + path)
        assert page.status_code == 200
        assert 'class="empty"' in page.text


def test_before_its_first_vintage_a_page_leads_to_it(client, land):
    """The reader who came too early is shown the first day that there is."""
    land.daily(3)
    page = client.get("/situation/420100?as_of=2020-01-01")
    assert "Nothing had been published about Wuhan by 1 Jan 2020." in words(page)
    assert 'href="?as_of=2020-01-20"' in page.text


def test_the_days_as_a_file_say_what_the_page_says(client, land):
    """The CSV of a page has a line for each day, an empty cell where nothing is known."""
    city = land.daily(20)
    lines = client.get("/situation/420100/days.csv").text.splitlines()
    assert lines[0] == "date,new,first_said,total,missing,break,rt,rt_lower,rt_upper"
    assert lines[1].startswith("2020-01-20,,,10,")
    assert lines[-1].startswith(f"2020-02-08,{city[-1] - city[-2]},{city[-1] - city[-2]},{city[-1]},,0,1.")
