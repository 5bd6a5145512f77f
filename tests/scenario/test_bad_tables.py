"""A scenario whose tables cannot be read says which table and line, and a small good one loads."""

import gzip
import json
from pathlib import Path

import pytest

from sameboat.figures import queries
from sameboat.figures.models import Figure, Vintage
from sameboat.project.replay import replay
from sameboat.project.scenario_tables import ScenarioError

pytestmark = pytest.mark.django_db
FOLDER = Path(__file__).resolve().parents[2] / "scenarios" / "wuhan-2020"

OUTBREAK = "vintage,place,date,confirmed,suspected,cured,dead\n"
ROWS = "2020-02-12,420000,2020-02-12,10,3,1,0\n2020-02-13,420000,2020-02-12,11,,1,0\n2020-02-13,CN,2020-02-12,,,,\n"
VINTAGES = "vintage,stated,withdrawn,rejected\n2020-02-12,1,0,0\n2020-02-13,1,1,0\n"
SAID = "place,signal,date,until,explained,text_en,text_zh,source,source_zh,source_url\n"


def packed(data):
    """Return data as gzip, the same bytes in every process: a test is named after them."""
    return gzip.compress(data, mtime=0)


@pytest.fixture
def small(tmp_path):
    """A scenario of two places, one charity and two vintages; every table that it has is valid."""
    about = json.loads((FOLDER / "scenario.json").read_text(encoding="utf-8"))
    about["emergency"]["place"] = "420000"
    (tmp_path / "scenario.json").write_text(json.dumps(about), encoding="utf-8")
    for path in FOLDER.glob("*.csv"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8").partition("\n")[0] + "\n", encoding="utf-8")
    add(tmp_path, "places.csv", "CN,,country,中国,China\n420000,CN,province,湖北省,Hubei\n")
    header = (FOLDER / "organisations.csv").read_text(encoding="utf-8").partition("\n")[0].split(",")
    charity = {"key": about["holder"], "name": "红十字会", "kind": "charity"}
    add(tmp_path, "organisations.csv", ",".join(charity.get(column, "") for column in header) + "\n")
    add(tmp_path, "population.csv", "420000,2020-11-01,57752557,census\n")
    (tmp_path / "outbreak_vintages.csv").write_text(VINTAGES, encoding="utf-8")
    (tmp_path / "outbreak.csv.gz").write_bytes(packed((OUTBREAK + ROWS).encode()))
    return tmp_path


def add(folder, name, text):
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write(text)


def test_a_small_scenario_loads(small):
    """Two vintages: a figure is revised, and the number of suspected that is gone was withdrawn."""
    report = replay(small)
    first, second = Vintage.objects.filter(feed__code="china-2020").order_by("number")
    assert (report.rows["outbreak_vintages"], report.days) == (3, 3)
    assert (first.new, second.new, second.revised, second.withdrawn) == (4, 0, 1, 1)
    assert queries.change_file_of(second).decode().splitlines()[1:] == [
        "420000,cases.confirmed,,2020-02-12,11,",
        "420000,cases.suspected,,2020-02-12,,withdrawn",
    ]
    assert Figure.objects.filter(series__signal__code="population").get().value == 57_752_557


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("outbreak.csv.gz", None, r"outbreak\.csv"),
        ("outbreak.csv.gz", b"no gzip", r"outbreak\.csv\.gz"),
        ("outbreak.csv.gz", packed(OUTBREAK.encode() * 99)[:-20], r"outbreak\.csv\.gz"),
        ("outbreak.csv.gz", packed(b"\xff\xfe"), r"outbreak\.csv\.gz"),
        ("outbreak.csv.gz", packed(b"day,place\n1,2\n"), "outbreak_vintages.csv line 1: 'vintage'"),
        (
            "outbreak.csv.gz",
            packed((OUTBREAK + "2020-02-12,420000,2020-02-12,ten,,1,0\n").encode()),
            "outbreak_vintages.csv line 1: .*'ten'",
        ),
        ("outbreak_vintages.csv", b"vintage\n2020-02/12\n", "2020-02/12"),
        ("explanations.csv", (SAID + "429999,,2020-02-12,2020-02-12,2020-02-12,x,x,x,\n").encode(), "'429999'"),
        ("explanations.csv", (SAID + "CN,cases,2020-02-12,2020-02-12,2020-02-12,x,x,x,\n").encode(), "'cases'"),
        ("population.csv", b"place,date,people\n420000,2020-11-01,many\n", r"population\.csv line 1: .*'many'"),
        ("coordinates.csv", None, r"coordinates\.csv"),
    ],
)
def test_a_bad_table_is_named(small, name, content, told):
    """The message says which table, and where it can which line or value."""
    if content is None:
        (small / name).unlink()
    else:
        (small / name).write_bytes(content)
    with pytest.raises(ScenarioError, match=told):
        replay(small)
