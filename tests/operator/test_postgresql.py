"""Backup and restore by PostgreSQL's own tools."""

import os
import shutil
import subprocess
import sys
import tarfile
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.operator.conftest import ROOT, Installation

URL = os.environ.get("DATABASE_URL", "")
pytestmark = [
    pytest.mark.skipif(not URL, reason="no PostgreSQL: name one in DATABASE_URL"),
    pytest.mark.skipif(shutil.which("pg_dump") is None, reason="no pg_dump: install PostgreSQL's client programs"),
]


@pytest.fixture
def empty_databases():
    """Return a function that makes an empty database and returns its address."""
    import psycopg

    parts, made = urlsplit(URL), []
    server = psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True)

    def make(name):
        name = f"sameboat_{name}_{os.getpid()}"
        server.execute(f'CREATE DATABASE "{name}"')
        made.append(name)
        return urlunsplit(parts._replace(path=f"/{name}"))

    yield make
    for name in made:
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    server.close()


def test_a_backup_restored_in_another_database_is_the_same_installation(empty_databases, tmp_path):
    """The same log under the same key, and the doctor finds nothing wrong."""
    first = Installation(tmp_path / "first", {"DATABASE_URL": empty_databases("first")})
    subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "migrate", "-v0"], env=first.environment, check=True, cwd=tmp_path
    )
    first.run("organisation", "add", "--kind", "hospital", "--name-en", "Test Hospital")
    size = first.json("log", "publish")["size"]
    first.run("backup", tmp_path / "backup.tar.gz", "--with-keys")
    second = Installation(tmp_path / "second", {"DATABASE_URL": empty_databases("second")})
    assert second.json("restore", tmp_path / "backup.tar.gz")["log_size"] == size
    assert second.json("log", "key") == first.json("log", "key")
    assert second.json("doctor")["ok"]
    assert "not empty" in second.json("restore", tmp_path / "backup.tar.gz", code=2)["error"]["message"]


def test_an_old_backup_does_not_fork_the_log(empty_databases, tmp_path):
    """Refused before anything in the database is touched; a database put back by hand is refused at the next start."""
    made = Installation(tmp_path / "home", {"DATABASE_URL": empty_databases("old")})
    subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "migrate", "-v0"], env=made.environment, check=True, cwd=tmp_path
    )
    made.run("organisation", "add", "--kind", "hospital", "--name-en", "First Hospital")
    made.run("log", "publish")
    made.run("backup", tmp_path / "old.tar.gz", "--with-keys")
    made.run("organisation", "add", "--kind", "hospital", "--name-en", "Second Hospital")
    size = made.json("log", "publish")["size"]
    told = made.json("restore", tmp_path / "old.tar.gz", "--force", code=1)["error"]
    assert (told["code"], "fork" in told["message"]) == ("rolled-back", True)
    assert made.json("doctor")["ok"]
    assert made.json("log", "publish")["size"] == size
    with tarfile.open(tmp_path / "old.tar.gz") as archive:
        archive.extract("sameboat.pgdump", tmp_path, filter="data")
    by_hand = ("pg_restore", "--clean", "--if-exists", "--no-owner", f"--dbname={made.extra['DATABASE_URL']}")
    subprocess.run([*by_hand, str(tmp_path / "sameboat.pgdump")], check=True)
    assert "old copy" in made.run("serve", "--port", "0", code=1).stderr
    made.run("organisation", "add", "--kind", "hospital", "--name-en", "Third Hospital")
    assert "old copy" in made.run("log", "publish", code=1).stderr
