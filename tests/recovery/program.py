"""The program in processes that are there to be killed: set up once, then a fork for every life.

Reads an order a line: a JSON list of the lives to start at once, each with the name of a deed below. Says the process
id of each, then, when all have ended, how. A life tells what it was told itself in a file of JSON lines, which
survives it.
"""

import base64
import ctypes
import json
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

PR_SET_PTRACER = 0x59616D61
"""So that strace may look at a life where the machine lets it look at its own children alone (Yama)."""

_told = -1


def tell(**what):
    """Add a line to this life's file; it is with the operating system when this returns."""
    os.write(_told, json.dumps(what).encode() + b"\n")


def client(token=""):
    from django.test import Client

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Client(headers=headers, SERVER_NAME="localhost", raise_request_exception=False)


def call(caller, path, body, key=""):
    """Return the answer to a POST, and the promises that came with it."""
    headers = {"Idempotency-Key": key} if key else {}
    answer = caller.post(f"/api{path}", json.dumps(body), content_type="application/json", headers=headers)
    promised = answer.headers.get("Sameboat-Promise", "")
    return answer, [base64.b64decode(note).decode() for note in promised.split(", ") if note]


def words(number):
    """Return what the person of a day tells in private."""
    return {"donor_name": f"王小明 of day {number} 8d1c", "contact": f"139-{number:08}-8d1c"}


def prepare(order):
    """Make the tables, one hospital with a member, and the first entries of the log."""
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.utils import timezone

    from sameboat.registry.acting import Act, act_of
    from sameboat.registry.actions import add_member, make_token, register_organisation
    from sameboat.registry.models import Item, Unit
    from sameboat.transparency.actions import publish

    call_command("migrate", verbosity=0, interactive=False)
    operator = Act(now=timezone.now(), operator=True, scope="operator")
    hospital = register_organisation(operator, kind="hospital", name_zh="测试医院", name_en="Test Hospital")
    piece = Unit.objects.create(code="piece", name_en="piece", name_zh="个", kind="count")
    Item.objects.create(code="gown", category="gown", name_en="gown", name_zh="gown", base_unit=piece)
    user = User.objects.create(username="hospital")
    for role in ("ask", "sign"):
        add_member(operator, organisation=hospital, user=user, role=role)
    token = make_token(act_of(user))
    last = publish()
    tell(token=token, hospital=hospital.public_id, checkpoint=last.note)


def need(order, number):
    """Ask for gowns under a key; tell what was answered. Return the need's id, None where it was refused."""
    key = f"need-{number}"
    body = {"organisation": order["hospital"], "item": "gown", "quantity": 5, "standard": f"day {number}"}
    answer, promises = call(client(order["token"]), "/needs", body, key)
    if answer.status_code not in (200, 201):
        tell(refused=answer.json()["error"], status=answer.status_code, key=key)
        return None
    tell(key=key, made=answer.json()["id"], promises=promises)
    return answer.json()["id"]


def publish():
    """Publish what waits, and tell the checkpoint that readers see from now on."""
    from sameboat.transparency import actions, store

    while actions.publish() is not None:
        tell(checkpoint=store.served_checkpoint().note)


def day(order):
    """Ask for something, promise it with a name and a number, have both erased, publish: every kind of write once.

    What the disk does not take is told as refused, or as failed where it is nobody's request.
    """
    from django.db import DatabaseError, connections

    if "pragma" in order:
        with connections["default"].cursor() as cursor:
            cursor.execute(order["pragma"])
    ask_and_erase(order)
    try:
        publish()
    except (DatabaseError, OSError) as error:
        tell(failed=str(error))
    connections.close_all()
    tell(ended=True)


def ask_and_erase(order):
    """Do what people do in a day, until something is refused."""
    from django.db import DatabaseError

    from sameboat.transparency import erasing

    number = order["number"]
    asked = need(order, number)
    if asked is None:
        return
    pledge = {"quantity": 1} | words(number)
    answer, promises = call(client(), f"/needs/{asked}/pledges", pledge, f"pledge-{number}")
    if answer.status_code in (200, 201):
        made = answer.json()
        tell(promises=promises)
        if order.get("keep"):
            return
        answer, promises = call(client(), f"/pledges/{made['pledge']['id']}/erase", {"code": made["code"]})
    if answer.status_code >= 400:
        tell(refused=answer.json()["error"], status=answer.status_code)
        return
    tell(erased=number, promises=promises)
    try:
        erasing.finish()
    except (DatabaseError, OSError) as error:
        tell(failed=str(error))


def busy(order):
    """Serve and sequence as `sameboat serve` does, as fast as it goes, until killed."""
    from django.db import DatabaseError, connection

    from sameboat.registry import rate_limits
    from sameboat.transparency import sequencer, store

    sequencer.BUSY_PAUSE = sequencer.IDLE_PAUSE = 0.01
    threading.Thread(target=sequencer.run, args=(threading.Event(),), daemon=True).start()
    number = order["number"]
    while True:
        need(order, number)
        number += 1
        rate_limits.forget()
        try:
            tell(checkpoint=store.served_checkpoint().note)  # as any reader asks for it, in the midst of it all
        except DatabaseError as error:
            tell(failed=str(error))
            connection.close()
            time.sleep(0.05)


def reopen(order):
    """Start again on what a killed program left, check every claim that it made, and go on.

    Tells the log's size and what was found; ends with a traceback where something acknowledged is lost.
    """
    from django.db import connections

    from sameboat.project import database_file
    from sameboat.transparency import auditor, erasing, keys, promises, published, queries, sources, store
    from sameboat.transparency.engine import checkpoint, merkle, promise, tiles
    from sameboat.transparency.models import Entry

    file = database_file.path()
    if file is not None:
        database_file.check(file, full=True)
    mark, size = published.last(), store.check_store(full=order["thorough"])
    tell(size_found=size, mark_found=mark.size if mark else 0, waiting_found=queries.state().waiting)
    assert mark is None or mark.size <= size
    # Who got no answer asks again, under the same key: the answer is what was made, or it is made now, once.
    for key, made in order["keys"].items():
        answer, _ = call(
            client(order["token"]),
            "/needs",
            {"organisation": order["hospital"], "item": "gown", "quantity": 5, "standard": f"day {key[5:]}"},
            key,
        )
        assert answer.status_code in (200, 201), answer.content
        assert made in (None, answer.json()["id"]), f"{key} was answered with {made}"
        tell(key=key, made=answer.json()["id"], promises=[])
    publish()
    erasing.finish()
    assert not erasing.unfinished()
    indices = list(Entry.objects.order_by("index").values_list("index", flat=True))
    assert indices == list(range(store.latest_size())), "an index is missing or given twice"
    log = keys.log_signer().verifier
    for note in order["promises"]:
        given = promise.open(note, log)
        kept = promises.look_for(given, sources.own_store(), log, int(time.time() * 1000))
        assert kept.verdict == "kept", f"promised and not on the log: {given}"
    now, _ = checkpoint.open(store.served_checkpoint().note, log)
    tell(checkpoint=store.served_checkpoint().note)
    for note in order["checkpoints"]:
        seen, _ = checkpoint.open(note, log)
        proof = tiles.consistency_proof(seen.size, now.size, store.read_tile)
        merkle.verify_consistency(seen.size, now.size, seen.root, now.root, proof)
    if order["thorough"]:
        found = auditor.audit(sources.own_store(), log)
        auditor.compare(found, queries.posted_sums(below=found.size))
        assert not found.wrong, found.faults
    assert not queries.drifted_balances(), "balances and postings disagree"
    from sameboat.supplies.models import Need

    standards = list(Need.objects.values_list("standard", flat=True))
    assert len(standards) == len(set(standards)), "something was done twice"
    connections.close_all()
    if file is not None:
        left = b"".join(path.read_bytes() for path in file.parent.rglob("*") if path.is_file())
        for number in order["erased"]:
            assert not any(text.encode() in left for text in words(number).values()), f"{number} was erased"
    tell(ended=True, size=now.size)


def look(order):
    """Start as `sameboat serve` does, and have the doctor look; tell why the start was refused, and what is wrong."""
    from django.db import connections

    from sameboat.project import presenting, ready, self_check

    try:
        ready.make_ready(migrate=False)
    except Exception as error:
        failure = presenting.failure_of(error)
        if failure is None:
            raise
        tell(words=failure.message, exit_code=failure.exit_code)
    connections.close_all()
    tell(wrong=[check.name for check in self_check.diagnose(lambda: None).checks if check.state == "wrong"])
    connections.close_all()
    tell(ended=True)


def live(order):
    """Do what is ordered, in a process of our own."""
    global _told
    _told = os.open(order["told"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    errors = os.open(order["told"] + ".errors", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(errors, 1)
    os.dup2(errors, 2)
    if order.get("watched"):
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(-1 & (1 << 64) - 1), 0, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
    deeds = {"prepare": prepare, "day": day, "busy": busy, "reopen": reopen, "look": look}
    deeds[order["deed"]](order)


def answer(numbers):
    """Answer who ordered."""
    sys.stdout.write(json.dumps(numbers) + "\n")
    sys.stdout.flush()


def warm_up():
    """Answer something, so that no life has to import what answering takes."""
    from django.db import connections

    call(client("none"), "/needs", {})
    client().get("/api/needs")
    connections.close_all()


def main():
    """Set up, then start the lives that are ordered until there are no more orders."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "sameboat.project.settings"
    from sameboat.project.cli import set_up

    set_up()
    from django.db import connections
    from django.urls import reverse

    reverse("home")  # every room's views are imported
    connections.close_all()
    if (Path(os.environ["SAMEBOAT_HOME"]) / "sameboat.sqlite3").exists():
        warm_up()
    for line in sys.stdin:
        lives = []
        for order in json.loads(line):
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    live(order)
                    code = 0
                except BaseException:
                    traceback.print_exc()
                finally:
                    sys.stdout.flush()
                    os._exit(code)
            lives.append(pid)
        answer(lives)
        answer([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in lives])
        if '"prepare"' in line:
            warm_up()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    main()
