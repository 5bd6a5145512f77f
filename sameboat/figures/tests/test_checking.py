"""The check of the public claim: honest files pass, and every way of changing them afterwards is found."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sameboat.figures.check import chain as checking
from sameboat.figures.check import sources as checked_sources
from sameboat.figures.export.folder import export
from sameboat.figures.export.paths import INDEX, chain_path, change_path, table_path
from sameboat.figures.models import Figure, Vintage
from sameboat.figures.tests.conftest import day
from sameboat.project.tests.conftest import call
from sameboat.transparency import keys, sources
from sameboat.transparency.actions import publish
from sameboat.transparency.errors import AuditError, BadInput
from sameboat.transparency.export import export as export_log

LIE = "vint_01e1qg0w800000000000000000"
WHOLE = table_path("test", "cases.confirmed", "", "csv")


@pytest.fixture
def told(world):
    """A feed with three vintages: new figures, a revision and a missing one, a withdrawal; all on the log."""
    world.say(day(12), [("XX-E", day(11), 10), ("XX-E", day(12), 12), ("XX-W", day(12), 3), ("XX", day(12), 20)])
    world.say(day(13), [("XX-E", day(12), 25), ("XX-W", day(13), None), ("XX-E", day(13), 30)])
    world.say(day(14), [("XX-W", day(12), None, "withdrawn"), ("XX-E", day(13), 31)])
    publish()
    return world


@pytest.fixture
def mirror(told, tmp_path):
    """A folder with the figures and the log."""
    export(tmp_path)
    export_log(tmp_path)
    return tmp_path


def check(mirror, feed="test", sample=0):
    """Return what the check of the folder finds."""
    fetch = sources.folder(mirror)
    return checking.check(feed, fetch, keys.log_signer().verifier, checked_sources.of(str(mirror)), sample=sample)


def test_an_honest_folder_is_reproduced_whole(mirror):
    """Every file, every figure, and the same digest whoever computes it."""
    found = check(mirror)
    assert found.faults == []
    assert (found.vintages, found.changes, found.standing, found.withdrawn, found.missing) == (3, 9, 5, 1, 1)
    assert (found.compared, found.compared_at) == (3, 3)
    own = checking.check("test", sources.own_store(), keys.log_signer().verifier, checked_sources.OwnStore())
    assert (own.faults, own.state_sha256) == ([], found.state_sha256)
    assert check(mirror, found.feed).code == "test"


def number(n):
    """Return the path of a vintage's file."""
    return change_path(Vintage.objects.get(number=n).public_id)


def replaced(path, old, new):
    """Return a change of one file of the folder."""

    def change(mirror):
        file = mirror / (path() if callable(path) else path)
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), "utf-8")

    return change


def swapped(mirror):
    """Exchange the files of two vintages."""
    one, two = (mirror / number(n) for n in (1, 2))
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (replaced(lambda: number(1), "2020-02-11,10,", "2020-02-11,9,"), "the file was changed"),
        (replaced(lambda: number(3), "withdrawn\n", "withheld\n"), "the file was changed"),
        (replaced(lambda: number(2), ",25,\n", ",25,\r\n"), "the file was changed"),
        (swapped, "the file was changed"),
        (lambda mirror: (mirror / number(2)).unlink(), "its file is missing"),
        (replaced(WHOLE, "2020-02-12,25,", "2020-02-12,12,"), "2020-02-12: shown as 12 (vintage 2), the files say 25"),
        (
            replaced(WHOLE, ",,people,not-reported,", ",0,people,,"),
            "shown as 0 (vintage 2), the files say not-reported",
        ),
        (replaced(WHOLE, "test,XX-E,", "test,XX-F,"), "shown as 10 (vintage 1), the files say nothing"),
        (replaced(WHOLE, ",people,,1,", ",people,,3,"), "(vintage 3)"),
        (replaced(INDEX, '"vintage": "vint_', '"vintage": "vint_0'), "which is not on the log"),
    ],
)
def test_whatever_is_changed_afterwards_is_found(mirror, change, words):
    """A file, a row, a value, a reason, an order: the check names it."""
    change(mirror)
    found = check(mirror)
    assert found.wrong
    assert any(words in fault for fault in found.faults), found.faults


def test_a_row_left_out_of_a_table_is_found(mirror):
    """What the files say and the table does not show."""
    file = mirror / WHOLE
    lines = [line for line in file.read_bytes().splitlines(keepends=True) if b"XX-W" not in line]
    file.write_bytes(b"".join(lines))
    assert any("XX-W cases.confirmed 2020-02-13: shown as nothing" in fault for fault in check(mirror).faults)


def test_a_row_changed_in_the_database_is_found(told):
    """Who changes history in the store cannot change what the log says."""
    Figure.objects.filter(value=25).update(value=24)
    found = checking.check("test", sources.own_store(), keys.log_signer().verifier, checked_sources.OwnStore())
    assert any("vintage 2" in fault and "the file was changed" in fault for fault in found.faults)


def test_a_log_that_was_changed_is_not_believed(mirror):
    """Then nothing is said of the figures at all."""
    bundle = next((mirror / "tile" / "entries").rglob("*"))
    for path in (mirror / "tile" / "entries").rglob("*"):
        if path.is_file():
            bundle = path
    bundle.write_bytes(bundle.read_bytes().replace(b'"withdrawn":1', b'"withdrawn":0'))
    with pytest.raises(AuditError):
        check(mirror)


def test_a_chain_with_a_vintage_left_out_is_found(told, monkeypatch):
    """An entry that does not follow the one before it is named."""
    claims = checking._Claims.take

    def without_the_second(self, index, content):
        if content["data"].get("number") != 2:
            claims(self, index, content)

    monkeypatch.setattr(checking._Claims, "take", without_the_second)
    found = checking.check("test", sources.own_store(), keys.log_signer().verifier, checked_sources.OwnStore())
    assert any("vintage 3 follows vintage 1" in fault for fault in found.faults)


def test_counts_on_the_log_must_be_those_of_the_file(told):
    """An entry that says another number of revisions than its file has is found."""
    from sameboat.figures.events import VintagePublished
    from sameboat.transparency.actions import append

    last = Vintage.objects.get(number=3)
    data = b"place,signal,definition,date,value,missing\nXX-E,cases.confirmed,,2020-02-13,32,\n"

    class Files(checked_sources.OwnStore):
        def change_file(self, vintage):
            return data if vintage == LIE else super().change_file(vintage)

    from sameboat.figures.engine import change_file

    claim = VintagePublished(
        vintage=LIE,
        feed=told.feed.public_id,
        number=4,
        sha256=change_file.sha256(data),
        previous=last.sha256,
        new=1,
        revised=0,
        withdrawn=0,
    )
    append(claim, actor="operator", event_time=day(15), recorded_at=last.recorded_at)
    publish()
    found = checking.check("test", sources.own_store(), keys.log_signer().verifier, Files())
    assert any("the log says 1 new, its file has 0" in fault for fault in found.faults)
    assert any("the log says 0 revised, its file has 1" in fault for fault in found.faults)


@pytest.fixture
def server(told, client, monkeypatch):
    """This installation as others reach it over HTTP."""

    def fetch(path):
        answer = client.get(f"/{path}")
        if answer.status_code == 404:
            raise sources.MissingError(path)
        assert answer.status_code == 200, answer.content
        return answer.getvalue()

    monkeypatch.setattr(sources, "server", lambda address, largest=0: fetch)
    return fetch


def test_a_server_is_checked_over_its_open_api(told, server):
    """Files, order and a sample of what it shows; a figure that it shows otherwise is found."""
    key = keys.log_signer().verifier
    found = checking.check("test", server, key, checked_sources.of("https://relief.example"), sample=50)
    assert (found.faults, found.compared, found.compared_at) == ([], 3, 3)
    told.say(day(15), [("XX-E", day(14), 40)])  # accepted, and not on the published log yet
    found = checking.check("test", server, key, checked_sources.of("https://relief.example"))
    assert (found.faults, found.vintages, found.compared_at) == ([], 3, 3)
    Figure.objects.filter(value=25).update(value=24)
    found = checking.check("test", server, key, checked_sources.of("https://relief.example"))
    assert any("XX-E cases.confirmed 2020-02-12: shown as 24" in fault for fault in found.faults)


def test_a_sample_is_chosen_by_the_vintage_and_compared(mirror):
    """As many series as asked for, the same ones for the same vintage."""
    assert check(mirror, sample=2).compared == 2


def test_an_unknown_source_is_told_with_those_there_are(mirror):
    """Rather than a check of nothing that passes."""
    with pytest.raises(BadInput, match="there are: test"):
        check(mirror, "nobody")


def test_an_export_writes_only_what_changed(told, tmp_path):
    """A second export writes nothing; after a vintage its file, the tables, the list and the index."""
    first = export(tmp_path)
    assert (first.feeds, first.vintages, first.tables) == (1, 3, 6)
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert export(tmp_path).new_files == 0
    assert stamps == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    told.say(day(15), [("XX-E", day(14), 40)])
    assert export(tmp_path).new_files == 1 + 6 + 2
    assert not list(tmp_path.rglob(".*"))


def test_the_index_names_every_file_with_its_hash(mirror):
    """And each table is what the API serves for the same vintage."""
    import hashlib

    index = json.loads((mirror / INDEX).read_text("utf-8"))
    (feed,) = index["feeds"]
    for file in feed["files"]:
        data = (mirror / file["path"]).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (file["sha256"], file["bytes"])
    chain = json.loads((mirror / chain_path("test")).read_text("utf-8"))
    assert [each["number"] for each in chain] == [1, 2, 3]


def test_an_export_that_is_interrupted_leaves_the_index_of_before(told, tmp_path, monkeypatch):
    """The index speaks of files that are there; no draft is left."""
    from sameboat.figures.export import folder as exporting

    export(tmp_path)
    before = (tmp_path / INDEX).read_bytes()
    told.say(day(15), [("XX-E", day(14), 40)])
    monkeypatch.setattr(exporting, "FORMATS", {"csv": exporting.FORMATS["csv"], "json": None})
    with pytest.raises((AttributeError, KeyError)):
        export(tmp_path)
    assert (tmp_path / INDEX).read_bytes() == before
    assert not list(tmp_path.rglob(".*"))


def test_the_command_checks_a_folder_without_settings_or_database(mirror, tmp_path_factory):
    """Offline, in a home that has nothing; exit code 1 and the file's name where one was changed."""
    home = tmp_path_factory.mktemp("home")
    command = [sys.executable, "-m", "sameboat", "figures", "verify", "test", "--log", str(mirror)]
    command += ["--vkey", keys.log_vkey(), "--json"]
    import os

    root = Path(__file__).resolve().parents[3]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(root), "SAMEBOAT_HOME": str(home)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=home, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ok"] is True
    assert not list(home.iterdir())
    replaced(lambda: number(1), "2020-02-11,10,", "2020-02-11,9,")(mirror)
    done = subprocess.run(command, capture_output=True, text=True, cwd=home, env=environment, check=False)
    assert done.returncode == 1
    assert "the file was changed" in json.loads(done.stdout)["faults"][0]


def test_the_command_checks_its_own_store(told):
    """In words that end with the verdict."""
    ended = call("figures", "verify", "test")
    assert (ended.code, ended.output.strip().splitlines()[-1]) == (0, "Every figure can be reproduced.")
    Figure.objects.filter(value=25).update(value=24)
    ended = call("figures", "verify", "test")
    assert ended.code == 1
    assert "the file was changed" in ended.output


def test_the_self_check_names_a_vintage_that_was_changed(told):
    """A value, or a row that nobody published."""
    from sameboat.figures import overview

    assert overview.broken_vintages() == []
    Figure.objects.filter(value=25).update(value=24)
    assert [each.number for each in overview.broken_vintages()] == [2]
    first = Figure.objects.filter(vintage__number=1).first()
    Figure.objects.create(series=first.series, date=day(1), vintage=first.vintage, value=1)
    assert [each.number for each in overview.broken_vintages()] == [1, 2]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("figures verify test --log /nonexistent", "--vkey"),
        ("figures verify test --log /nonexistent --vkey x", "not a verifier key"),
        ("figures show XX-E cases.confirmed --as-of yesterday", "2020-02-12"),
        ("figures show XX-E cases.confirmed --as-of 2020-02-11", "had said nothing"),
        ("figures show XX-unassigned cases.confirmed", "No source has said anything"),
        ("figures show NOWHERE cases.confirmed", "no place"),
        ("figures vintages nobody", "There are: test"),
        ("figures changes vint_x", "no vintage"),
        ("figures break test XX-E cases.confirmed soon --kind backlog", "YYYY-MM-DD"),
    ],
)
def test_a_mistake_at_the_command_line_is_told(told, line, words):
    """Exit code 2, and what to write instead."""
    ended = call(*line.split())
    assert (ended.code, words in ended.errors) == (2, True), ended.errors


def test_the_command_line_goes_the_whole_way(cast, tmp_path):
    """Register, define, publish, see, change, explain, export: what was published is shown, the bad line is told."""
    from sameboat.registry.models import Place

    Place.objects.create(code="420100", level="city", name_en="Wuhan")
    assert call("figures", "register-feed", "cn", "--name-en", "China").code == 0
    define = ["figures", "define", "rate", "--form", "index", "--unit-en", "‰", "--unit-zh", "‰", "--name-en", "Rate"]
    assert call(*define, "--decimals", "1").code == 0
    file = tmp_path / "figures.csv"
    file.write_text(
        "place,signal,date,value,missing\n#loc,#x,#date,#y,#z\n420100,rate,2020-02-11,2.5,\n420100,rate,bad,1,\n"
    )
    ended = call("figures", "publish", "cn", file, "--published", "2020-02-12", "--json")
    assert (ended.json["new"], ended.json["rejected"]) == (1, 1)
    assert ended.json["problems"][0].startswith("line 4:")
    file.write_text("place,signal,date,value\n420100,rate,2020-02-11,3\n420100,rate,2020-02-12,\n")
    assert call("figures", "publish", "cn", file, "--published", "2020-02-13T09:00+08:00").code == 0
    rows = call("figures", "show", "420100", "rate", "--json").json
    assert [(row["date"], row["value"], row["missing"], row["revised"]) for row in rows] == [
        ("2020-02-11", "3.0", "", True),
        ("2020-02-12", None, "not-reported", False),
    ]
    early = call("figures", "show", "420100", "rate", "--as-of", "2020-02-12", "--json").json
    assert [row["value"] for row in early] == ["2.5"]
    (newest, _) = call("figures", "vintages", "cn", "--json").json
    (change,) = call("figures", "changes", newest["vintage"], "--only-revised", "--json").json
    assert (change["before"], change["now"]) == ("2.5", "3.0")
    assert call("figures", "explain", "cn", "420100", "2020-02-11", "--text-en", "Recounted").code == 0
    assert (
        call("figures", "break", "cn", "420100", "rate", "2020-02-11", "--kind", "correction", "--text-en", "x").code
        == 0
    )
    (feed,) = call("figures", "feeds", "--json").json
    assert (feed["feed"], feed["vintages"]) == ("cn", 2)
    assert call("figures", "export", tmp_path / "out", "--json").json["vintages"] == 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is missing"),
        (b"place,date,value\n", "signal is missing"),
        (b"place,signal,date,value,colour\n", "colour"),
        (b"place,signal,date,value,value\n", "twice"),
        (b"\xff\xfe", "not CSV in UTF-8"),
        (b'place,signal,date,value\n"x', "not CSV"),
    ],
)
def test_a_file_that_is_no_table_is_refused(data, words):
    """With what to change."""
    from sameboat.figures.engine import own_table

    with pytest.raises(own_table.TableError, match=words):
        own_table.read(data, {})
