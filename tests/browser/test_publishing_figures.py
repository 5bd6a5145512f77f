"""Figures are published from a phone without scripts: looked over, then published."""

import os

import pytest

FIRST = b"place,signal,date,value\nXX,cases.confirmed,2020-02-11,10\n"
SECOND = b"place,signal,date,value\nXX,cases.confirmed,2020-02-11,1400\nNOWHERE,cases.confirmed,soon,1\n"
WIDE = {"width": 1280, "height": 900}


@pytest.mark.parametrize(("prefix", "year"), [("", 2020), ("/zh-hans", 2021)])
def test_a_file_is_looked_over_and_published(visitor, prefix, year):
    """Without scripts the two steps are two forms; with them no rule is broken at any of their pages."""
    person = visitor("charity", scripts=False)
    for number, data in enumerate((FIRST, SECOND), start=1):
        data = data.replace(b"2020", str(year).encode())
        _look(person, prefix, data, f"{year}-02-{11 + number}")
        person.page.locator("main form button").click()
        person.page.wait_for_url("**/figures/vintages/*")
    for viewport in (None, WIDE):
        other = visitor("charity", **({"viewport": viewport} if viewport else {}))
        _look(other, prefix, FIRST.replace(b"2020", str(year).encode()) + b"NOWHERE,x,soon,1\n", f"{year}-02-14")
        other.page.wait_for_selector("main table")
        if folder := os.environ.get("SAMEBOAT_PICTURES"):
            other.page.screenshot(path=f"{folder}/preview-{year}-{viewport is None}.png", full_page=True)
        assert other.faults() == {"rules": [], "too wide by": 0, "console": []}


def _look(person, prefix, data, published):
    person.go(f"{prefix}/work/figures/test")
    person.page.set_input_files("[name=file]", {"name": "f.csv", "mimeType": "text/csv", "buffer": data})
    person.page.fill("[name=published]", published)
    person.page.locator("main form button").click()
    person.page.wait_for_selector("[name=upload]", state="attached")
