"""The witness itself: judges a request, remembers what it will cosign, and only then cosigns it."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import structlog

from sameboat.transparency.engine import witnessing
from sameboat.transparency.engine.cosignature import Signer
from sameboat.transparency.engine.witnessing import ForkError, RefusedError
from sameboat.transparency.witness.memory import Memory

_log = structlog.get_logger("sameboat.witness")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer over HTTP."""

    status: int
    body: str
    content_type: str = witnessing.TEXT_TYPE


class Cosigner:
    """A witness with its memory, its signers and its clock (POSIX seconds). Requests come one at a time."""

    def __init__(self, memory: Memory, signers: Sequence[Signer], clock: Callable[[], float] = time.time) -> None:
        self._memory = memory
        self._signers = signers
        self._clock = clock

    def answer(self, body: bytes) -> Answer:
        """Return the answer to a request to cosign. What it cosigns is on the disk before the cosignature is made."""
        try:
            submission = witnessing.parse(body)
        except RefusedError as refusal:
            return _refuse(refusal)
        origin, size, now = submission.head.origin, submission.head.size, int(self._clock())
        try:
            # The last checkpoint is read and replaced in one transaction: of two requests at once one sees the other.
            with self._memory.transaction():
                keys, last = self._memory.keys(origin), self._memory.last(origin)
                cosigned = witnessing.judge(submission, keys, last, now)
                self._memory.remember(origin, cosigned, submission.note)
        except ForkError as fork:
            if self._memory.keep_fork(origin, submission.note, now):
                _log.error("the log signed two histories", origin=origin, size=size)
            return _refuse(fork)
        except RefusedError as refusal:
            level = _log.warning if refusal.status == HTTPStatus.UNPROCESSABLE_ENTITY else _log.info
            level("not cosigned", origin=origin[:200], size=size, status=refusal.status, reason=str(refusal)[:300])
            return _refuse(refusal)
        except sqlite3.Error as error:
            _log.error("not cosigned: the memory cannot be written", reason=str(error))
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE, "the witness cannot write to its memory; try again later\n")
        lines = [signer.cosign(submission.text.encode(), cosigned.at) for signer in self._signers]
        _log.info("cosigned", origin=origin, size=size, old_size=last.size)
        return Answer(HTTPStatus.OK, witnessing.answer(lines))

    def standing(self) -> str:
        """Return who this witness is and what it cosigned last of each log, for people."""
        lines = [f"This is the witness {self._signers[0].verifier.name}.", "", "Its keys:"]
        lines += [f"  {signer.verifier.vkey}" for signer in self._signers]
        lines += ["", "What it cosigned last of each log that it watches:"]
        for log in self._memory.logs():
            lines += (
                ["", *(f"  {line}" for line in log.note.splitlines())] if log.note else ["", f"  {log.origin}: nothing"]
            )
            if log.forks:
                lines += ["", f"  THIS LOG SHOWED TWO HISTORIES ({log.forks} times)."]
        return "\n".join(lines) + "\n"


def _refuse(refusal: RefusedError) -> Answer:
    return Answer(refusal.status, refusal.body, refusal.content_type)
