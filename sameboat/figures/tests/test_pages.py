"""Pages of figures: in both languages, empty and full, they say what changed and where to check it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sameboat.figures.actions.feeds import explain
from sameboat.figures.actions.vintages import stop_feed
from sameboat.figures.models import QualityFlag, Vintage
from sameboat.figures.tests.conftest import day
from sameboat.transparency.actions import publish

LANGUAGES = pytest.mark.parametrize("prefix", ["", "/zh-hans"])


@pytest.fixture
def told(world):
    """A feed that revised, took back, left out a line, explained, was flagged and could not be read once."""
    world.say(day(12), [("XX-E", day(11), 10), ("XX-E", day(12), 12), ("XX-W", day(12), 3)])
    world.say(
        day(13),
        [("XX-E", day(12), 25), ("XX-W", day(12), None, "withdrawn"), ("XX-E", day(13), 30), ("NO", day(12), 1)],
    )
    about = {"feed": world.feed, "place": world.country, "day": day(12)}
    explain(world.act, **about, text_en="Counted by symptoms", text_zh="计入临床诊断")
    stop_feed(world.act, feed=world.feed, code="schema-drift", reason="no column “confirmed”", data_sha256="ab" * 32)
    vintage = Vintage.objects.get(number=2)
    flag = {"kind": "spike", "date": day(12), "until": day(12)}
    QualityFlag.objects.create(vintage=vintage, place=world.east, signal=world.cases, **flag)
    publish()
    return world


def text(client, path):
    """Return the text of a page that must answer."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


@LANGUAGES
def test_nothing_is_said_where_nobody_publishes(client, db, prefix):
    """An empty installation says so, and what to do."""
    assert 'class="empty"' in text(client, f"{prefix}/figures")


@LANGUAGES
def test_every_page_answers(client, told, prefix):
    """Each page, in each language, and as of a day before anything was said."""
    for vintage in Vintage.objects.all():
        text(client, f"{prefix}/figures/vintages/{vintage.public_id}")
        text(client, f"{prefix}/figures/vintages/{vintage.public_id}?show=all")
    for path in (
        "",
        "/test",
        "/test?as_of=2020-02-12",
        "/test?as_of=2020-02-01",
        "/test/XX-E/cases.confirmed/2020-02-12",
    ):
        text(client, f"{prefix}/figures{path}")


def test_a_vintage_says_what_changed_and_why(client, told):
    """Old and new value, the difference, the reason of what was taken back, the explanation, the flag, the hash."""
    vintage = Vintage.objects.get(number=2)
    page = text(client, f"/figures/vintages/{vintage.public_id}")
    for words in (">12<", ">25<", "+13", "taken back", "Counted by symptoms", "far more on one day", vintage.sha256):
        assert words in page, words
    assert "1 line of the source could not be used" in " ".join(page.replace("</data>", "").split()).replace(
        '<data class="number" value="1">', ""
    )
    assert ">30<" not in page
    assert ">30<" in text(client, f"/figures/vintages/{vintage.public_id}?show=all")
    assert f"/log/{_index(vintage)}" in page
    assert "计入临床诊断" in text(client, f"/zh-hans/figures/vintages/{vintage.public_id}")


def _index(vintage):
    from sameboat.transparency import queries as log

    return log.indices([bytes(vintage.entry)])[bytes(vintage.entry)]


def test_a_vintage_without_an_explanation_guesses_none(client, told):
    """It says that nobody said why."""
    told.say(day(15), [("XX-E", day(1), 1)])
    page = text(client, f"/figures/vintages/{Vintage.objects.get(number=3).public_id}")
    assert "has not said why" in page


def test_a_figure_shows_everything_that_was_said_of_it(client, told):
    """First 12, now 25, each with its vintage."""
    page = text(client, "/figures/test/XX-E/cases.confirmed/2020-02-12")
    assert "first 12, now 25" in page
    for vintage in Vintage.objects.all():
        assert f"/figures/vintages/{vintage.public_id}" in page
    assert "taken back" in text(client, "/figures/test/XX-W/cases.confirmed/2020-02-12")


def test_a_feed_shows_its_vintages_as_of_any_day(client, told):
    """The second vintage is not on the page of the day before it; the stop is told with its reason."""
    first, second = (Vintage.objects.get(number=n).public_id for n in (1, 2))
    now, then = text(client, "/figures/test"), text(client, "/figures/test?as_of=2020-02-12")
    assert second in now
    assert second not in then
    assert first in then
    assert "no column “confirmed”" in now


def test_a_source_that_is_silent_is_told(client, told):
    """It should have spoken by the 15th."""
    assert "should have spoken" in text(client, "/figures/test")
    assert "Silent since" in text(client, "/figures")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/figures/nobody", 404),
        ("/figures/vintages/vint_x", 404),
        ("/figures/test/XX-E/cases.confirmed/2020-02-01", 404),
        ("/figures/test/XX-E/cases.confirmed/yesterday", 404),
        ("/figures/test/NO/cases.confirmed/2020-02-12", 404),
        ("/figures/test/XX-E/cases.imagined/2020-02-12", 404),
        ("/figures/test/XX-E/cases.confirmed/2020-02-12?definition=imagined", 404),
        ("/figures/test?as_of=yesterday", 422),
        ("/figures/test?before=x", 422),
    ],
)
def test_what_is_not_there_is_told_so(client, told, path, status):
    """A broken address is no error of the server."""
    assert client.get(path).status_code == status


def test_long_lists_go_by_pages(client, told, monkeypatch):
    """Following the links shows every change, and every vintage, once."""
    import re

    from sameboat.figures import views

    monkeypatch.setattr(views, "CHANGES", 2)
    monkeypatch.setattr(views, "PAGE", 1)
    path, seen = f"/figures/vintages/{Vintage.objects.get(number=1).public_id}", []
    while path:
        page = text(client, path)
        seen += re.findall(r"/figures/test/(XX-\w)/cases.confirmed/(\S+?)\"", page)
        link = re.search(r'href="([^"]+)" rel="next"', page)
        path = link[1].replace("&amp;", "&") if link else ""
    assert sorted(seen) == [("XX-E", "2020-02-11"), ("XX-E", "2020-02-12"), ("XX-W", "2020-02-12")]
    second = re.search(r'href="([^"]+)" rel="next"', text(client, "/figures/test"))
    assert Vintage.objects.get(number=1).public_id in text(client, second[1])


def test_pages_ask_the_database_as_often_for_much_as_for_little(client, told):
    """More vintages, feeds and changes take no more statements."""
    paths = ["/figures", "/figures/test", f"/figures/vintages/{Vintage.objects.get(number=2).public_id}?show=all"]
    paths.append("/figures/test/XX-E/cases.confirmed/2020-02-12")

    def counts():
        found = []
        for path in paths:
            with CaptureQueriesContext(connection) as caught:
                text(client, path)
            found.append(len(caught))
        return found

    text(client, paths[0])
    before = counts()
    for n in range(14, 20):
        told.say(day(n), [("XX-E", day(12), n), ("XX-E", day(n), n)])
    assert counts() == before
