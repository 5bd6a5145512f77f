"""Every page on which somebody does something can be used by everyone, on a phone, in both languages."""

import pytest

SLIPS = {
    "/work/needs/new": {"quantity": "-5"},
    "/work/goods/new": {"quantity": "many", "donor": "Demonstration"},
}


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
@pytest.mark.parametrize("account", ["", "hospital", "charity", "donor"])
def test_everyone_can_use_every_page_on_a_phone(visitor, server, account, prefix):
    """No rule of WCAG 2.2 AA that axe can check is broken, nobody scrolls sideways, the console is silent."""
    person = visitor(account)
    found = {}
    for path in server.pages[account]:
        person.said.clear()
        answer = person.go(prefix + path)
        assert answer.status in (200, 403), path
        person.said[:] = [line for line in person.said if "status of 403" not in line]
        faults = person.faults()
        if faults != {"rules": [], "too wide by": 0, "console": []}:
            found[path] = faults
    assert found == {}


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
@pytest.mark.parametrize("path", SLIPS)
def test_a_form_with_problems_can_be_mended_by_everyone(visitor, path, prefix):
    """The summary of problems leads to each field, and breaks no rule either."""
    person = visitor("hospital" if "needs" in path else "charity")
    person.go(prefix + path)
    for name, value in SLIPS[path].items():
        person.page.fill(f"[name={name}]", value)
    person.page.locator("main form button").click()
    person.page.wait_for_selector(".problems")
    person.said.clear()
    assert person.faults() == {"rules": [], "too wide by": 0, "console": []}
    for link in person.page.locator(".problems a").all():
        assert person.page.locator(link.get_attribute("href")).count() == 1


def test_the_narrowest_phone_needs_no_sideways_scrolling(visitor, server):
    """Down to 320 pixels."""
    for account in ("hospital", "charity"):
        person = visitor(account, viewport={"width": 320, "height": 640})
        for path in server.pages[account]:
            person.go(path)
            wide = person.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, f"{path} is {wide} pixels wider than the screen"
