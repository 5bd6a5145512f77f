"""Everyone can use the outbreak's pages: on a phone and a desk, in both languages, in the dark, without scripts."""

import os
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from .conftest import FIRST

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium: install it, or name it in CHROMIUM"
    ),
]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
DAY = FIRST + timedelta(45)
PAGES = [
    "/situation",
    f"/situation/420100?as_of={DAY}",
    "/situation/420100?as_of=2020-01-01",
    "/situation/540000",
    f"/situation/420100/forecasts?as_of={DAY}",
    "/situation/compare?place=420100&place=540000&per=count",
    "/situation/420100/embed",
    "/situation/nowhere",
]


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def told(land):
    """Fifty days with a break, a missing day, a revision, a lowered total and two rounds of forecasts."""
    from sameboat.figures.actions.feeds import declare_break, explain
    from sameboat.figures.queries import vintage_as_of
    from sameboat.situation.actions import store_round
    from sameboat.situation.forecasting import compute
    from sameboat.transparency.actions import publish

    jump = FIRST + timedelta(30)
    city = land.daily(50, skip=[FIRST + timedelta(12)], jump=(jump, 2_000))
    for name in (declare_break, explain):
        more = {"kind": "definition"} if name is declare_break else {}
        name(
            land.act(jump),
            feed=land.feed,
            signal=land.cases,
            place=land.city,
            day=jump,
            text_en="Counted otherwise.",
            text_zh="口径变更。",
            from_elsewhere=True,
            **more,
        )
    last = FIRST + timedelta(50)
    land.say(last, [(land.city, FIRST + timedelta(20), city[20] + 9), (land.city, last, city[-1] + 1_990)])
    for at in (37, 44):
        day = FIRST + timedelta(at)
        act = land.act(day) if at == 44 else replace(land.operator, now=datetime(2021, 1, 1, tzinfo=UTC))
        store_round(act, computed=compute(land.cases, vintage_as_of(land.feed, day)))
    publish()


@pytest.fixture
def open_page(browser, live_server, told):
    contexts = []

    def open_page(path, width=1280, theme="light", scripts=True):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, java_script_enabled=scripts
        )
        contexts.append(context)
        page = context.new_page()
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.goto(f"{live_server.url}{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("width", "theme", "prefix"), [(390, "light", "/zh-hans"), (1280, "dark", "")])
def test_everyone_can_use_them(open_page, width, theme, prefix):
    """No rule of WCAG 2.2 AA that axe can check is broken, nobody scrolls sideways, the console is silent."""
    found = {}
    for path in PAGES:
        page = open_page(prefix + path, width, theme)
        for table in page.query_selector_all("details"):
            table.evaluate("table => table.open = true")
        broken = Axe().run(page, options=RULES).response["violations"]
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        said = [line for line in page.said if "404" not in line]
        faults = [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in broken]
        if faults or wide > 0 or said:
            found[path] = (faults, wide, said)
    assert found == {}


@pytest.mark.parametrize("width", [320, 390])
def test_words_are_large_enough_and_stay_in_their_drawing(open_page, width):
    """Every word is shown at 16 px or more, and no label of a drawing is cut off at its sides."""
    for path in PAGES[:6]:
        page = open_page(path, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        small = page.evaluate(
            """() => [...document.querySelectorAll("body *")].filter(element =>
                [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())
                && element.getClientRects().length
                && !["TITLE", "DESC"].includes(element.tagName.toUpperCase())
                && parseFloat(getComputedStyle(element).fontSize) < 16
            ).map(element => element.outerHTML)"""
        )
        assert small == []
        outside = page.evaluate(
            """() => [...document.querySelectorAll(".drawing")].flatMap(drawing => {
                const frame = drawing.getBoundingClientRect();
                return [...drawing.querySelectorAll("text")].filter(text => {
                    const box = text.getBoundingClientRect();
                    return box.width && (box.left < frame.left - 1 || box.right > frame.right + 1);
                }).map(text => text.textContent);
            })"""
        )
        assert outside == [], path


def test_a_reader_steps_through_the_vintages_without_scripts(open_page):
    """From one day to the next by links, to any day by the form, and back to today."""
    page = open_page("/situation/420100?as_of=2020-02-18", 390, scripts=False)
    page.click("text=Later vintage")
    assert "19 Feb 2020" in page.inner_text("h1")
    assert "from then on they are counted otherwise" in page.inner_text("h1")
    page.fill("#as-of", "2020-01-30")
    page.click(".as-of button")
    assert "30 Jan 2020" in page.inner_text("h1")
    page.click("text=Back to today")
    assert str(date(2020, 3, 10).day) in page.inner_text("h1")


def test_pages_are_light(client, told):
    """Each page weighs under 150 KB before its style, and the small one under 30."""
    for path in PAGES:
        assert len(client.get(f"/zh-hans{path}").content) < 100_000, path
    assert len(client.get("/situation/420100/embed").content) < 30_000
