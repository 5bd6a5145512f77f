"""OpenTimestamps: a calendar gathers hashes, and a Bitcoin block carries the root over them."""

import hashlib
import secrets
from datetime import UTC, datetime
from pathlib import Path

from sameboat.transparency.anchors import Anchored, AnchorError
from sameboat.transparency.anchors.posting import post
from sameboat.transparency.engine import ots
from sameboat.transparency.engine.ots import OtsError, Proof, Step
from sameboat.transparency.errors import BadInput

NONCE_BYTES = 16
DIGEST_TYPE = "application/x-www-form-urlencoded"


class OpenTimestamps:
    """Proofs as every OpenTimestamps program reads them; `trust` is a file of Bitcoin block headers, one a line in hex.

    The calendar sees the hash under a nonce, so not even which checkpoint it is.
    """

    suffix = "ots"

    def stamp(self, data: bytes, to: str) -> bytes:
        """Return a proof that is pending at the calendar `to`; its block is known some hours later."""
        digest, nonce = hashlib.sha256(data).digest(), secrets.token_bytes(NONCE_BYTES)
        message = hashlib.sha256(digest + nonce).digest()
        answer = post(f"{to.rstrip('/')}/digest", message, DIGEST_TYPE)
        try:
            known = ots.parse_branches(answer, len(message))
        except OtsError as error:
            raise AnchorError(f"{to} did not answer as a calendar does: {error}") from error
        return ots.encode(
            Proof(ots.SHA256, digest, (Step(ots.APPEND, nonce, (Step(ots.SHA256, b"", known),)),)),
        )

    def check(self, receipt: bytes, data: bytes, trust: str) -> Anchored:
        """Return the time of the earliest block in `trust` whose Merkle root the proof leads to."""
        try:
            proof = ots.parse(receipt)
        except OtsError as error:
            raise AnchorError(f"the receipt: {error}") from error
        if proof.hashed != ots.SHA256:
            raise AnchorError("the proof is over another hash than SHA-256, of which collisions may be known")
        if proof.digest != hashlib.sha256(data).digest():
            raise AnchorError(f"the proof is of the SHA-256 {proof.digest.hex()}, which is not this checkpoint's")
        blocks = {ots.merkle_root(header): header for header in _headers(trust)}
        words, times = [], []
        for attestation, message in ots.attested(proof.branches, proof.digest):
            if attestation.address is not None:
                words.append(f"pending at the calendar {attestation.address}")
            elif attestation.height is None or message is None:
                words.append(f"attested in a way unknown here ({attestation.kind.hex()})")
            elif message in blocks:
                times.append(ots.block_time(blocks[message]))
                words.append(f"in the Bitcoin block at height {attestation.height:,}, by the headers given")
            else:
                words.append(
                    f"said to be in the Bitcoin block at height {attestation.height:,}: compare its Merkle root with "
                    f"{message[::-1].hex()}"
                )
        since = datetime.fromtimestamp(min(times), UTC) if times else None
        return Anchored(since, proven=bool(times), words=words)


def _headers(trust: str) -> list[bytes]:
    if not trust:
        return []
    headers = []
    for number, line in enumerate(Path(trust).read_text("ascii", errors="replace").split(), 1):
        try:
            header = bytes.fromhex(line)
            worked = ots.has_work(header)
        except ValueError as error:
            raise BadInput(f"{trust}, line {number}: {error}") from error
        if not worked:
            raise BadInput(
                f"{trust}, line {number}: this header does not have the work that it claims; no block has it"
            )
        headers.append(header)
    return headers
