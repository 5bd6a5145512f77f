"""The page that checks a proof, opened from a disk in a real browser."""

import os
import re
import shutil
from base64 import b64encode
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import expect, sync_playwright

from sameboat.transparency import offline_page
from sameboat.transparency.engine import canonical_json, checkpoint, merkle, proof_file, signed_note, tiles
from sameboat.transparency.engine.proof_file import ProvenEntry
from sameboat.transparency.offline_page import offline_verifier_html

from .proofs import LOG, MALFORMED, QUANTUM_SAFE, SMALL, STRANGER, TEXT, WITNESS, cosigned, proven

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium: install it, or name it in CHROMIUM"
    ),
]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
GOOD = proof_file.build(
    LOG.verifier.vkey,
    cosigned(WITNESS, QUANTUM_SAFE),
    [proven(3), proven(8, "receiver"), proven(299)],
    [WITNESS.verifier.vkey, QUANTUM_SAFE.verifier.vkey],
)


def test_one_file_under_100_kilobytes():
    """The page weighs under 100 KB and asks for no other file."""
    page = offline_verifier_html([LOG.verifier.vkey])
    assert len(page.encode()) < 100_000
    assert not re.search(r"\b(src|href)=\"(?!data:)|url\(|@import|fetch\(|XMLHttpRequest", page)


def test_every_script_and_style_is_inside():
    """Whatever the page loads when it is served is in the saved file."""
    page = offline_verifier_html()
    for path in offline_page._FOLDER.iterdir():
        if path.suffix in (".js", ".css"):
            assert path.read_text() in page


def test_a_key_cannot_become_markup():
    """A key is text in the page, whatever it holds."""
    assert '"><script>' not in offline_verifier_html(['a"><script>alert(1)</script>'])


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser, tmp_path):
    contexts = []

    def open_page(*keys, language="en-GB", width=390, theme="light", before=None):
        path = Path(tmp_path) / "verify.html"
        path.write_text(offline_verifier_html(keys))
        context = browser.new_context(
            viewport={"width": width, "height": 844}, locale=language, color_scheme=theme, timezone_id="Asia/Shanghai"
        )
        contexts.append(context)
        page = context.new_page()
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        if before:
            page.add_init_script(before)
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


def give(page, data):
    page.set_input_files("#file", {"name": "proof.json", "mimeType": "application/json", "buffer": bytes(data)})
    page.wait_for_selector(".verdict")


def verdict(page):
    return re.search(r"verified|hollow|failed", page.get_attribute(".verdict", "class"))[0]


class TestInABrowser:
    pytestmark = IN_A_BROWSER

    def test_a_good_file_gets_its_seal(self, open_page):
        """Under the log's key every step holds, and the three entries can be read."""
        page = open_page(LOG.verifier.vkey)
        give(page, GOOD)
        assert verdict(page) == "verified"
        expect(page.locator(".verdict h2")).to_have_text(
            "It checks out: these 3 entries are in the public log, and not a character has been changed."
        )
        assert page.locator(".steps > li").count() == 6
        assert page.locator(".entries h3").all_inner_texts() == ["Goods were received"] * 3
        assert page.locator(".seal-failed").count() == 0
        assert page.said == []
        assert len(page.asked) == 1

    def test_witnesses_are_told_apart(self, open_page):
        """A cosignature that a browser can check is told with its time; one that it cannot check is called so."""
        page = open_page(LOG.verifier.vkey)
        give(page, GOOD)
        witnesses = page.locator(".steps ul li")
        expect(witnesses.nth(0)).to_contain_text("safe.example cosigned on 26 January 2020 at 08:53 by ML-DSA-44")
        expect(witnesses.nth(1)).to_have_text("witness.example cosigned on 26 January 2020 at 08:53.")

    def test_the_same_page_served_under_the_sites_policy(self, open_page, settings):
        """Served as it is by the site, whose policy allows no inline script or style, it works the same."""
        page = open_page()
        directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
        policy = "; ".join(" ".join([name, *map(str, values)]) for name, values in directives.items())

        def serve(route):
            path = offline_page._FOLDER / route.request.url.rpartition("/")[2]
            route.fulfill(path=path, headers={"content-security-policy": policy, "content-type": TYPES[path.suffix]})

        page.route("https://sameboat.test/**", serve)
        page.goto("https://sameboat.test/static/transparency/verify.html")
        give(page, GOOD)
        assert verdict(page) == "hollow"
        assert page.said == []

    def test_a_file_with_one_bit_changed(self, open_page):
        """A changed quantity is found, said to be in its entry, and no entry is shown."""
        changed = bytearray(GOOD)
        changed[GOOD.index(b'299\\"')] ^= 1
        page = open_page(LOG.verifier.vkey)
        give(page, changed)
        assert verdict(page) == "failed"
        expect(page.locator(".steps .problem")).to_contain_text("entry 299")
        assert page.locator(".entries").count() == 0
        assert page.locator(".verdict .seal-verified").count() == 0

    def test_a_file_under_another_key(self, open_page):
        """A file that somebody else signed under the log's name is refused by who has the log's key."""
        page = open_page(LOG.verifier.vkey)
        give(page, proof_file.build(STRANGER.verifier.vkey, signed_note.sign(TEXT, [STRANGER]), [proven(3)]))
        assert verdict(page) == "failed"
        expect(page.locator(".steps .problem")).to_contain_text(STRANGER.verifier.vkey)

    def test_the_key_in_the_file_is_not_enough(self, open_page):
        """Without a key of the reader's the seal stays hollow; the right one sets it, a wrong one refuses the file."""
        page = open_page()
        give(page, GOOD)
        assert verdict(page) == "hollow"
        assert page.locator(".entries .seal-verified").count() == 0
        keys = {LOG.verifier.vkey: "verified", STRANGER.verifier.vkey: "failed", "nothing": "hollow"}
        for key, expected in keys.items():
            page.fill("#key", key)
            page.click("#again")
            page.wait_for_selector(f".verdict.{expected}")

    def test_a_browser_without_ed25519(self, open_page):
        """Where signatures cannot be checked, the page says that, and not that the file is good or bad."""
        lacking = """const original = crypto.subtle.importKey.bind(crypto.subtle);
            crypto.subtle.importKey = (format, key, algorithm, ...rest) => algorithm.name === "Ed25519"
                ? Promise.reject(new DOMException("", "NotSupportedError"))
                : original(format, key, algorithm, ...rest);"""
        page = open_page(LOG.verifier.vkey, before=lacking)
        give(page, GOOD)
        expect(page.locator(".steps .problem")).to_contain_text("nothing is proved or disproved")
        assert verdict(page) == "hollow"

    def test_a_browser_without_cryptography(self, open_page):
        """Where a browser has no cryptography at all, it is told which one has."""
        page = open_page(before="Object.defineProperty(globalThis, 'crypto', { value: {} });")
        expect(page.locator("#unsupported")).to_be_visible()
        expect(page.locator("#form")).to_be_hidden()

    def test_in_chinese(self, open_page):
        """A Chinese reader is met in Chinese, and can switch."""
        page = open_page(LOG.verifier.vkey, language="zh-CN")
        give(page, GOOD)
        expect(page.locator(".verdict h2")).to_have_text("查验通过：这 3 条记录确实在公开日志里，一字未改。")
        page.click("button[lang=en]")
        expect(page.locator(".verdict h2")).to_contain_text("It checks out")
        assert page.evaluate("document.documentElement.lang") == "en"

    def test_a_file_dropped_on_the_page(self, open_page):
        """A file can be dropped as well as chosen."""
        page = open_page(LOG.verifier.vkey)
        page.evaluate(
            """data => {
                const transfer = new DataTransfer();
                transfer.items.add(new File([new Uint8Array(data)], "proof.json"));
                document.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, cancelable: true }));
            }""",
            list(GOOD),
        )
        page.wait_for_selector(".verdict.verified")

    def test_nothing_in_a_file_becomes_markup(self, open_page):
        """Markup in an entry is shown as text."""
        evil = "<img src=x onerror=alert(1)>"
        page = open_page(LOG.verifier.vkey)
        give(page, one_entry({"type": evil, "data": {evil: [evil, {evil: None}]}, evil: evil}))
        assert page.locator("main img").count() == 0
        expect(page.locator(".entries h3")).to_have_text(evil)
        assert page.said == []

    @pytest.mark.parametrize(("damage", "kind"), [(0, "verified"), (1, "failed")])
    def test_a_receivers_own_signature(self, open_page, damage, kind):
        """A device key's signature in an entry gets its own seal, if it verifies."""
        key, text = Ed25519PrivateKey.from_private_bytes(bytes(32)), 'sameboat-statement/v1\n{"handover":"h"}'
        value = bytearray(key.sign(text.encode()))
        value[0] ^= damage
        signed = {
            "method": "device-key",
            "public_key": b64encode(key.public_key().public_bytes_raw()).decode(),
            "text": text,
            "value": b64encode(value).decode(),
        }
        page = open_page(LOG.verifier.vkey)
        give(page, one_entry({"type": "goods.received_by", "data": {"signed": signed}}))
        assert page.locator(f".signature .seal-{kind}").count() == 1

    def test_what_is_not_known_is_said(self, open_page):
        """Goods without a quantity are of an unknown quantity; money is written in its currency's own units."""
        page = open_page(LOG.verifier.vkey)
        goods, money = {"item": "mask", "unit": "piece"}, {"currency": "CNY", "units": 1234567}
        give(page, one_entry({"type": "goods.received", "data": {"goods": goods, "money": money}}))
        expect(page.locator(".unknown")).to_have_text("unknown")
        expect(page.locator(".entries")).to_contain_text("12,345.67")

    def test_no_bit_can_be_changed(self, open_page):
        """The page refuses a file with any one bit changed, as the engine does."""
        page = open_page()
        assert page.evaluate(CHECK_EACH, [SMALL.decode()]) == [True]
        flipped = """async (text) => {
            const original = new TextEncoder().encode(text);
            const accepted = [];
            for (let bit = 0; bit < 8 * original.length; bit++) {
                const changed = original.slice();
                changed[bit >> 3] ^= 1 << (bit & 7);
                try { await proofChecker.check(changed, [], () => {}); accepted.push(bit); }
                catch (error) { if (!(error instanceof ProofError)) throw error; }
            }
            return accepted;
        }"""
        assert page.evaluate(flipped, SMALL.decode()) == []

    def test_malformed_files_are_refused(self, open_page):
        """What the engine calls malformed, the page refuses too, with an error of its own kind."""
        page = open_page()
        assert not any(page.evaluate(CHECK_EACH, [data.decode() for data in MALFORMED]))

    def test_every_failure_has_its_words(self, open_page):
        """Both languages have the same words, one for each check that can fail."""
        page = open_page()
        trees = page.evaluate(
            """() => {
                const tree = (value) => typeof value === "object"
                    ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, tree(value[key])])) : "text";
                return Object.values(verifyWords).map((words) => tree({ ...words, names: {}, entry: {} }));
            }"""
        )
        assert trees[0] == trees[1]
        code = (offline_page._FOLDER / "check-proof.js").read_text() + (offline_page._FOLDER / "verify.js").read_text()
        thrown = {f"{step} {code}" for step, code in re.findall(r'new ProofError\("(\w+)", "([\w-]+)"', code)}
        assert thrown == set(trees[0]["failures"])

    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
    def test_everyone_can_use_it(self, open_page, theme, language):
        """No rule of WCAG 2.2 AA that axe can check is broken, in any state of the page."""
        # axe is added as a script, which the page's own policy forbids: so it is run on the page without that policy.
        page = open_page(language=language, theme=theme)
        page.set_content(re.sub(r"<meta http-equiv.*?>", "", offline_verifier_html()))
        for data in (None, GOOD, GOOD[:-1]):
            if data:
                give(page, data)
            for details in page.query_selector_all("details"):
                details.evaluate("details => details.open = true")
            found = Axe().run(page, options=RULES).response["violations"]
            assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == []

    @pytest.mark.parametrize("width", [320, 390, 1280])
    def test_it_fits_a_phone(self, open_page, width):
        """Nobody has to scroll sideways or to read words under 16 px."""
        page = open_page(width=width)
        give(page, GOOD)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        sizes = page.evaluate(
            """() => [...document.querySelectorAll("body *")].filter((element) =>
                [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())
            ).map((element) => parseFloat(getComputedStyle(element).fontSize))"""
        )
        assert min(sizes) >= 16


CHECK_EACH = """async (texts) => {
    const results = [];
    for (const text of texts) {
        try { await proofChecker.check(new TextEncoder().encode(text), [], () => {}); results.push(true); }
        catch (error) { if (!(error instanceof ProofError)) throw error; results.push(false); }
    }
    return results;
}"""


def one_entry(content):
    """Return the proof file of a log that holds nothing but `content`."""
    entry = canonical_json.encode(content)
    size, made = tiles.grow(0, [merkle.leaf_hash(entry)], None)
    root = tiles.root(size, tiles.overlay(made, None))
    note = signed_note.sign(checkpoint.encode(checkpoint.Checkpoint(LOG.name, size, root)), [LOG])
    return proof_file.build(LOG.verifier.vkey, note, [ProvenEntry(0, entry, ())])
