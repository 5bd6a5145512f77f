"""The proof that a person takes home: entries of the log, and all it takes to check them without the log.

One JSON file, in canonical form and ended by a newline:

    {"checkpoint": the signed note,
     "entries": [{"entry": the entry's canonical JSON as a string,
                  "index": its place in the log,
                  "openings": [{"field_key", "fields", "name", "value", "whole_key"}, ...],
                  "proof": [hash in Base 64, ...]}, ...],
     "format": "sameboat-proof/v1",
     "log": the log's verifier key,
     "witnesses": [verifier key, ...]}

Nothing in it goes unchecked: entries stand under the root by their proofs, openings under their entry's commitment,
the root under the checkpoint, and every signature line of the checkpoint under one of the keys in the file, the log's
first, then the witnesses' in their order. So no bit of it can be changed unnoticed. What it cannot say is whether the
keys are the right ones (the reader brings them, or is told that they came with the file) and whether there is more: a
file from which a whole entry was taken out is a proof of the rest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from . import base64_text, canonical_json, checkpoint, commitment, cosignature, merkle, signed_note
from .checkpoint import Checkpoint, CheckpointError
from .commitment import CommitmentError, FieldOpening
from .layout import MAX_ENTRY_BYTES
from .policy import Policy, UntrustedError
from .signed_note import NoteVerifier, Verifier

FORMAT = "sameboat-proof/v1"
MAX_BYTES = 4_000_000
MAX_HASHES = 64  # a tree of at most 2**64 - 1 leaves is no higher

_ADVICE = "The file was changed or damaged: download it again, and keep this one if you trust its source."


class ProofFileError(ValueError):
    """A proof file that does not prove what it claims; the message says where and what to do next."""


class MalformedProofFileError(ProofFileError):
    """Bytes that are not a proof file."""


class UntrustedKeyError(ProofFileError):
    """A proof file of a log, or with witnesses, that the reader does not trust."""


class UnsignedCheckpointError(ProofFileError):
    """A proof file whose checkpoint is not signed by the keys in it."""


class UnprovenEntryError(ProofFileError):
    """An entry that is not in the log, or an opening that is not of its entry."""


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """An entry (canonical JSON), its index, its inclusion proof and the openings of some of its private fields."""

    index: int
    entry: bytes
    hashes: tuple[bytes, ...]
    openings: tuple[FieldOpening, ...] = ()

    @property
    def content(self) -> dict[str, Any]:
        """The entry's members. Raises CanonicalJsonError unless it is a JSON object in canonical form."""
        value = canonical_json.parse(self.entry)
        if not isinstance(value, dict):
            raise canonical_json.CanonicalJsonError("an entry is a JSON object")
        return value


@dataclass(frozen=True, slots=True)
class ProofFile:
    """What a proof file holds, nothing of it checked: verifier keys, the checkpoint as a signed note, the entries."""

    log: str
    checkpoint: str
    entries: tuple[ProvenEntry, ...]
    witnesses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness that cosigned, when (POSIX seconds, 0 for unknown), and whether the reader's policy knows its key."""

    name: str
    time: int
    known: bool


@dataclass(frozen=True, slots=True)
class Verified:
    """A proof file in which everything was checked.

    `key_source` is "given" if the reader brought the log's key, and "file" if it came with the file: then the file
    proves that one key signed all this, and not yet whose key it is.
    """

    key_source: Literal["given", "file"]
    log: Verifier
    checkpoint: Checkpoint
    witnesses: tuple[Witness, ...]
    entries: tuple[ProvenEntry, ...]


def build(log: str, note: str, entries: Iterable[ProvenEntry], witnesses: Iterable[str] = ()) -> bytes:
    """Return a proof file that has been verified.

    Parameters
    ----------
    log
        The log's verifier key.
    note
        The log's checkpoint. Of its signatures, those by `log` and `witnesses` are kept.
    entries
        What is to be proved under that checkpoint, in any order, each index once.
    witnesses
        Verifier keys of witnesses that may have cosigned.

    Raises
    ------
    ProofFileError
        If the parts do not make a proof, so that no file goes out that would not verify.

    """
    try:
        text, signatures = signed_note.split(note)
        by_key = {(signature.name, signature.key_id): signature for signature in reversed(signatures)}
        signed = {
            vkey: by_key[key.name, key.key_id]
            for vkey in [log, *sorted(set(witnesses))]
            if ((key := cosignature.trusted_key(vkey)).name, key.key_id) in by_key
        }
    except (signed_note.NoteError, signed_note.KeyFormatError) as error:
        raise UnsignedCheckpointError(f"the checkpoint for the proof file: {error}") from error
    file = ProofFile(
        log=log,
        checkpoint=text + "\n" + "".join(signature.line() for signature in signed.values()),
        entries=tuple(
            replace(entry, openings=tuple(sorted(entry.openings, key=lambda opening: opening.name)))
            for entry in sorted(entries, key=lambda entry: entry.index)
        ),
        witnesses=tuple(vkey for vkey in signed if vkey != log),
    )
    data = encode(file)
    verify(data)
    return data


def encode(file: ProofFile) -> bytes:
    """Return the bytes of a proof file, without checking what it proves."""
    value = {
        "format": FORMAT,
        "log": file.log,
        "witnesses": list(file.witnesses),
        "checkpoint": file.checkpoint,
        "entries": [
            {
                "index": entry.index,
                "entry": entry.entry.decode(),
                "proof": [base64_text.encode(value) for value in entry.hashes],
                "openings": [
                    {
                        "name": opening.name,
                        "value": opening.value,
                        "field_key": base64_text.encode(opening.field_key),
                        "whole_key": base64_text.encode(opening.whole_key),
                        "fields": dict(opening.fields),
                    }
                    for opening in entry.openings
                ],
            }
            for entry in file.entries
        ],
    }
    return canonical_json.encode(value) + b"\n"


def parse(data: bytes) -> ProofFile:
    """Return what a proof file holds, nothing of it checked but its form; raises MalformedProofFileError."""
    if len(data) > MAX_BYTES:
        raise MalformedProofFileError(f"the proof file has {len(data)} bytes; at most {MAX_BYTES} are read")
    if not data.endswith(b"\n"):
        raise MalformedProofFileError(f"the proof file does not end in a newline: it was cut short. {_ADVICE}")
    try:
        value = canonical_json.parse(data[:-1])
    except canonical_json.CanonicalJsonError as error:
        raise MalformedProofFileError(f"the proof file: {error}. {_ADVICE}") from error
    members = _members(value, "content", {"format", "log", "witnesses", "checkpoint", "entries"})
    if members["format"] != FORMAT:
        raise MalformedProofFileError(f"the file's format is not '{FORMAT}'; this program reads no other")
    entries = [_entry(item, f"entries[{i}]") for i, item in enumerate(_list(members["entries"], "entries"))]
    if not entries:
        raise _malformed("entries", "a list of at least one entry")
    _in_order([entry.index for entry in entries], "entries")
    witnesses = [_text(item, "witnesses") for item in _list(members["witnesses"], "witnesses")]
    _in_order(witnesses, "witnesses")
    return ProofFile(
        log=_text(members["log"], "log"),
        checkpoint=_text(members["checkpoint"], "checkpoint"),
        entries=tuple(entries),
        witnesses=tuple(witnesses),
    )


def verify(file: bytes | ProofFile, verifiers: Sequence[NoteVerifier] = (), policy: Policy | None = None) -> Verified:
    """Return what a proof file proves, with everything in it checked.

    Parameters
    ----------
    file
        The file's bytes, or what `parse` returned.
    verifiers
        The keys of logs that the reader trusts; with none, and none in the policy, the file's own key is used.
    policy
        Which witnesses must have cosigned, and further logs to trust.

    Raises
    ------
    ProofFileError
        One of its kinds: MalformedProofFileError, UntrustedKeyError, UnsignedCheckpointError, UnprovenEntryError.

    """
    if isinstance(file, bytes):
        file = parse(file)
    try:
        log = Verifier.from_vkey(file.log)
        witnesses = [cosignature.Verifier.from_vkey(vkey) for vkey in file.witnesses]
    except signed_note.KeyFormatError as error:
        raise MalformedProofFileError(f"a key in the proof file: {error}. {_ADVICE}") from error
    trusted = [*verifiers, *(party.key for party in policy.logs)] if policy else [*verifiers]
    if trusted and log not in trusted:
        names = ", ".join(f"{key.name} ({key.key_id.hex()})" for key in trusted)
        raise UntrustedKeyError(
            f"the file is of the log {log.name} (key {log.key_id.hex()}), and the trusted logs are {names}. "
            "If the log changed its key, get the new one from its owner, not from the file."
        )
    head = _signed_head(file, log, witnesses)
    known: frozenset[NoteVerifier] = frozenset()
    if policy:
        known = frozenset(party.key for party in policy.witnesses.values())
        try:
            policy.check(file.checkpoint, [log])
        except (UntrustedError, signed_note.NoteError) as error:
            raise UntrustedKeyError(f"the policy does not trust the file's checkpoint: {error}") from error
    _, signatures = signed_note.split(file.checkpoint)
    for number, entry in enumerate(file.entries, 1):
        _check_entry(entry, head, f"entry {number} of {len(file.entries)} (index {entry.index})")
    return Verified(
        key_source="given" if trusted else "file",
        log=log,
        checkpoint=head,
        witnesses=tuple(
            Witness(key.name, cosignature.timestamp(signature.signature), key in known)
            for key, signature in zip(witnesses, signatures[1:], strict=True)
        ),
        entries=file.entries,
    )


def _signed_head(file: ProofFile, log: Verifier, witnesses: Sequence[cosignature.Verifier]) -> Checkpoint:
    """Return the checkpoint, of which each signature line is by the log or a witness in the file, in their order."""
    try:
        _, signatures = signed_note.split(file.checkpoint)
        named: list[NoteVerifier] = [log, *witnesses]
        if [(s.name, s.key_id) for s in signatures] != [(key.name, key.key_id) for key in named]:
            raise UnsignedCheckpointError(
                f"the checkpoint's signatures are not those of the log and witnesses that the file names. {_ADVICE}"
            )
        head, _ = checkpoint.open(file.checkpoint, log, witnesses)
    except (signed_note.NoteError, CheckpointError) as error:
        raise UnsignedCheckpointError(f"the file's checkpoint: {error}. {_ADVICE}") from error
    return head


def _check_entry(entry: ProvenEntry, head: Checkpoint, where: str) -> None:
    try:
        content = entry.content
        merkle.verify_inclusion(merkle.leaf_hash(entry.entry), entry.index, head.size, entry.hashes, head.root)
        for opening in entry.openings:
            committed = content.get(commitment.ENTRY_MEMBER)
            if not isinstance(committed, str):
                raise CommitmentError(f"the entry has no private part, so '{opening.name}' opens nothing")
            commitment.check_field(committed, opening)
    except (canonical_json.CanonicalJsonError, merkle.ProofError, CommitmentError) as error:
        raise UnprovenEntryError(f"{where}: {error}. {_ADVICE}") from error


def _entry(value: Any, where: str) -> ProvenEntry:
    members = _members(value, where, {"index", "entry", "proof", "openings"})
    index, entry = members["index"], _text(members["entry"], where).encode()
    if type(index) is not int or index < 0:
        raise _malformed(f"{where}.index", "a number of 0 or more")
    if len(entry) > MAX_ENTRY_BYTES:
        raise _malformed(f"{where}.entry", f"at most {MAX_ENTRY_BYTES} bytes long")
    hashes = _list(members["proof"], f"{where}.proof")
    if len(hashes) > MAX_HASHES:
        raise _malformed(f"{where}.proof", f"at most {MAX_HASHES} hashes long")
    openings = _list(members["openings"], f"{where}.openings")
    opened = tuple(_opening(item, f"{where}.openings[{i}]") for i, item in enumerate(openings))
    _in_order([opening.name for opening in opened], f"{where}.openings")
    return ProvenEntry(index, entry, tuple(_bytes(item, f"{where}.proof") for item in hashes), opened)


def _opening(value: Any, where: str) -> FieldOpening:
    members = _members(value, where, {"name", "value", "field_key", "whole_key", "fields"})
    fields = members["fields"]
    if not isinstance(fields, dict):
        raise _malformed(f"{where}.fields", "an object")
    return FieldOpening(
        name=_text(members["name"], f"{where}.name"),
        value=members["value"],
        field_key=_bytes(members["field_key"], f"{where}.field_key"),
        whole_key=_bytes(members["whole_key"], f"{where}.whole_key"),
        fields={name: _text(field, f"{where}.fields") for name, field in fields.items()},
    )


def _members(value: Any, where: str, names: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != names:
        raise _malformed(where, f"an object with {', '.join(sorted(names))} and nothing else")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise _malformed(where, "a list")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise _malformed(where, "text")
    return value


def _in_order(keys: Sequence[Any], where: str) -> None:
    if list(keys) != sorted(set(keys)):
        raise _malformed(where, "in ascending order, each once")


def _bytes(value: Any, where: str) -> bytes:
    try:
        data = base64_text.decode(_text(value, where))
    except base64_text.Base64Error as error:
        raise MalformedProofFileError(f"the proof file's {where}: {error}. {_ADVICE}") from None
    if len(data) != merkle.HASH_SIZE:
        raise _malformed(where, f"{merkle.HASH_SIZE} bytes in Base 64")
    return data


def _malformed(where: str, should_be: str) -> MalformedProofFileError:
    return MalformedProofFileError(f"the proof file's {where} is not {should_be}. {_ADVICE}")
