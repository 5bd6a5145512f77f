"""Erased means gone: the files of an installation are read byte by byte for what a person told."""

import base64
import json
import sqlite3
import subprocess
import sys
import tarfile
import time
from contextlib import closing

import httpx
import pytest

from tests.operator.conftest import PATIENCE, ROOT, wait_for

MARKS = ("erased-to-rewrite", "erased-rewriting", "erased-to-cut")

PEOPLE = """
import json, random, sys
from dataclasses import replace
from django.contrib.auth.models import AnonymousUser
from sameboat.donations.actions.pledges import new_code, pledge_goods
from sameboat.donations.actions.privacy import erase_private
from sameboat.registry.acting import act_of
from sameboat.supplies.models import Need
from sameboat.transparency.models import PrivatePart

dice = random.Random(2020)
need, erased, kept = Need.objects.get(), [], []
for number in range(300):
    name, contact = f"王小明 {dice.randbytes(8).hex()}", "139-" + dice.randbytes(dice.randint(4, 90)).hex()
    words = {"donor_name": name, "contact": contact}
    code = new_code()
    act = act_of(AnonymousUser(), key=f"once-{number}", address=f"198.51.100.{number % 250}")
    pledge = pledge_goods(act, need=need, quantity=1, code=code, **words)
    part = PrivatePart.objects.latest("pk")
    kept.append((pledge, code, [*words.values(), bytes(part.key).hex()]))
    if dice.random() < 0.5:
        pledge, code, told = kept.pop(dice.randrange(len(kept)))
        erase_private(act_of(AnonymousUser()), pledge=pledge, code=code)
        erased.append(told)
print(json.dumps({"erased": erased, "kept": [told for _, _, told in kept]}))
"""


def spellings(words):
    """Yield the forms in which a text or a key (hex) could stand in a file."""
    for text in words:
        yield text.encode()
        yield text.encode("utf-16-le")
        yield json.dumps(text)[1:-1].encode()
        yield base64.b64encode(text.encode())
    key = bytes.fromhex(words[-1])
    yield key
    yield base64.b64encode(key)


def found_in(folder, people):
    """Return which of the people left anything in any file below a folder; archives are unpacked first."""
    for archive in list(folder.rglob("*.tar.gz")):
        with tarfile.open(archive) as packed:
            packed.extractall(archive.with_suffix(".unpacked"), filter="data")
    static = folder / "home" / "static"  # the program's own
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".gz"]
    data = [path.read_bytes() for path in files if static not in path.parents]
    return [
        number
        for number, words in enumerate(people)
        if any(spelling in content for spelling in spellings(words) for content in data)
    ]


@pytest.fixture
def erased(installation):
    """Three hundred people who pledged, half of whom asked to be forgotten; nobody serves meanwhile."""
    installation.need()
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "shell", "-v0", "-c", PEOPLE],
        env=installation.environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def wait_until_finished(installation):
    end = time.monotonic() + PATIENCE
    while any((installation.home / mark).exists() for mark in MARKS):
        assert time.monotonic() < end
        time.sleep(0.1)


def test_nothing_of_a_person_is_left_after_erasure(installation, erased):
    """Database, write-ahead log, tiles, export, a backup made after and the program's own logs: none holds anything.

    Those who did not ask are found, each of them, so the search does find what is there.
    """
    folder = installation.home.parent
    checks = {check["name"]: check["state"] for check in installation.json("doctor")["checks"]}
    assert checks["erasures"] == "careful"
    server, address = installation.serve()
    wait_until_finished(installation)
    wait_for(address, lambda told: told["waiting"] == 0)
    installation.run("backup", folder / "after.tar.gz", "--with-keys")
    installation.run("log", "export", folder / "export")
    assert found_in(folder, erased["erased"]) == []
    installation.stop(server)
    assert found_in(folder, erased["erased"]) == []
    assert found_in(folder, erased["kept"]) == list(range(len(erased["kept"])))
    assert installation.json("log", "audit")["ok"]
    checks = {check["name"]: check["state"] for check in installation.json("doctor")["checks"]}
    assert checks["erasures"] == "fine"


def test_nothing_is_left_of_who_asks_while_the_server_runs(installation):
    """Told over HTTP, refused once, answered once, erased: the server's logs and files hold nothing of it."""
    need = installation.need()["need"]
    words = ["欧阳 of Hanyang 8d1c", "ouyang-8d1c@example.org"]
    server, address = installation.serve()
    told = {"quantity": 5, "donor_name": words[0], "contact": words[1]}
    api = f"{address}api"
    assert httpx.post(f"{api}/needs/{need}/pledges", json=told | {"quantity": words[1]}).status_code == 422
    assert httpx.post(f"{api}/needs/{need}/pledges", json=told | {words[0]: words[1]}).status_code == 422
    made = httpx.post(f"{api}/needs/{need}/pledges", json=told, headers={"Idempotency-Key": "once"}).json()
    wait_for(address, lambda state: state["waiting"] == 0)
    with closing(sqlite3.connect(installation.home / "sameboat.sqlite3")) as database:
        words.append(database.execute("SELECT hex(key) FROM transparency_privatepart").fetchone()[0])
    assert found_in(installation.home.parent, [words]) == [0]
    pledge = made["pledge"]["id"]
    opened = httpx.post(f"{api}/pledges/{pledge}/open", json={"code": made["code"], "fields": ["contact"]})
    assert words[1] in opened.text
    assert httpx.post(f"{api}/pledges/{pledge}/erase", json={"code": made["code"]}).status_code == 200
    wait_until_finished(installation)
    assert found_in(installation.home.parent, [words]) == []
    installation.stop(server)
    assert found_in(installation.home.parent, [words]) == []


def test_the_write_ahead_log_is_cut_once_its_last_reader_is_gone(installation, erased):
    """A long reader delays it and loses nothing: the mark stays until the files are clean."""
    reader = sqlite3.connect(installation.home / "sameboat.sqlite3", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM transparency_entry").fetchone()
    server, address = installation.serve()
    wait_for(address, lambda _told: (installation.home / "erased-to-cut").exists())
    time.sleep(1)
    assert (installation.home / "erased-to-cut").exists()
    reader.execute("COMMIT")
    reader.close()
    wait_until_finished(installation)
    installation.stop(server)
    assert found_in(installation.home.parent, erased["erased"]) == []
