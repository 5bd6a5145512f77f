"""The log's side of witnessing: who is asked, what is believed, and what is shown."""

import itertools
import threading
from concurrent.futures import Future
from datetime import timedelta

import pytest
from django.utils import timezone

from sameboat.supplies.actions.needs import publish_need
from sameboat.transparency import cosigning, keys, proofs, queries, store, witness_policy
from sameboat.transparency.actions import publish
from sameboat.transparency.engine import cosignature, policy, proof_file, signed_note, witnessing
from sameboat.transparency.errors import BadInput
from sameboat.transparency.models import Checkpoint, WitnessContact
from sameboat.transparency.witness.cosigner import Cosigner
from sameboat.transparency.witness.memory import Memory
from sameboat.transparency.witness_courier import Reply, UnreachableError

NAMES = ("paper", "hospital", "university")


class HonestWitness:
    """A real witness, asked without a network."""

    def __init__(self, name, home):
        seed = bytes([len(name)] * 32)
        self.signer = cosignature.Signer(f"{name}.example", cosignature.ED25519, seed)
        self.asked = 0
        self._memory = None
        self._home = home
        self.forget()

    def forget(self):
        """Lose all memory, as a witness that was put back from an old copy."""
        self.end()
        self._home.mkdir()
        self._memory = Memory(self._home / "witness.sqlite3")
        self._memory.watch(keys.log_signer().name, keys.log_vkey(), 0)
        self._cosigner = Cosigner(self._memory, [self.signer])
        self._home = self._home.with_name(f"{self._home.name}-again")

    def end(self):
        """Close the memory."""
        if self._memory is not None:
            self._memory.__exit__()

    def __call__(self, body):
        self.asked += 1
        answer = self._cosigner.answer(body)
        return Reply(answer.status, answer.body.encode())


class World:
    """The witnesses by name, each a function from a request's body to a reply; None never answers."""

    def __init__(self, folder):
        self.honest = {name: HonestWitness(name, folder / name) for name in NAMES}
        self.witnesses = dict(self.honest)

    def post(self, url, body):
        """Send a request, as the courier does."""
        future = Future()
        witness = self.witnesses[url.removeprefix("https://").partition(".")[0]]
        if witness is None:
            return future
        try:
            future.set_result(witness(body))
        except UnreachableError as error:
            future.set_exception(error)
        return future

    def gather(self):
        """Ask for cosignatures on the last checkpoint; return it as it stands then."""
        cosigning.gather(self.post)
        return store.latest_checkpoint()


def rules(honest, quorum="2"):
    lines = [f"witness {name} {honest[name].signer.verifier.vkey} https://{name}.example\n" for name in NAMES]
    return f"log {keys.log_vkey()}\n{''.join(lines)}group enough {quorum} {' '.join(NAMES)}\nquorum enough\n"


@pytest.fixture
def world(db, tmp_path, settings, monkeypatch):
    monkeypatch.setattr(cosigning, "ROUND_SECONDS", 0.05)
    monkeypatch.setattr(cosigning, "_LOOK_SECONDS", 0.01)
    world = World(tmp_path)
    settings.WITNESSES = tmp_path / "policy"
    settings.WITNESSES.write_text(rules(world.honest))
    publish()
    yield world
    for witness in world.honest.values():
        witness.end()


@pytest.fixture
def grow(cast):
    """Publish one more need."""
    numbers = itertools.count(1)

    def grow():
        number = next(numbers)
        need = {"organisation": cast.hospital, "item": cast.masks, "standard": f"GB {number}"}
        publish_need(cast.act_hospital, quantity=number, **need)
        return publish()

    return grow


def cosigned_by(checkpoint):
    return {cosigner.name for cosigner in queries.cosigners(checkpoint) if cosigner.cosigned_at}


def contact(name):
    return WitnessContact.objects.get(name=f"{name}.example")


def test_cosignatures_stand_under_the_checkpoint(world, grow):
    """Each witness's line is added to the note, which the policy then trusts."""
    grow()
    checkpoint = world.gather()
    assert cosigned_by(checkpoint) == set(NAMES)
    trusted = policy.parse(rules(world.honest, "all")).check(checkpoint.note)
    assert (trusted.checkpoint.size, set(trusted.witnesses)) == (checkpoint.size, set(NAMES))
    assert checkpoint.witnessed_at is not None


@pytest.mark.parametrize("missing", NAMES)
def test_enough_are_enough(world, grow, missing):
    """Two of three make the checkpoint a witnessed one, whichever does not answer."""
    grow()
    world.witnesses[missing] = None
    checkpoint = world.gather()
    assert cosigned_by(checkpoint) == set(NAMES) - {missing}
    assert checkpoint.witnessed_at is not None
    assert contact(missing).trouble == "it did not answer in time"


def test_too_few_are_published_and_say_so(world, grow, client):
    """One of three: the checkpoint is served with its one cosignature, and page and API say that it is not enough."""
    size = grow().size
    world.witnesses.update(paper=None, hospital=None)
    checkpoint = world.gather()
    assert (checkpoint.witnessed_at, cosigned_by(checkpoint)) == (None, {"university"})
    assert client.get("/checkpoint").content.decode() == checkpoint.note
    told = client.get("/api/log/checkpoint").json()
    assert (told["size"], told["witnessed"]) == (size, False)
    assert "Not enough of the log’s witnesses" in client.get("/log").content.decode()
    assert client.get("/healthz").json()["witnessed_size"] == 0


def test_what_is_witnessed_says_so(world, grow, client):
    """Page, API, health and metrics tell that enough have cosigned, and who."""
    size = grow().size
    world.gather()
    told = client.get("/api/log/checkpoint").json()
    assert told["witnessed"]
    assert [witness["name"] for witness in told["witnesses"] if witness["cosigned_at"]] == list(NAMES)
    page = client.get("/log").content.decode()
    assert "Enough of the log’s witnesses" in page
    assert page.count("#seal-signed") == 3
    assert client.get("/healthz").json()["witnessed_size"] == size
    metrics = client.get("/metrics").content.decode()
    assert f"sameboat_log_witnessed_size {size}.0" in metrics
    assert 'sameboat_log_witness_failures{witness="paper"} 0.0' in metrics


def test_a_cosignature_changes_what_readers_hold(world, grow, client):
    """A page kept from before the cosignature is not called unchanged after it."""
    grow()
    before = client.get("/api/log/checkpoint")["ETag"]
    world.gather()
    assert client.get("/api/log/checkpoint", headers={"If-None-Match": before}).status_code == 200


def test_a_known_witness_is_asked_once_a_checkpoint(world, grow):
    """From the size that it cosigned last, with the proof from there; and not at all when it has cosigned."""
    for _ in range(3):
        grow()
        world.gather()
        world.gather()
    assert [world.honest[name].asked for name in NAMES] == [3, 3, 3]


def test_a_conflict_is_answered_with_the_right_proof(world, grow):
    """A log that forgot what a witness knows is told, and asks again from there."""
    grow()
    world.gather()
    WitnessContact.objects.all().delete()
    grow()
    assert cosigned_by(world.gather()) == set(NAMES)
    assert [world.honest[name].asked for name in NAMES] == [3, 3, 3]


def test_a_witness_that_went_back_is_asked_from_where_it_is(world, grow):
    """One that lost its memory counts again; that is its readers' matter, the proof is as good."""
    grow()
    world.gather()
    world.honest["paper"].forget()
    grow()
    assert cosigned_by(world.gather()) == set(NAMES)


def test_a_cosignature_that_was_lost_is_had_again(world, grow):
    """A witness that cosigned this very checkpoint, whose answer never came, cosigns it once more."""
    grow()
    world.witnesses["paper"] = lambda body: world.honest["paper"](body) and Reply(502, b"")
    world.gather()
    WitnessContact.objects.update(next_try=None)
    world.witnesses["paper"] = world.honest["paper"]
    assert cosigned_by(world.gather()) == set(NAMES)


def answers_with(status, body):
    return lambda _: Reply(status, body)


def unreachable(_):
    raise UnreachableError("it cannot be reached")


def never_the_same():
    sizes = iter((1, 2, 3, 4, 5))
    return lambda _: Reply(409, f"{next(sizes)}\n".encode())


def signs(text_of, at=None, seed=b"\x05"):
    """Answer as the paper would, but for what is changed."""
    signer = cosignature.Signer("paper.example", cosignature.ED25519, seed * 32)

    def answer(body):
        text = text_of(witnessing.parse(body).text)
        time = int(timezone.now().timestamp()) if at is None else at
        return Reply(200, signer.cosign(text.encode(), time).line().encode())

    return answer


def another_root(text):
    origin, size, _ = text.splitlines()
    return f"{origin}\n{size}\n{'A' * 43}=\n"


LIARS = {
    "unreachable": (unreachable, "cannot be reached"),
    "knows more than the log holds": (answers_with(409, b"1000000\n"), "old copy"),
    "knows another tree of this size": (answers_with(409, b"0\n"), "forked"),
    "knows another size each time": (never_the_same(), "another size each time"),
    "knows no size": (answers_with(409, b"some\n"), "no size"),
    "finds it inconsistent": (answers_with(422, b"no"), "forked"),
    "does not know the log": (answers_with(404, b"unknown log\n"), "does not watch this log"),
    "does not take the key": (answers_with(403, b"bad\n"), "sameboat log key"),
    "is broken, with bytes that no database takes": (answers_with(500, b"\0\xff\0"), "answered 500"),
    "sends elsewhere": (answers_with(302, b""), "answered 302"),
    "answers with a page": (answers_with(200, b"<!doctype html>\n"), "signature lines"),
    "answers with nothing": (answers_with(200, b""), "signature lines"),
    "signs another root": (signs(another_root), "not on this checkpoint"),
    "signs with another key": (signs(str, seed=b"\x06"), "no signature of"),
    "signs without a time": (signs(str, at=0), "as the time"),
    "signs in the future": (signs(str, at=2**40), "as the time"),
}


@pytest.mark.parametrize(("liar", "words"), LIARS.values(), ids=LIARS)
def test_a_lying_or_broken_witness_counts_for_nothing(world, grow, liar, words):
    """Nothing of its answer is kept but what is wrong with it; the others make the checkpoint a witnessed one."""
    for _ in range(5):
        grow()
    world.witnesses["paper"] = liar
    checkpoint = world.gather()
    assert cosigned_by(checkpoint) == {"hospital", "university"}
    assert checkpoint.witnessed_at is not None
    assert words in contact("paper").trouble
    assert "paper.example" not in checkpoint.note


def test_who_fails_is_left_alone_for_a_while(world, grow):
    """Longer after every failure, up to ten minutes; one success ends it."""
    asked = []
    world.witnesses["paper"] = lambda body: asked.append(body) or Reply(500, b"")
    pauses = []
    for _ in range(9):
        grow()
        world.gather()
        world.gather()
        pauses.append((contact("paper").next_try - timezone.now()).total_seconds())
        WitnessContact.objects.filter(name="paper.example").update(next_try=timezone.now())
    assert len(asked) == 9
    assert [round(pause / 5) for pause in pauses] == [1, 2, 4, 8, 16, 32, 64, 120, 120]
    world.witnesses["paper"] = world.honest["paper"]
    world.gather()
    assert (contact("paper").failures, contact("paper").trouble, contact("paper").next_try) == (0, "", None)


def test_a_clock_that_went_back_does_not_keep_a_witness_waiting(world, grow):
    """A next try further off than any pause is one that another clock set."""
    grow()
    WitnessContact.objects.create(
        name="paper.example",
        key_id=world.honest["paper"].signer.verifier.key_id.hex(),
        next_try=timezone.now() + timedelta(days=365),
    )
    assert "paper" in cosigned_by(world.gather())


def test_the_end_of_the_program_is_nobodys_failure(world, grow):
    """A request that is cancelled leaves the witness as it was."""
    grow()

    def cancelled(url, body):
        future = Future()
        future.cancel()
        future.set_running_or_notify_cancel()
        return future

    cosigning.gather(cancelled)
    assert contact("paper").failures == 0


def test_a_newer_checkpoint_does_not_wait_for_the_slow(world, grow, monkeypatch):
    """Once enough have cosigned, the others have a moment more and no longer."""
    monkeypatch.setattr(cosigning, "ROUND_SECONDS", 3600)
    monkeypatch.setattr(cosigning, "GRACE_SECONDS", 0.01)
    grow()
    world.witnesses["paper"] = None
    cosigning.gather(world.post, hurried=lambda: True)
    assert cosigned_by(store.latest_checkpoint()) == {"hospital", "university"}


def test_where_witnesses_are_required_nothing_else_is_served(world, grow, client, settings):
    """The checkpoint before is served, with its tiles and its entries, until enough have cosigned the next."""
    settings.WITNESS_REQUIRED = True
    assert client.get("/checkpoint").status_code == 404
    first = grow()
    world.gather()
    second = grow()
    assert client.get("/checkpoint").content.decode().splitlines()[1] == str(first.size)
    assert client.get(f"/tile/0/000.p/{second.size}").status_code == 404
    assert client.get("/api/log/entries").json()["items"][0]["index"] == first.size - 1
    world.gather()
    assert client.get("/checkpoint").content.decode().splitlines()[1] == str(second.size)
    assert client.get(f"/tile/0/000.p/{second.size}").status_code == 200
    assert client.get("/api/log/entries").json()["items"][0]["index"] == second.size - 1


def test_a_proof_file_carries_the_witnesses(world, grow):
    """It is trusted by a policy alone, and stands under the last witnessed checkpoint that covers it."""
    first = grow()
    world.gather()
    old = queries.entries()
    grow()
    rule = policy.parse(rules(world.honest, "all"))
    verified = proof_file.verify(proofs.proof_file(old), policy=rule)
    assert verified.checkpoint.size == first.size
    assert [(witness.known, witness.time > 0) for witness in verified.witnesses] == [(True, True)] * 3
    newest = proofs.proof_file(queries.entries(limit=1))
    assert proof_file.verify(newest).witnesses == ()
    with pytest.raises(proof_file.ProofFileError, match="too few witnesses"):
        proof_file.verify(newest, policy=rule)


def test_a_quorum_of_nobody_is_reached_at_once(world, grow, settings, tmp_path):
    """With `quorum none` every checkpoint counts, and the witnesses are asked all the same."""
    settings.WITNESSES = tmp_path / "none"
    settings.WITNESSES.write_text(rules(world.honest).replace("quorum enough", "quorum none"))
    world.witnesses.update(paper=None, hospital=None, university=None)
    grow()
    assert world.gather().witnessed_at is not None


def test_a_checkpoint_that_waited_is_cosigned_when_witnesses_come_back(world, grow):
    """An unwitnessed checkpoint needs no new entry to be asked for again."""
    grow()
    world.witnesses.update(paper=None, hospital=None, university=None)
    assert world.gather().witnessed_at is None
    world.witnesses.update(world.honest)
    WitnessContact.objects.update(next_try=timezone.now())
    assert world.gather().witnessed_at is not None
    assert Checkpoint.objects.filter(witnessed_at__isnull=False).count() == 1


def test_without_a_policy_nobody_is_asked(world, grow, settings):
    """And nothing runs beside the sequencer."""
    settings.WITNESSES = None
    grow()
    before = threading.active_count()
    with cosigning.gathering():
        assert threading.active_count() == before
    assert queries.cosigners(world.gather()) == []


KEY = cosignature.Signer("paper.example", cosignature.ED25519, bytes(32)).verifier.vkey
LOG_KEY = signed_note.Signer("log.example", bytes(32)).verifier.vkey
BAD_POLICIES = {
    "no policy": ("hello\n", "line 1"),
    "cut short": (f"witness paper {KEY} https://paper.example", "newline"),
    "a witness with a log's key": (f"witness paper {LOG_KEY} https://paper.example\nquorum paper\n", "cosignatures"),
    "no address": (f"witness paper {KEY}\nquorum paper\n", "address of each"),
    "an address of another kind": (f"witness paper {KEY} ftp://paper.example\nquorum paper\n", "https://"),
    "no quorum": (f"witness paper {KEY} https://paper.example\n", "quorum"),
}


@pytest.mark.parametrize(("text", "words"), BAD_POLICIES.values(), ids=BAD_POLICIES)
def test_a_policy_that_cannot_work_is_told_at_once(settings, tmp_path, text, words):
    """With the setting, the file, and what to change."""
    settings.WITNESSES = tmp_path / "policy"
    settings.WITNESSES.write_text(text)
    with pytest.raises(BadInput, match=words) as told:
        witness_policy.witnesses()
    assert "SAMEBOAT_WITNESSES" in str(told.value)


def test_a_policy_that_is_missing_is_told_at_once(settings, tmp_path):
    """By the name of the setting."""
    settings.WITNESSES = tmp_path / "nowhere"
    with pytest.raises(BadInput, match="SAMEBOAT_WITNESSES"):
        witness_policy.witnesses()
