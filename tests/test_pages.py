"""Every public page answers, in both languages, on an empty store and on the story of one gift."""

import pytest

from sameboat.donations.actions.gifts import receive_goods
from sameboat.donations.actions.pledges import new_code, pledge_goods
from sameboat.supplies.actions.handovers import hand_over, sign_for
from sameboat.supplies.actions.lots import allocate
from sameboat.supplies.actions.needs import publish_need
from sameboat.transparency.actions import publish

PAGES = [
    "/",
    "/needs",
    "/gifts",
    "/organisations",
    "/log",
    "/figures",
    "/about",
    "/verify",
    "/search",
    "/search?q=mask",
    "/?as_of=2020-02-01",
    "/needs?as_of=2020-02-01&item=mask&q=a&state=",
]


@pytest.fixture
def story(cast):
    """A gift of 500 masks that went all the way, published; the ids of what it made."""
    need = publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=500)
    pledge = pledge_goods(cast.act_company, need=need, quantity="500", code=new_code(), donor=cast.company)
    gift = receive_goods(cast.act_charity, charity=cast.charity, pledge=pledge, receipt="R-1")
    allocation = allocate(cast.act_charity, lot=gift.lot, need=need, quantity=500)
    handover = hand_over(cast.act_charity, allocation=allocation)
    sign_for(cast.act_hospital, handover=handover, quantity=480)
    publish()
    return [
        f"/needs/{need.public_id}",
        f"/gifts/{gift.public_id}",
        f"/hand-overs/{handover.public_id}",
        *(f"/organisations/{each.public_id}" for each in (cast.hospital, cast.charity, cast.company)),
        "/log/0",
        "/log/5",
        "/log?type=need.published",
    ]


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_answers_before_anything_happened(client, db, prefix, path):
    """An empty installation has pages that say so."""
    assert client.get(prefix + path).status_code == 200


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
def test_every_page_of_a_story_answers(client, story, prefix):
    """Each page about a gift that went all the way answers."""
    for path in PAGES + story:
        assert client.get(prefix + path).status_code == 200, path


def test_the_trace_says_what_did_not_arrive(client, story):
    """The receiver signed for 480 of 500, and the page says where 20 are missing."""
    assert "20 did not arrive" in client.get(story[1]).content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/?as_of=yesterday",
        "/?as_of=9999-12-31",
        "/needs?as_of=0001-01-01",
        "/needs?as_of=2020-13-01",
        "/needs?before=x",
    ],
)
def test_a_broken_question_is_answered_with_what_to_do(client, db, path):
    """A page that cannot understand its address says so, and is no error of the server."""
    assert client.get(path).status_code in (400, 422)


@pytest.mark.parametrize("path", ["/needs/need_0", "/gifts/x", "/organisations/org_0", "/log/99", "/hand-overs/y"])
def test_what_is_not_there_is_not_found(client, db, path):
    """An id that nothing has gets a page that says so."""
    assert client.get(path).status_code == 404


def test_the_first_page_of_a_past_day_knows_nothing_later(client, cast):
    """A hand-over of 30 January that nobody signed stands on that day's page and not on the one before."""
    need = publish_need(cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=5)
    gift = receive_goods(cast.act_charity, charity=cast.charity, item=cast.masks, quantity=5)
    handover = hand_over(cast.act_charity, allocation=allocate(cast.act_charity, lot=gift.lot, need=need, quantity=5))
    assert handover.public_id in client.get("/?as_of=2020-01-30").content.decode()
    assert handover.public_id not in client.get("/?as_of=2020-01-29").content.decode()
