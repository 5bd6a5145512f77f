"""Publishing in a browser: a file is looked over, and what was shown is what is published, once."""

import html
import io
import re
import zipfile
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sameboat.figures import queries
from sameboat.figures.actions.sources import set_mapping
from sameboat.figures.actions.uploads import KEPT_FOR, MOST_BYTES
from sameboat.figures.models import Break, Explanation, Feed, FeedStop, Figure, PendingUpload, Vintage
from sameboat.figures.tests.conftest import day
from sameboat.figures.tests.test_sources import GOOD, MAPPING, RENAMED
from sameboat.registry.actions import add_member
from sameboat.registry.models import Role
from sameboat.transparency.models import Entry

PLAIN = b"place,signal,date,value\nXX-E,cases.confirmed,2020-02-11,10\nXX-W,cases.confirmed,2020-02-11,3\n"
REVISED = b"place,signal,date,value\nXX-E,cases.confirmed,2020-02-11,14\nXX-W,cases.confirmed,2020-02-11,53\n"
PAGE = "/work/figures/test"


def browser_of(name, world=None, *roles):
    """Return a browser in which a member of the commission is signed in."""
    user = User.objects.create_user(name)
    for role in roles:
        add_member(world.operator, organisation=world.commission, user=user, role=role)
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def officer(world):
    """Who may publish the commission's figures."""
    return browser_of("officer", world, Role.FIGURES)


def look(browser, data, published="2020-02-12", **more):
    """Upload a file to look it over."""
    sent = {"file": SimpleUploadedFile("figures.csv", data), "published": published} | more
    return browser.post(PAGE, sent)


def read(answer):
    """Return a page's words without its marks."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", answer.content.decode())).split())


def hidden(answer):
    """Return what the preview's button sends."""
    return dict(re.findall(r'name="(once|upload)" value="([^"]+)"', answer.content.decode()))


def publish(browser, previewed):
    """Press the preview's button."""
    return browser.post(f"{PAGE}/publish", hidden(previewed))


def stored():
    """Return how much of what is public is stored."""
    return [model.objects.count() for model in (Vintage, Figure, FeedStop, Entry)]


def test_a_preview_publishes_nothing(officer):
    """It says what is new, and only the file is kept."""
    before = stored()
    answer = look(officer, PLAIN)
    assert answer.status_code == 200
    assert "publish 2 new figures, revise 0 and take back 0" in read(answer)
    assert stored() == before
    assert bytes(PendingUpload.objects.get().data) == PLAIN


def test_what_was_shown_is_published_once(officer, world):
    """The second tap leads to the same vintage; the file is kept no longer."""
    shown = look(officer, PLAIN)
    one, two = publish(officer, shown), publish(officer, shown)
    vintage = Vintage.objects.get()
    assert one.url == two.url == f"/figures/vintages/{vintage.public_id}"
    assert queries.line(world.east, world.cases, vintage).values() == {day(11): 10}
    assert not PendingUpload.objects.exists()
    assert officer.get(one.url).status_code == 200


def test_the_biggest_revision_stands_first(officer):
    """Old and new side by side, and the lines that cannot be used by their number."""
    publish(officer, look(officer, PLAIN))
    words = read(look(officer, REVISED + b"NOWHERE,cases.confirmed,soon,1\n", "2020-02-13"))
    assert "revise 2" in words
    assert "Line 4" in words
    assert words.index("+50") < words.index("+4")


def test_a_vintage_between_preview_and_publishing_is_told(officer, world):
    """Nothing of what was previewed is published; a new look shows the new state."""
    shown = look(officer, PLAIN, "2020-02-14")
    other = browser_of("colleague", world, Role.FIGURES)
    publish(other, look(other, REVISED, "2020-02-13"))
    before = stored()
    answer = publish(officer, shown)
    assert answer.status_code == 409
    assert "after your preview" in read(answer)
    assert stored() == before
    assert "revise 2" in read(look(officer, PLAIN, "2020-02-14"))


def test_a_preview_expires(officer):
    """After its hour it publishes nothing, and the next look deletes it."""
    shown = look(officer, PLAIN)
    kept = PendingUpload.objects.get()
    PendingUpload.objects.update(sent_at=kept.sent_at - KEPT_FOR - timedelta(seconds=1))
    answer = publish(officer, shown)
    assert (answer.status_code, Vintage.objects.count()) == (409, 0)
    assert "no longer kept" in read(answer)
    look(officer, REVISED)
    assert [bytes(each.data) for each in PendingUpload.objects.all()] == [REVISED]


def test_nobody_publishes_the_preview_of_another(officer, world):
    """Not even a colleague who may publish: she has not seen it."""
    shown = look(officer, PLAIN)
    answer = publish(browser_of("colleague", world, Role.FIGURES), shown)
    assert (answer.status_code, Vintage.objects.count()) == (409, 0)


def test_changed_columns_are_named_and_the_stop_recorded(officer, world):
    """Nothing is on the log until the button is pressed; then the stop is, and the figures stand."""
    set_mapping(world.act, feed=world.feed, text=MAPPING)
    publish(officer, look(officer, GOOD))
    before = stored()
    shown = look(officer, RENAMED, "2020-02-13")
    assert "confirmd" in read(shown)
    assert stored() == before
    assert publish(officer, shown).url == "/figures/test"
    assert FeedStop.objects.get().code == "schema-drift"
    assert Vintage.objects.count() == 1


def bomb():
    """Return an archive that unpacks to far more than it is."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 20_000_000)
    return made.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"<!doctype html><html><body>Sign in</body></html>", "must name the columns"),
        (b"x" * (MOST_BYTES + 1), "larger than 8 MiB"),
        ("place,signal,date,value\n武汉".encode("gb18030"), "not CSV in UTF-8"),
        (bomb(), "not CSV in UTF-8"),
    ],
    ids=["empty", "html", "large", "encoding", "bomb"],
)
def test_a_file_that_is_no_table_is_refused(officer, data, words):
    """With what is wrong, at the field; nothing is kept."""
    before = stored()
    answer = look(officer, data)
    assert (answer.status_code, stored(), PendingUpload.objects.count()) == (422, before, 0)
    assert words in read(answer)


def test_a_formula_is_no_figure(officer):
    """It is told by its line, as text."""
    words = read(look(officer, PLAIN + b"XX,cases.confirmed,2020-02-11,=1+1\n"))
    assert "publish 2 new" in words
    assert "Line 4" in words


@pytest.mark.parametrize("published", ["", "yesterday", "2020-13-01", "2090-01-01"])
def test_a_moment_that_cannot_be_is_refused(officer, published):
    """At its field."""
    assert look(officer, PLAIN, published).status_code == 422
    assert not PendingUpload.objects.exists()


@pytest.mark.parametrize("path", ["", "/publish", "/break", "/explain"])
@pytest.mark.parametrize("who", ["stranger", "other-role", "operator"])
def test_who_may_not_publish_is_refused(world, path, who):
    """Every page and every action, also to the operator: nobody puts words in another's mouth."""
    browser = browser_of(who, world, *([Role.ASK] if who == "other-role" else []))
    if who == "operator":
        User.objects.filter(username=who).update(is_staff=True)
    before = stored()
    if path != "/publish":
        assert browser.get(PAGE + path).status_code == 403
    assert browser.post(PAGE + path, {}).status_code == 403
    assert stored() == before


@pytest.mark.parametrize("path", ["", "/publish", "/break", "/explain"])
def test_who_is_not_signed_in_is_asked_to(world, path):
    """And without the page's token nothing is taken."""
    assert Client().post(PAGE + path, {}).status_code in (302, 405)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_user("forged", is_staff=True))
    assert strict.post(PAGE + path, {}).status_code == 403


def test_the_operator_publishes_where_nobody_else_does(world):
    """A feed without a publisher is the operator's; the list shows it."""
    Feed.objects.update(publisher=None)
    browser = browser_of("operator")
    assert browser.get("/work/figures").status_code == 403
    User.objects.filter(username="operator").update(is_staff=True)
    assert PAGE in browser.get("/work/figures").content.decode()
    assert "/work/figures" in browser.get("/work").content.decode()
    publish(browser, look(browser, PLAIN))
    assert Vintage.objects.count() == 1


SAID = {"signal": "cases.confirmed", "day": "2020-02-12", "text_en": "Counted by image", "once": "the-same-key"}


def test_a_break_is_declared_once(officer, world):
    """By the name of its place; a form sent twice declares it once."""
    sent = SAID | {"place": "east", "kind": "definition", "within": "on"}
    assert [officer.post(f"{PAGE}/break", sent).status_code for _ in range(2)] == [302, 302]
    made = Break.objects.get()
    assert (made.place, made.date, made.within) == (world.east, day(12), True)


def test_figures_are_explained(officer, world):
    """Of all signals, over days."""
    sent = SAID | {"place": "XX", "until": "2020-02-14", "signal": ""}
    assert officer.post(f"{PAGE}/explain", sent).status_code == 302
    made = Explanation.objects.get()
    assert (made.place, made.date, made.until) == (world.country, day(12), day(14))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"place": "st"}, "(XX-E)"),
        ({"place": "Atlantis"}, "No place has this code or name"),
        ({"text_en": ""}, "Say it in words"),
        ({"until": "2020-02-01"}, "lies before the first"),
        ({"url": "javascript:alert(1)"}, "URL"),
    ],
)
def test_a_remark_that_says_nothing_is_refused(officer, change, words):
    """At its field, with what was typed kept."""
    answer = officer.post(f"{PAGE}/explain", SAID | {"place": "XX-E"} | change)
    assert answer.status_code == 422
    assert words in read(answer)
    assert not Explanation.objects.exists()
