"""A server starts, serves, is killed and starts again; what it acknowledged is never lost."""

import os
import re
import signal
import sqlite3
import threading

import httpx
import pytest

from tests.operator.conftest import wait_for


def test_an_accepted_entry_is_published_and_the_server_ends_cleanly(installation):
    """The sequencer runs beside the web; SIGTERM ends both with exit code 0."""
    server, address = installation.serve()
    size = wait_for(address, lambda told: told["waiting"] == 0)["log_size"]
    installation.need()
    wait_for(address, lambda told: (told["log_size"], told["waiting"]) == (size + 1, 0))
    assert installation.stop(server) == 0


def test_several_web_processes_count_together(installation):
    """With two workers every process's requests stand in the metrics, whichever answers."""
    server, address = installation.serve("--workers", "2")
    for _ in range(20):
        httpx.get(f"{address}healthz", timeout=60).raise_for_status()
    text = httpx.get(f"{address}metrics").text
    (count,) = re.findall(r'sameboat_requests_total\{method="GET",route="healthz",status="200"\} (\S+)', text)
    assert float(count) == 20
    assert installation.stop(server) == 0


def test_a_second_server_on_one_home_serves_and_stands_by(installation):
    """Two servers give no index twice; when the first is killed the second goes on publishing."""
    first, first_address = installation.serve()
    _, second_address = installation.serve()
    size = wait_for(first_address, lambda told: told["waiting"] == 0)["log_size"]
    installation.need("gown")
    wait_for(second_address, lambda told: (told["log_size"], told["waiting"]) == (size + 1, 0))
    installation.stop(first, signal.SIGKILL)
    installation.need("goggles")
    wait_for(second_address, lambda told: (told["log_size"], told["waiting"]) == (size + 2, 0))
    assert installation.json("log", "audit")["ok"]


def test_a_port_in_use_is_told(installation):
    """The message names the address and what to do."""
    _, address = installation.serve()
    port = httpx.URL(address).port
    assert "--port" in installation.run("serve", "--port", port, code=2).stderr


def test_a_stored_log_that_disagrees_is_not_served(installation):
    """The server refuses and says what disagrees."""
    database = sqlite3.connect(installation.home / "sameboat.sqlite3")
    database.execute("UPDATE transparency_tile SET hashes = zeroblob(length(hashes))")
    database.commit()
    database.close()
    assert "the last checkpoint signs" in installation.run("serve", "--port", "0", code=1).stderr


def test_an_older_database_is_changed_only_when_asked(installation):
    """Without --migrate the server names what waits."""
    database = sqlite3.connect(installation.home / "sameboat.sqlite3")
    database.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    database.execute("DROP TABLE django_session")
    database.commit()
    database.close()
    assert "--migrate" in installation.run("serve", "--port", "0", code=2).stderr
    server, _ = installation.serve("--migrate")
    assert installation.stop(server) == 0


def test_the_databases_own_journal_survives_another_process(installation):
    """While a server runs, a command that ends does not throw the write-ahead log away under it.

    It would if the server had dropped its locks by closing a handle of its own on the file.
    """
    installation.serve()
    installation.need()
    assert (installation.home / "sameboat.sqlite3-wal").exists()


def test_demo_accounts_are_not_offered_to_strangers(installation):
    """A home with demo accounts is served on this machine alone unless somebody says otherwise."""
    (installation.home / "demo").write_text("loaded\n")
    assert "--yes-public" in installation.run("serve", "--host", "0.0.0.0", "--port", "0", code=2).stderr


def test_a_demo_does_not_move_into_a_home_in_use(installation):
    """Real figures of a running installation are never mixed with the demonstration's."""
    assert "another SAMEBOAT_HOME" in installation.run("demo", "--load-only", code=2).stderr


WRITER = """
import sys
from sameboat.registry.acting import Act
from sameboat.registry.models import Item, Organisation, Role
from sameboat.supplies.actions.needs import publish_need
from django.utils import timezone
hospital = Organisation.objects.get(name_en="Test Hospital")
item = Item.objects.get(code="gown")
act = Act(now=timezone.now(), roles={hospital.public_id: frozenset({Role.ASK})})
for number in range(100_000):
    need = publish_need(act, organisation=hospital, item=item, quantity=5, standard=f"{sys.argv[1]} {number}")
    print(need.public_id, flush=True)
"""


@pytest.mark.parametrize("life", range(3))
def test_nothing_acknowledged_is_lost_when_everything_is_killed(installation, life):
    """A writer and the server are killed in the middle of writes; every need that was acknowledged is on the log."""
    import subprocess
    import sys

    setup = "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'sameboat.project.settings'; django.setup()\n"
    server, _ = installation.serve()
    writer = subprocess.Popen(
        [sys.executable, "-c", setup + WRITER, str(life)],
        env=installation.environment,
        stdout=subprocess.PIPE,
        text=True,
        cwd=installation.home.parent,
    )
    acknowledged = []
    reader = threading.Thread(target=lambda: acknowledged.extend(line.strip() for line in writer.stdout))
    reader.start()
    while len(acknowledged) < 40 * (life + 1):
        assert reader.is_alive()
        reader.join(0.01)
    os.kill(server.pid, signal.SIGKILL)
    os.kill(writer.pid, signal.SIGKILL)
    reader.join()
    for process in (server, writer):
        process.wait()
    complete = [need for need in acknowledged if len(need) == len("need_") + 26]
    _, address = installation.serve()
    wait_for(address, lambda told: told["waiting"] == 0)
    assert installation.json("log", "audit")["ok"]
    kept = {row["need"] for row in installation.json("need", "list", "--limit", "10000")}
    assert set(complete) <= kept
