"""Whom to believe: the logs and witnesses a reader trusts, and how many must agree. Source: c2sp.org/tlog-policy."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from . import checkpoint, cosignature, signed_note
from .checkpoint import Checkpoint
from .signed_note import KeyFormatError, NoteVerifier

MAX_BYTES = 1_000_000
MAX_LINES = 1_000  # the format asks readers to take at least 32 logs, 32 witnesses and 32 groups

_NONE = "none"
_COUNT = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


class PolicyError(ValueError):
    """A policy file that is not written as tlog-policy says."""


class UntrustedError(ValueError):
    """A checkpoint that the policy does not trust: too few of its witnesses signed, or none of its logs."""


@dataclass(frozen=True, slots=True)
class Party:
    """A log or a witness: its key, and the address that the policy gives, or None."""

    key: NoteVerifier
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses and groups, by name, of which at least `threshold` must agree."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trusted:
    """A checkpoint that a policy trusts, the log that signed it, and when each witness that agreed cosigned it.

    `witnesses` maps the policy's name of a witness to a POSIX time in seconds; 0 stands for a cosignature without time.
    """

    checkpoint: Checkpoint
    log: NoteVerifier
    witnesses: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Policy:
    """The logs to believe, the witnesses and groups by name, and the name of the witness or group that must agree.

    A group stands after the groups that are its members.
    """

    logs: tuple[Party, ...] = ()
    witnesses: Mapping[str, Party] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = _NONE

    def agrees(self, witnesses: Iterable[str]) -> bool:
        """Return whether these witnesses, by name, are a quorum."""
        agreed = {_NONE, *witnesses}
        for name, group in self.groups.items():
            if sum(member in agreed for member in group.members) >= group.threshold:
                agreed.add(name)
        return self.quorum in agreed

    def check(self, note: bytes | str, logs: Iterable[NoteVerifier] = (), origin: str | None = None) -> Trusted:
        """Return the checkpoint in `note` if a log of the policy, or of `logs`, signed it and the quorum agrees.

        The checkpoint must name `origin` as its log, by default the name of the key that signed it.

        Raises
        ------
        UntrustedError
            If too few witnesses cosigned it, or only other logs signed it.
        signed_note.NoteError, checkpoint.CheckpointError
            If the note or the checkpoint is not one, or a signature is wrong.

        """
        trusted_logs = [*(party.key for party in self.logs), *logs]
        keys = {(key.name, key.key_id): key for key in trusted_logs}
        for party in self.witnesses.values():
            keys.setdefault((party.key.name, party.key.key_id), party.key)
        opened = signed_note.open(note, keys.values())
        signatures = {(s.name, s.key_id): s.signature for s in opened.verified}
        head = checkpoint.parse(opened.text)
        signed_by = [key for key in trusted_logs if (key.name, key.key_id) in signatures]
        log = next((key for key in signed_by if (origin or key.name) == head.origin), None)
        if log is None:
            known = ", ".join(key.name for key in trusted_logs) or "none"
            raise UntrustedError(f"the checkpoint of '{head.origin}' is not signed by a trusted log; trusted: {known}")
        times = {
            name: cosignature.timestamp(signatures[party.key.name, party.key.key_id])
            for name, party in self.witnesses.items()
            if (party.key.name, party.key.key_id) in signatures
        }
        if not self.agrees(times):
            agreed = ", ".join(times) or "none"
            raise UntrustedError(
                f"too few witnesses: the policy asks for '{self.quorum}', and these cosigned: {agreed}"
            )
        return Trusted(head, log, times)


def parse(text: bytes | str) -> Policy:
    """Return the policy that a policy file writes; raises PolicyError, which names the line."""
    # Names are opaque octets, so those that are not UTF-8 are kept as they are.
    data = text.encode(errors="surrogateescape") if isinstance(text, str) else text
    if len(data) > MAX_BYTES:
        raise PolicyError(f"the policy has {len(data)} bytes; at most {MAX_BYTES} are read")
    control = next((byte for byte in data if (byte < 0x20 and byte not in b"\t\n") or byte == 0x7F), None)
    if control is not None:
        raise PolicyError(f"the policy holds the control character {control:#04x}; only tab and newline are allowed")
    if not data.endswith(b"\n"):
        raise PolicyError("the policy does not end in a newline; was it cut short?")
    lines = data.decode(errors="surrogateescape")[:-1].split("\n")
    if len(lines) > MAX_LINES:
        raise PolicyError(f"the policy has {len(lines)} lines; at most {MAX_LINES} are read")
    reader = _Reader()
    for number, line in enumerate(lines, 1):
        words = [word for word in re.split("[ \t]+", line) if word]
        if words and not words[0].startswith("#"):
            try:
                reader.read(words)
            except (PolicyError, KeyFormatError) as error:
                raise PolicyError(f"line {number} of the policy: {error}") from None
    return reader.policy()


class _Reader:
    def __init__(self) -> None:
        self.logs: list[Party] = []
        self.witnesses: dict[str, Party] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._log_keys: set[bytes] = set()
        self._witness_keys: set[bytes] = set()
        self._members: set[str] = set()
        self._lines: dict[str, Callable[..., None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._quorum,
        }

    def read(self, words: list[str]) -> None:
        keyword, *arguments = words
        line = self._lines.get(keyword)
        if line is None:
            raise PolicyError(f"'{keyword}' is not known; a line starts with log, witness, group or quorum")
        line(arguments)

    def policy(self) -> Policy:
        if self.quorum is None:
            raise PolicyError("the policy has no quorum line; write 'quorum NAME', or 'quorum none' to ask for nobody")
        return Policy(tuple(self.logs), self.witnesses, self.groups, self.quorum)

    def _log(self, arguments: list[str]) -> None:
        if not 1 <= len(arguments) <= 2:
            raise PolicyError("a log is written 'log VKEY [URL]'")
        key = cosignature.trusted_key(arguments[0])
        self._once(self._log_keys, arguments[0], "log")
        self.logs.append(Party(key, *arguments[1:]))

    def _witness(self, arguments: list[str]) -> None:
        if not 2 <= len(arguments) <= 3:
            raise PolicyError("a witness is written 'witness NAME VKEY [URL]'")
        name, vkey, *url = arguments
        self._new_name(name)
        key = cosignature.trusted_key(vkey)
        if not isinstance(key, cosignature.Verifier):
            raise PolicyError(f"the key of the witness '{name}' is not one for cosignatures (0x04 or 0x06)")
        self._once(self._witness_keys, vkey, "witness")
        self.witnesses[name] = Party(key, *url)

    def _group(self, arguments: list[str]) -> None:
        if len(arguments) < 3:
            raise PolicyError("a group is written 'group NAME all|any|NUMBER MEMBER...'")
        name, threshold, *members = arguments
        self._new_name(name)
        for member in members:
            if member not in self.witnesses and member not in self.groups:
                raise PolicyError(f"'{member}' is not a witness or group defined above")
            if member in self._members:
                raise PolicyError(f"'{member}' is already a member of a group; it can count only once")
            self._members.add(member)
        if threshold not in ("all", "any") and not _COUNT.fullmatch(threshold):
            raise PolicyError(f"'{threshold[:40]}' is not all, any or a number")
        needed = {"all": len(members), "any": 1}.get(threshold) or int(threshold)
        if needed > len(members):
            raise PolicyError(f"the group '{name}' asks for {needed} of {len(members)} members")
        self.groups[name] = Group(needed, tuple(members))

    def _quorum(self, arguments: list[str]) -> None:
        if len(arguments) != 1:
            raise PolicyError("the quorum is written 'quorum NAME'")
        if self.quorum is not None:
            raise PolicyError("the quorum was given above already")
        (name,) = arguments
        if name != _NONE and name not in self.witnesses and name not in self.groups:
            raise PolicyError(f"'{name}' is not a witness or group defined above")
        self.quorum = name

    def _new_name(self, name: str) -> None:
        if name == _NONE:
            raise PolicyError("'none' is reserved and cannot be a name")
        if name in self.witnesses or name in self.groups:
            raise PolicyError(f"the name '{name}' was given above already")

    @staticmethod
    def _once(seen: set[bytes], vkey: str, what: str) -> None:
        public_key = signed_note.parse_vkey(vkey)[2]
        if public_key in seen:
            raise PolicyError(f"this {what}'s public key was given above already")
        seen.add(public_key)
