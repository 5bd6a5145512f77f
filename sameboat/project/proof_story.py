"""`sameboat verify`: check a proof file and tell what it proves, step by step, in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sameboat.registry.engine.quantity import QuantityError, money
from sameboat.transparency.engine import policy as policies
from sameboat.transparency.engine import proof_file
from sameboat.transparency.engine.cosignature import trusted_key
from sameboat.transparency.engine.signed_note import KeyFormatError
from sameboat.transparency.errors import BadInput, FoundWrong

SEAL = "印"
"""The mark of a signature that verifies, and of nothing else."""

_WORDS = {
    "need.published": "asked for {amount}",
    "need.confirmed": "said that the need still stands",
    "need.met": "has what was needed",
    "need.stopped": "withdrew the need",
    "campaign.filed": "filed a campaign",
    "fund.opened": "opened a fund",
    "pledge.made": "promised {amount}",
    "pledge.cancelled": "took the promise back",
    "donation.received": "received {amount}",
    "goods.received": "received {amount}",
    "allocation.decided": "set {amount} aside for {receiver}",
    "allocation.cancelled": "took an allocation of {amount} back",
    "goods.handed_over": "handed {amount} to {receiver}",
    "goods.received_by": "signed for {amount}",
    "money.disbursed": "paid {amount} to {recipient}",
    "money.received_by": "signed for {amount}",
    "organisation.registered": "registered {organisation}",
    "emergency.declared": "declared an emergency",
    "key.registered": "registered the device key {key}",
    "key.revoked": "revoked the device key {key}",
}


class ProofRefusedError(FoundWrong):
    """The file does not prove what it claims."""

    code = "not-proved"


def verify_file(path: Path, vkeys: Sequence[str], policy: Path | None) -> "ProofStory":
    """Return the story of a proof file in which everything was checked.

    Raises BadInput for a key or policy that is none, ProofRefusedError for a file that does not verify, OSError for
    one that cannot be read.
    """
    try:
        trusted = [trusted_key(vkey) for vkey in vkeys]
    except KeyFormatError as error:
        raise BadInput(f"--vkey: {error}") from error
    try:
        rules = None if policy is None else policies.parse(policy.read_bytes())
    except policies.PolicyError as error:
        raise BadInput(f"{policy}: {error}") from error
    with path.open("rb") as file:
        data = file.read(proof_file.MAX_BYTES + 1)
    try:
        return ProofStory(proof_file.verify(data, trusted, rules))
    except proof_file.ProofFileError as error:
        raise ProofRefusedError(f"{path}: {error}") from error


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the proof in words: its index, event type, when, who, and what was done."""

    index: int
    type: str
    event_time: str
    who: str
    what: str
    signed: str | None


@dataclass(frozen=True, slots=True)
class ProofStory:
    """A verified proof, told."""

    verified: proof_file.Verified

    @property
    def wrong(self) -> bool:
        return False

    def steps(self) -> list[Step]:
        """Return the entries as steps, in the log's order."""
        contents = [(entry.index, entry.content) for entry in self.verified.entries]
        names = _names([content for _, content in contents])
        return [_step(index, content, names) for index, content in contents]

    def as_json(self) -> dict[str, Any]:
        proved = self.verified
        return {
            "ok": True,
            "log": {"origin": proved.log.name, "vkey": proved.log.vkey, "key_source": proved.key_source},
            "checkpoint": {"size": proved.checkpoint.size, "root": proved.checkpoint.root.hex()},
            "witnesses": [{"name": w.name, "time": w.time, "known": w.known} for w in proved.witnesses],
            "entries": [
                {
                    "index": entry.index,
                    "content": entry.content,
                    "opened": {opening.name: opening.value for opening in entry.openings},
                }
                for entry in proved.entries
            ],
        }

    def as_text(self) -> Iterator[str]:
        proved = self.verified
        count = "1 entry stands" if len(proved.entries) == 1 else f"{len(proved.entries)} entries stand"
        yield f"{SEAL}  Proved: {count} in the log {proved.log.name}"
        yield f"    of {proved.checkpoint.size:,} entries, under the root {proved.checkpoint.root.hex()},"
        yield f"    signed by the log's key {proved.log.key_id.hex()}."
        yield ""
        for step in self.steps():
            yield f"{step.event_time:<25}  {step.who} {step.what}"
            yield f"{'':<25}  entry {step.index:,}, {step.type}{f', signed {step.signed}' if step.signed else ''}"
        for entry in proved.entries:
            for opening in entry.openings:
                yield f"{'':<25}  entry {entry.index:,} opens: {opening.name} = {opening.value}"
        yield ""
        if proved.witnesses:
            for witness in proved.witnesses:
                at = datetime.fromtimestamp(witness.time, UTC).isoformat(" ") if witness.time else "at an unknown time"
                known = "" if witness.known else " (its key came with the file)"
                yield f"Cosigned by {witness.name}, {at}{known}."
        else:
            yield "No witness cosigned it: you take the log's word that it shows everyone the same tree."
        if proved.key_source == "file":
            yield "The log's key came with the file. Compare it with the one that the log's owner publishes elsewhere,"
            yield f"or give that one with --vkey:  {proved.log.vkey}"


def _names(contents: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the names of the organisations that the proof itself registers, by their ids."""
    names = {"operator": "The operator", "unnamed": "A donor"}
    for content in contents:
        data = content.get("data")
        if content.get("type") == "organisation.registered" and isinstance(data, dict):
            names[str(data.get("organisation"))] = str(data.get("name_en") or data.get("name_zh") or "?")
    return names


def _step(index: int, content: Mapping[str, Any], names: Mapping[str, str]) -> Step:
    data = content.get("data")
    data = data if isinstance(data, dict) else {}
    kind, actor = str(content.get("type", "?")), str(content.get("actor", "?"))
    known = {name: names.get(value, value) for name, value in data.items() if isinstance(value, str)}
    words = _Known(known | {"amount": _amount(data)})
    signed = data.get("signed")
    method = signed.get("method") if isinstance(signed, dict) else None
    return Step(
        index=index,
        type=kind,
        event_time=str(content.get("event_time", "")),
        who=names.get(actor, actor),
        what=_WORDS.get(kind, "entered {amount}").format_map(words),
        signed={"device-key": "with a device key", "account": "with an account here"}.get(str(method)),
    )


class _Known(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "unknown"


def _amount(data: Mapping[str, Any]) -> str:
    goods, cash = data.get("goods"), data.get("money")
    if isinstance(goods, dict):
        quantity = goods.get("quantity")
        if isinstance(quantity, int):
            return f"{quantity:,} × {goods.get('item')} ({goods.get('unit')})"
        return f"{goods.get('item')}, quantity unknown"
    if isinstance(cash, dict):
        try:
            return f"{cash.get('currency')} {money(int(cash.get('units', 0)), str(cash.get('currency'))):,}"
        except (QuantityError, ValueError, TypeError):
            return "an amount that cannot be read"
    return "something"
