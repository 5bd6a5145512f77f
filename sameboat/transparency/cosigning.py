"""The log's side of witnessing: after a checkpoint is signed, its witnesses are asked to cosign it.

All are asked at once, for the same checkpoint, outside any database transaction. Each cosignature is kept when it
comes; once enough are there the next checkpoint does not wait long for the others. Who fails is asked again later, each
time later still.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import connection, transaction
from django.utils import timezone

from sameboat.transparency import store
from sameboat.transparency.engine import policy, signed_note, tiles, witnessing
from sameboat.transparency.engine.witnessing import BadAnswerError
from sameboat.transparency.keys import log_signer
from sameboat.transparency.models import Checkpoint, WitnessContact
from sameboat.transparency.witness_courier import Courier, Reply, UnreachableError
from sameboat.transparency.witness_policy import Witness, Witnesses, witnesses

ROUND_SECONDS = 6.0
"""How long one checkpoint's witnesses are waited for, at most."""

GRACE_SECONDS = 1.0
"""How long the others are waited for once enough have cosigned and the next checkpoint waits to be."""

_LOOK_SECONDS = 0.1

MOST_EXCHANGES = 3
"""How often one witness is asked in a round: it may answer once or twice that it knows another size."""

FIRST_PAUSE = 5.0
LONGEST_PAUSE = 600.0
"""Seconds until a witness that failed is asked again: doubled with every failure."""

IDLE_SECONDS = 60.0

Post = Callable[[str, bytes], Future[Reply]]

_log = structlog.get_logger("sameboat.witnesses")


class _FailedError(Exception):
    """A witness that does not cosign; the message says why."""


@dataclass(slots=True)
class _Exchange:
    witness: Witness
    contact: WitnessContact
    old_size: int
    number: int


def gather(post: Post, hurried: Callable[[], bool] = lambda: False) -> float:
    """Ask for cosignatures on the last checkpoint whoever has not given one and is due; keep what comes.

    `hurried` says whether a newer checkpoint waits for its turn. Returns the seconds after which there is something to
    do again, if no checkpoint is signed before.
    """
    asked, checkpoint = witnesses(), store.latest_checkpoint()
    if asked is None or checkpoint is None:
        return IDLE_SECONDS
    return _Round(asked, checkpoint, post, hurried).run()


@contextmanager
def gathering() -> Iterator[Callable[[], None]]:
    """Gather in a thread of its own for as long as the block runs; yields a function to call after each publishing."""
    if witnesses() is None:
        yield lambda: None
        return
    woken, ended = threading.Event(), threading.Event()
    with Courier() as courier:

        def work() -> None:
            while not ended.is_set():
                try:
                    woken.clear()
                    pause = gather(courier.post, woken.is_set)
                except Exception as error:
                    _log.error("gathering cosignatures failed", error=type(error).__name__, reason=str(error))
                    connection.close()
                    pause = FIRST_PAUSE
                woken.wait(pause)
            connection.close()

        thread = threading.Thread(target=work, name="cosigning")
        thread.start()
        try:
            yield woken.set
        finally:
            ended.set()
            courier.abandon()
            woken.set()
            thread.join()


class _Round:
    """One checkpoint, and everyone who is asked to cosign it."""

    def __init__(self, asked: Witnesses, checkpoint: Checkpoint, post: Post, hurried: Callable[[], bool]) -> None:
        self._asked = asked
        self._checkpoint = checkpoint
        self._post = post
        self._hurried = hurried
        self._text, signatures = signed_note.split(checkpoint.note)
        signer = log_signer()
        own = [s for s in signatures if (s.name, s.key_id) == (signer.name, signer.key_id)]
        self._note = f"{self._text}\n{own[0].line()}"
        self._signed = {(s.name, s.key_id) for s in signatures}
        self._under_way: dict[Future[Reply], _Exchange] = {}

    def run(self) -> float:
        now = timezone.now()
        if self._checkpoint.witnessed_at is None and self._enough(self._checkpoint.note):
            self._checkpoint.witnessed_at = now
            self._checkpoint.save(update_fields=["witnessed_at"])
        missing = [w for w in self._asked.asked.values() if (w.key.name, w.key.key_id) not in self._signed]
        contacts = {witness.name: _contact(witness) for witness in missing}
        for witness in missing:
            contact = contacts[witness.name]
            # A time further off than any pause was set by a clock that has been put back since.
            if contact.next_try is None or not timedelta() < contact.next_try - now <= timedelta(seconds=LONGEST_PAUSE):
                self._send(_Exchange(witness, contact, min(contact.size, self._checkpoint.size), 1))
        self._collect()
        waiting = [contact.next_try for contact in contacts.values() if contact.next_try is not None]
        seconds = ((next_try - timezone.now()).total_seconds() for next_try in waiting)
        return max(0.0, min(seconds, default=IDLE_SECONDS))

    def _collect(self) -> None:
        end, patient_until = time.monotonic() + ROUND_SECONDS, 0.0
        while self._under_way:
            now = time.monotonic()
            if self._checkpoint.witnessed_at is not None:
                patient_until = patient_until or now + GRACE_SECONDS
                if now > patient_until and self._hurried():
                    break
            done, _ = wait(self._under_way, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
            if not done and now > end:
                break
            for future in done:
                self._take(self._under_way.pop(future), future)
        for future, exchange in self._under_way.items():
            future.cancel()
            self._fail(exchange, "it did not answer in time")

    def _send(self, exchange: _Exchange) -> None:
        hashes = (
            tiles.consistency_proof(exchange.old_size, self._checkpoint.size, store.read_tile)
            if exchange.old_size
            else []
        )
        future = self._post(exchange.witness.url, witnessing.encode(exchange.old_size, hashes, self._note))
        self._under_way[future] = exchange

    def _take(self, exchange: _Exchange, future: Future[Reply]) -> None:
        try:
            reply = future.result()
            if reply.status == witnessing.ConflictError.status:
                self._ask_again(exchange, witnessing.read_size(reply.body))
            elif reply.status == 200:
                self._keep(exchange, reply)
            else:
                raise _FailedError(_refusal(reply))
        except CancelledError:
            return  # the program ends; nobody failed
        except (UnreachableError, BadAnswerError, _FailedError) as error:
            self._fail(exchange, str(error))

    def _ask_again(self, exchange: _Exchange, size: int) -> None:
        """Ask from the size that the witness says it knows."""
        if size > self._checkpoint.size:
            raise _FailedError(
                f"it says that it cosigned {size:,} entries of this log, which has {self._checkpoint.size:,}: it is "
                "wrong, or this store is an old copy"
            )
        if size == exchange.old_size:
            raise _FailedError(
                f"it says that it cosigned {size:,} entries of this log with another root: it is wrong, or this log "
                "was forked"
            )
        if exchange.number == MOST_EXCHANGES:
            raise _FailedError("it names another size each time that it is asked")
        if size < exchange.contact.size:
            _log.warning("a witness went back", witness=exchange.witness.name, size=size, was=exchange.contact.size)
        self._send(_Exchange(exchange.witness, exchange.contact, size, exchange.number + 1))

    def _keep(self, exchange: _Exchange, reply: Reply) -> None:
        now = timezone.now()
        line = witnessing.read_cosignature(reply.body, self._text, exchange.witness.key, int(now.timestamp())).line()
        with transaction.atomic():
            row = Checkpoint.objects.select_for_update().get(pk=self._checkpoint.pk)
            if line not in row.note:
                row.note += line
            if row.witnessed_at is None and self._enough(row.note):
                row.witnessed_at = now
            row.save(update_fields=["note", "witnessed_at"])
            contact = exchange.contact
            contact.size, contact.cosigned_at = row.size, now
            contact.failures, contact.trouble, contact.next_try = 0, "", None
            contact.save()
        self._checkpoint = row

    def _enough(self, note: str) -> bool:
        try:
            self._asked.policy.check(note, [log_signer().verifier])
        except policy.UntrustedError:
            return False
        return True

    def _fail(self, exchange: _Exchange, trouble: str) -> None:
        contact = exchange.contact
        trouble = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in trouble)
        contact.failures += 1
        pause = min(FIRST_PAUSE * 2 ** (contact.failures - 1), LONGEST_PAUSE)
        contact.trouble, contact.next_try = trouble[:500], timezone.now() + timedelta(seconds=pause)
        contact.save()
        _log.warning("a witness did not cosign", witness=exchange.witness.name, reason=trouble, next_try_seconds=pause)


def _contact(witness: Witness) -> WitnessContact:
    contact, _ = WitnessContact.objects.get_or_create(name=witness.key.name, key_id=witness.key.key_id.hex())
    return contact


def _refusal(reply: Reply) -> str:
    words = " ".join(reply.body[:200].decode(errors="replace").split())
    meaning = {
        403: "it does not take this log's signature; give its operator this log's key (`sameboat log key`)",
        404: "it does not watch this log; give its operator this log's key (`sameboat log key`)",
        422: "it does not find that this log extends what it cosigned: it is wrong, or this log was forked",
    }
    return f"{meaning.get(reply.status, f'it answered {reply.status}')} ({words})"
