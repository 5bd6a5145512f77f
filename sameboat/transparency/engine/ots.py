"""OpenTimestamps proofs (`.ots`): read, written and followed. Source: github.com/opentimestamps, python-opentimestamps.

A proof leads from a file's digest by hashing and joining to messages that somebody attests: a calendar that holds them
until a block has them (pending), or a Bitcoin block whose Merkle root is that message. Only the one spelling that
`encode` writes is taken. Nothing here asks anybody: whether a block's Merkle root is the message, the caller finds out.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_BYTES = 1_000_000
MAX_MESSAGE = 4_096
MAX_DEPTH = 256
MAX_PAYLOAD = 8_192
MAX_ADDRESS = 1_000

MAGIC = b"\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94"
VERSION = 1

ATTESTATION, FORK = 0x00, 0xFF
SHA1, RIPEMD160, SHA256, KECCAK256 = 0x02, 0x03, 0x08, 0x67
APPEND, PREPEND, REVERSE, HEXLIFY = 0xF0, 0xF1, 0xF2, 0xF3

PENDING = bytes.fromhex("83dfe30d2ef90c8e")
BITCOIN = bytes.fromhex("0588960d73d71901")

HASHES = {SHA1: 20, RIPEMD160: 20, SHA256: 32, KECCAK256: 32}
"""The hashing steps, and the bytes each yields."""

_NAMES = {SHA1: "sha1", RIPEMD160: "ripemd160", SHA256: "sha256"}
_ADDRESS = re.compile(rb"[A-Za-z0-9\-._/:]{1,1000}")


class OtsError(ValueError):
    """Bytes that are not an OpenTimestamps proof."""


class UnknownStepError(ValueError):
    """A hash that this program cannot compute, so what follows it is not known."""


@dataclass(frozen=True, slots=True)
class Attestation:
    """Who attests a message: the 8 bytes of its kind, and what that kind says."""

    kind: bytes
    payload: bytes

    @property
    def address(self) -> str | None:
        """The calendar's address of a pending attestation."""
        if self.kind != PENDING:
            return None
        return _Reader(self.payload).text().decode("ascii")

    @property
    def height(self) -> int | None:
        """The block's height of a Bitcoin attestation."""
        return _Reader(self.payload).number() if self.kind == BITCOIN else None


@dataclass(frozen=True, slots=True)
class Step:
    """One computation on a message, and what follows from its result."""

    operation: int
    argument: bytes
    then: "Branches"

    def apply(self, message: bytes) -> bytes:
        """Return what the step makes of a message; raises UnknownStepError."""
        if self.operation == APPEND:
            return message + self.argument
        if self.operation == PREPEND:
            return self.argument + message
        if self.operation == REVERSE:
            return message[::-1]
        if self.operation == HEXLIFY:
            return message.hex().encode()
        try:
            return hashlib.new(_NAMES[self.operation], message, usedforsecurity=False).digest()
        except (KeyError, ValueError):
            raise UnknownStepError(f"this program cannot compute the hash {self.operation:#04x}") from None


Branches = tuple["Step | Attestation", ...]
"""What is known of one message: at least one step or attestation."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof of the file with `digest` under the hash `hashed` (one of HASHES)."""

    hashed: int
    digest: bytes
    branches: Branches


def parse(data: bytes) -> Proof:
    """Return the proof that `data` holds, nothing in it believed; raises OtsError."""
    if len(data) > MAX_BYTES:
        raise OtsError(f"the proof has {len(data)} bytes; at most {MAX_BYTES} are read")
    if not data.startswith(MAGIC):
        raise OtsError("the file does not begin as an OpenTimestamps proof does")
    reader = _Reader(data, len(MAGIC))
    if (version := reader.number()) != VERSION:
        raise OtsError(f"the proof has version {version}; only version {VERSION} is known")
    hashed = reader.byte()
    if hashed not in HASHES:
        raise OtsError(f"the proof's file is hashed by {hashed:#04x}, which is no hash of the format")
    proof = Proof(hashed, reader.take(HASHES[hashed]), reader.branches(HASHES[hashed], 0))
    reader.end()
    return proof


def parse_branches(data: bytes, length: int) -> Branches:
    """Return what a calendar answers for a message of `length` bytes; raises OtsError."""
    if len(data) > MAX_BYTES:
        raise OtsError(f"the calendar's answer has {len(data)} bytes; at most {MAX_BYTES} are read")
    reader = _Reader(data)
    branches = reader.branches(length, 0)
    reader.end()
    return branches


def encode(proof: Proof) -> bytes:
    """Return the bytes of a proof."""
    return b"".join([MAGIC, _number(VERSION), bytes([proof.hashed]), proof.digest, *_branches(proof.branches)])


def encode_branches(branches: Branches) -> bytes:
    """Return the bytes of what is known of a message, as a calendar answers it."""
    return b"".join(_branches(branches))


def pending(address: str) -> Attestation:
    """Return a calendar's attestation that it holds a message."""
    return Attestation(PENDING, _number(len(address)) + address.encode("ascii"))


def bitcoin(height: int) -> Attestation:
    """Return the attestation that the block at a height has the message as its Merkle root."""
    return Attestation(BITCOIN, _number(height))


def attested(branches: Branches, message: bytes) -> Iterator[tuple[Attestation, bytes | None]]:
    """Yield each attestation with the message that it attests, None where that cannot be computed here."""
    waiting: list[tuple[Branches, bytes | None]] = [(branches, message)]
    while waiting:
        found, at = waiting.pop()
        for item in found:
            if isinstance(item, Attestation):
                yield item, at
                continue
            try:
                waiting.append((item.then, None if at is None else item.apply(at)))
            except UnknownStepError:
                waiting.append((item.then, None))


def merkle_root(header: bytes) -> bytes:
    """Return the Merkle root in a Bitcoin block's 80-byte header, in the byte order of proofs; raises OtsError."""
    return _header(header)[36:68]


def block_time(header: bytes) -> int:
    """Return the time in a block's header, in POSIX seconds, true to about two hours; raises OtsError."""
    return int.from_bytes(_header(header)[68:72], "little")


def has_work(header: bytes) -> bool:
    """Return whether a block's hash meets the target that its header claims; raises OtsError."""
    bits = int.from_bytes(_header(header)[72:76], "little")
    target = (bits & 0x7FFFFF) << 8 * max(0, (bits >> 24) - 3)
    block = hashlib.sha256(hashlib.sha256(header).digest()).digest()
    return 0 < target < 1 << 224 and int.from_bytes(block, "little") <= target


def _header(header: bytes) -> bytes:
    if len(header) != 80:
        raise OtsError(f"a Bitcoin block's header has 80 bytes, not {len(header)}")
    return header


class _Reader:
    """Reads a proof from its start to its end."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data, self.at = data, at

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise OtsError(f"the proof ends at byte {len(self.data)}, in the middle: it was cut short")
        self.at += count
        return self.data[self.at - count : self.at]

    def byte(self) -> int:
        return self.take(1)[0]

    def end(self) -> None:
        if self.at != len(self.data):
            raise OtsError(f"{len(self.data) - self.at} bytes follow the end of the proof")

    def number(self) -> int:
        """Read an unsigned LEB128 number in its shortest spelling."""
        value, shift = 0, 0
        while True:
            part = self.byte()
            value |= (part & 0x7F) << shift
            if part < 0x80:
                if part == 0 and shift:
                    raise OtsError("a number in the proof is not in its shortest spelling")
                return value
            shift += 7
            if shift > 63:
                raise OtsError("a number in the proof is beyond 64 bits")

    def text(self, least: int = 1, most: int = MAX_ADDRESS) -> bytes:
        length = self.number()
        if not least <= length <= most:
            raise OtsError(f"{length} bytes stand where {least} to {most} may")
        return self.take(length)

    def branches(self, length: int, depth: int) -> Branches:
        """Read what is known of a message of `length` bytes."""
        if depth > MAX_DEPTH:
            raise OtsError(f"the proof has more than {MAX_DEPTH} steps one after another")
        found: list[Step | Attestation] = []
        while (tag := self.byte()) == FORK:
            found.append(self._item(self.byte(), length, depth))
        found.append(self._item(tag, length, depth))
        return tuple(found)

    def _item(self, tag: int, length: int, depth: int) -> Step | Attestation:
        if tag == ATTESTATION:
            return self._attestation()
        argument = self.text(1, MAX_MESSAGE) if tag in (APPEND, PREPEND) else b""
        lengths = {**HASHES, APPEND: length + len(argument), PREPEND: length + len(argument)}
        lengths |= {REVERSE: length, HEXLIFY: 2 * length}
        after = lengths.get(tag)
        if after is None:
            raise OtsError(f"the proof has the step {tag:#04x}, which is none of the format")
        if after > MAX_MESSAGE:
            raise OtsError(f"a message of the proof grows to {after} bytes; {MAX_MESSAGE} is the most")
        return Step(tag, argument, self.branches(after, depth + 1))

    def _attestation(self) -> Attestation:
        found = Attestation(self.take(8), self.text(0, MAX_PAYLOAD))
        inside = _Reader(found.payload)
        if found.kind == PENDING:
            if not _ADDRESS.fullmatch(inside.text()):
                raise OtsError("a calendar's address in the proof holds characters that none has")
            inside.end()
        elif found.kind == BITCOIN:
            inside.number()
            inside.end()
        return found


def _branches(branches: Branches) -> Iterator[bytes]:
    for number, item in enumerate(branches, 1):
        if number < len(branches):
            yield bytes([FORK])
        if isinstance(item, Attestation):
            yield bytes([ATTESTATION]) + item.kind + _number(len(item.payload)) + item.payload
            continue
        yield bytes([item.operation])
        if item.operation in (APPEND, PREPEND):
            yield _number(len(item.argument)) + item.argument
        yield from _branches(item.then)


def _number(value: int) -> bytes:
    parts = []
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
