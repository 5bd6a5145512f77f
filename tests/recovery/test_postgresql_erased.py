"""Erased means gone on PostgreSQL too: every file of the server is read for what a person told."""

import os
import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest

from tests.recovery.conftest import Program
from tests.recovery.program import words
from tests.recovery.test_postgresql_killed import Cluster

pytestmark = pytest.mark.skipif("DATABASE_URL" not in os.environ, reason="no PostgreSQL: name one in DATABASE_URL")


@pytest.fixture
def cluster():
    """A server of our own, whose files we can read; it removes old segments of its write-ahead log."""
    folder = Path(tempfile.mkdtemp(prefix="sameboat-postgresql-"))
    made = Cluster(folder)
    with (folder / "data" / "postgresql.conf").open("a") as settings:
        settings.write("wal_recycle = off\nmin_wal_size = 32MB\n")
    made.start()
    yield made
    made.crash()
    shutil.rmtree(folder)


def found_in(folder, texts):
    """Return which texts stand in any file below a folder."""
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return [text for text in texts if any(text.encode() in content for content in files)]


def settle(cluster):
    """Have the server write what it holds, and put away the segments of its log that it needs no more."""
    with psycopg.connect(cluster.url, autocommit=True) as server:
        for statement in ("CHECKPOINT", "SELECT pg_switch_wal()", "CHECKPOINT"):
            server.execute(statement)


def test_nothing_of_a_person_is_left_in_the_servers_files(cluster, tmp_path):
    """Those who did not ask are found, so the search does find what is there; of the others there is nothing."""
    program = Program(tmp_path / "home", DATABASE_URL=cluster.url)
    program.prepare()
    for number in range(1, 6):
        program.live(deed="day", number=number, keep=number > 3)
    program.end()
    settle(cluster)
    erased, kept = ([words(number)["contact"] for number in numbers] for numbers in ((1, 2, 3), (4, 5)))
    assert found_in(cluster.data, kept) == kept
    assert found_in(cluster.data, erased) == []
    assert not list((tmp_path / "home").glob("erased-*"))
