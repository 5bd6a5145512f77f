"""A server of our own on a free port, and browsers that have nothing in common but it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PHONE = {"width": 390, "height": 844}
expect.set_options(timeout=15_000)
ROOT = Path(__file__).resolve().parents[2]


def pytest_collection_modifyitems(items):
    """Mark what drives a browser; skip it with one clear line where there is none, except in CI."""
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip(reason="no Chromium: install it, or name it in CHROMIUM"))


@dataclass
class Server:
    """A running installation: its address, each demonstration account's session, and the pages it works on."""

    address: str
    sessions: dict[str, str]
    pages: dict[str, list[str]]


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """`sameboat serve` in a process of its own, sequencer and all, with one of everything waiting."""
    home = tmp_path_factory.mktemp("home")
    ours = ("SAMEBOAT_", "DJANGO_", "DATABASE")
    own = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment = own | {"SAMEBOAT_HOME": str(home), "PYTHONPATH": str(ROOT)}

    def run(*arguments):
        return [sys.executable, "-m", *arguments]

    made = subprocess.run(
        run("tests.browser.installation"), cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    process = subprocess.Popen(
        run("sameboat", "serve", "--port", "0"),
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = ""
    try:
        for line in process.stdout:
            said += line
            address = next((word for word in line.split() if word.startswith("http://")), "")
            if address:
                yield Server(address.rstrip("/"), **json.loads(made.stdout))
                break
        else:
            pytest.fail(f"the server ended before it was ready:\n{said}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


@pytest.fixture(scope="package")
def chromium():
    """One browser program for this folder's tests; each person gets a profile of their own in it.

    It ends with the folder: other modules start their own, and one thread drives only one at a time.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """A person with a browser of their own."""

    page: object
    address: str
    said: list[str] = field(default_factory=list)

    def go(self, path):
        """Open a page of the server."""
        return self.page.goto(self.address + path)

    def faults(self):
        """Return which accessibility rules the page breaks, how much wider than the screen it is, what it said."""
        for details in self.page.query_selector_all("details"):
            details.evaluate("each => each.open = true")
        broken = Axe().run(self.page, options=RULES).response["violations"]
        too_wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return {
            "rules": [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in broken],
            "too wide by": max(too_wide, 0),
            "console": self.said,
        }


@pytest.fixture
def visitor(chromium, server):
    """A function that returns a person on a phone: signed in as a demonstration account, or as nobody."""
    contexts = []

    def visitor(account="", *, scripts=True, viewport=PHONE):
        context = chromium.new_context(viewport=viewport, java_script_enabled=scripts, accept_downloads=True)
        contexts.append(context)
        if account:
            context.add_cookies([{"name": "sessionid", "value": server.sessions[account], "url": server.address}])
        person = Visitor(context.new_page(), server.address)
        person.page.set_default_timeout(15_000)
        person.page.on("console", lambda message: person.said.append(message.text))
        person.page.on("pageerror", lambda error: person.said.append(str(error)))
        return person

    yield visitor
    for context in contexts:
        context.close()
