"""The style page holds every component in every state, so what holds for it holds for the pages made of them."""

import os
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

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


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser, live_server, style_page):
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


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/style", "/zh-hans/style", "/style?as_of=2020-02-03", "/about", "/zh-hans/sign-in"])
def test_everyone_can_use_it(open_page, path, theme, width):
    """No rule of WCAG 2.2 AA that axe can check is broken, and nothing is said on the console."""
    page = open_page(path, width, theme)
    for table in page.query_selector_all("details"):
        table.evaluate("table => table.open = true")
    found = Axe().run(page, options=RULES).response["violations"]
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == []
    assert page.said == []


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("path", ["/style", "/zh-hans/style", "/about", "/sign-in"])
def test_nothing_is_wider_than_the_screen(open_page, path, width):
    """Nobody has to scroll sideways, down to the narrowest phone."""
    page = open_page(path, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", ["/style", "/zh-hans/style"])
def test_no_words_are_smaller_than_sixteen_pixels(open_page, path, width):
    """Every word, those in charts included, is shown at 16 px or more."""
    small = open_page(path, width).evaluate(
        """() => [...document.querySelectorAll("body *")].filter(element =>
            [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())
            && element.getClientRects().length
            && !["TITLE", "DESC"].includes(element.tagName.toUpperCase())
            && parseFloat(getComputedStyle(element).fontSize) < 16
        ).map(element => element.outerHTML)"""
    )
    assert small == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", ["/style", "/zh-hans/style"])
def test_words_in_charts_stay_in_their_drawing(open_page, path, width):
    """No label of a chart is cut off or lies on another."""
    boxes = open_page(path, width).evaluate(
        """() => [...document.querySelectorAll(".drawing")].map(drawing => ({
            left: drawing.getBoundingClientRect().left, right: drawing.getBoundingClientRect().right,
            words: [...drawing.querySelectorAll("text")].map(text => {
                const box = text.getBoundingClientRect();
                return [box.left, box.top, box.right, box.bottom];
            })}))"""
    )
    for drawing in boxes:
        for index, (left, top, right, bottom) in enumerate(drawing["words"]):
            assert drawing["left"] - 1 <= left <= right <= drawing["right"] + 1
            for other_left, other_top, other_right, other_bottom in drawing["words"][:index]:
                apart = right <= other_left or other_right <= left or bottom <= other_top or other_bottom <= top
                assert apart


def test_it_works_without_scripts(open_page):
    """Tables open, days are chosen, and the switch that needs a script is not shown."""
    page = open_page("/style", 390, scripts=False)
    page.click("summary >> nth=0")
    assert page.is_visible("details table >> nth=0")
    page.fill("#as-of", "2020-02-03")
    page.click(".as-of button")
    assert "3 Feb 2020" in page.inner_text(".as-of-words")
    assert not page.is_visible("#theme")


def test_a_chosen_paper_is_kept(open_page):
    """The reader's theme outlives the page and beats the device's."""
    page = open_page("/style", theme="light")
    page.select_option("#theme", "dark")
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 25, 27)"
    assert page.input_value("#theme") == "dark"


def test_a_proof_can_be_copied(open_page):
    """The button copies exactly the text that is shown."""
    page = open_page("/style")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click(".copyable button")
    page.wait_for_function("document.querySelector('.copyable button').textContent === 'Copied'")
    assert page.evaluate("navigator.clipboard.readText()") == page.text_content(".copyable code")
