"""A witness that is killed again and again, by a log that shows two faces, still signs one history.

SAMEBOAT_WITNESS_KILLS sets how often; a few times unless it says otherwise.
"""

import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from sameboat.transparency.engine import checkpoint, merkle, signed_note, tiles, witnessing

from .two_histories import LOG
from .witness_processes import WitnessProcess, set_up

KILLS = int(os.environ.get("SAMEBOAT_WITNESS_KILLS", "8"))
LONGEST_LIFE = 0.4


@dataclass
class History:
    """A tree that can be extended in more than one way."""

    size: int
    tiles: dict

    def read(self, level, index, width):
        return self.tiles[level, index]

    @property
    def root(self):
        return tiles.root(self.size, self.read)

    def extended(self, face, count):
        leaves = [merkle.leaf_hash(f"{face} {self.size + number}".encode()) for number in range(count)]
        size, grown = tiles.grow(self.size, leaves, self.read)
        return History(size, {**self.tiles, **grown})

    def request(self, old_size):
        proof = tiles.consistency_proof(old_size, self.size, self.read) if old_size else []
        head = checkpoint.Checkpoint(LOG.name, self.size, self.root)
        return witnessing.encode(old_size, proof, signed_note.sign(checkpoint.encode(head), [LOG]))


class TwoFacedLog:
    """Extends what was cosigned last in two ways of one size, and tries to have both cosigned."""

    def __init__(self, chance):
        self.chance = chance
        self.history = History(0, {})
        self.faces = []
        self.cosigned = {}
        self.cut_short = 0

    def press(self, client, pool):
        """Ask for both faces at once, from every size that the witness might know; return whether all was answered."""
        if not self.faces:
            count = self.chance.randint(1, 4)
            self.faces = [self.history.extended(face, count) for face in "AB"]
        size = self.faces[0].size
        submissions = [(face, old_size) for old_size in (self.history.size, size) for face in self.faces]
        self.chance.shuffle(submissions)
        answers = list(pool.map(lambda s: self._submit(client, *s), submissions))
        for (face, _), answer in zip(submissions, answers, strict=True):
            if answer == 200:
                self.cosigned.setdefault(face.size, set()).add(face.root)
                self.history = face
        self.cut_short += None in answers and answers != [None] * len(answers)
        if 200 in answers:
            self.faces = []
        return None not in answers

    @staticmethod
    def _submit(client, face, old_size):
        try:
            return client.post("/add-checkpoint", content=face.request(old_size)).status_code
        except httpx.HTTPError:
            return None


def test_no_kill_makes_it_sign_two_histories(tmp_path, record_testsuite_property):
    """After any number of kills, at any instant, each size was cosigned with one root."""
    set_up(tmp_path, "witness.example/1", LOG.verifier)
    log = TwoFacedLog(random.Random(1))
    with ThreadPoolExecutor(4) as pool:
        for _ in range(KILLS):
            process = WitnessProcess(tmp_path, quick=True)
            killer = threading.Timer(log.chance.uniform(0, LONGEST_LIFE), process.kill)
            with httpx.Client(base_url=process.url, timeout=10) as client:
                killer.start()
                while log.press(client, pool):
                    pass
                killer.join()
        with WitnessProcess(tmp_path, quick=True) as process, httpx.Client(base_url=process.url, timeout=30) as client:
            log.press(client, pool)
    record_testsuite_property("cosigned sizes", len(log.cosigned))
    record_testsuite_property("kills between answers to requests under way at once", log.cut_short)
    assert not log.faces, "the witness that was not killed cosigned neither"
    assert all(len(roots) == 1 for roots in log.cosigned.values())
