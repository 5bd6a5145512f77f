"""A log with real witnesses beside it: processes of their own, asked over the network."""

import json
import os
import subprocess
import sys
import threading

import pytest

from sameboat.supplies.actions.needs import publish_need
from sameboat.transparency import export, keys, proofs, queries, sequencer, store
from sameboat.transparency.engine import policy
from sameboat.transparency.models import WitnessContact
from sameboat.transparency.tests.witness_processes import ROOT, WitnessProcess, set_up

PATIENCE = 60
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def witnesses(tmp_path):
    """Two running witnesses that watch this log, by name."""
    running = {}
    for name in ("paper", "hospital"):
        key = set_up(tmp_path / name, f"{name}.example", keys.log_signer().verifier)
        running[name] = (key, WitnessProcess(tmp_path / name))
    yield running
    for _, process in running.values():
        process.end()


@pytest.fixture
def policy_file(witnesses, tmp_path, settings):
    """A policy that asks for two of three, of which the third has never run."""
    dead = set_up(tmp_path / "university", "university.example")
    lines = [f"witness {name} {key.vkey} {process.url}" for name, (key, process) in witnesses.items()]
    lines.append(f"witness university {dead.vkey} http://127.0.0.1:1/")
    settings.WITNESSES = tmp_path / "witnesses.policy"
    settings.WITNESSES.write_text("\n".join([*lines, "group two 2 paper hospital university", "quorum two\n"]))
    return settings.WITNESSES


@pytest.fixture
def running_log(cast, policy_file):
    """The sequencer, publishing and gathering in a thread."""
    stop = threading.Event()
    thread = threading.Thread(target=sequencer.run, args=(stop,))
    thread.start()
    yield
    stop.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def witnessed(size):
    """Wait until a checkpoint of at least that size is a witnessed one; return it."""
    patience = threading.Event()
    for _ in range(PATIENCE * 10):
        found = store.witnessed_checkpoint()
        if found is not None and found.size >= size:
            return found
        patience.wait(0.1)
    pytest.fail(f"no checkpoint of {size} entries was witnessed: {queries.witness_states()}")


def sameboat(*arguments):
    """Run a command as its users do, in a process of its own without this program's data."""
    command = [sys.executable, "-m", "sameboat", *map(str, arguments), "--json"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SAMEBOAT_")}
    done = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


def test_anyone_can_check_what_the_witnesses_saw(cast, running_log, policy_file, tmp_path):
    """Every new checkpoint is cosigned by both; proof file and mirror are trusted by the policy, offline."""
    for number in range(1, 4):
        publish_need(
            cast.act_hospital, organisation=cast.hospital, item=cast.masks, quantity=number, standard=f"GB {number}"
        )
        state = queries.state()
        checkpoint = witnessed(state.size + state.waiting)
    trusted = policy.parse(policy_file.read_bytes()).check(checkpoint.note, [keys.log_signer().verifier])
    assert set(trusted.witnesses) == {"paper", "hospital"}
    assert WitnessContact.objects.get(name="university.example").failures > 0

    proof = tmp_path / "proof.json"
    proof.write_bytes(proofs.proof_file(queries.entries()))
    code, told = sameboat("verify", proof, "--policy", policy_file, "--vkey", keys.log_vkey())
    assert (code, {w["name"] for w in told["witnesses"]}) == (0, {"paper.example", "hospital.example"})

    export.export(tmp_path / "mirror")
    code, told = sameboat("log", "audit", tmp_path / "mirror", "--policy", policy_file, "--vkey", keys.log_vkey())
    assert (code, set(told["witnesses"]), told["size"]) == (0, {"paper", "hospital"}, checkpoint.size)


def test_a_mirror_without_enough_witnesses_is_refused(cast, policy_file, tmp_path):
    """The auditor says who cosigned, and that it is too few."""
    from sameboat.transparency.actions import publish

    publish()
    export.export(tmp_path / "mirror")
    code, told = sameboat("log", "audit", tmp_path / "mirror", "--policy", policy_file, "--vkey", keys.log_vkey())
    assert (code, told["error"]["code"]) == (1, "audit")
    assert "too few witnesses" in told["error"]["message"]


def test_publishing_once_asks_the_witnesses_too(cast, policy_file):
    """`sameboat log publish` leaves a witnessed checkpoint, and `sameboat log witnesses` tells how each stands."""
    from sameboat.project.tests.conftest import call

    told = call("log", "publish", "--json").json
    assert told["witnessed_size"] == told["size"] > 0
    states = {state["name"]: state for state in call("log", "witnesses", "--json").json}
    assert [states[name]["size"] for name in ("paper", "hospital")] == [told["size"]] * 2
    assert "cannot be reached" in states["university"]["trouble"]
