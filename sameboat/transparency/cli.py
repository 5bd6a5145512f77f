"""`sameboat log …`: audit a log, export it, publish what waits. `sameboat witness …` stands in `witness/cli.py`."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sameboat.transparency.witness.cli import witness

if TYPE_CHECKING:
    from sameboat.transparency.auditor import Audit
    from sameboat.transparency.engine.policy import Policy

app = typer.Typer()
log = typer.Typer(no_args_is_help=True, help="The public log: audit it, export it, publish what waits.")
app.add_typer(log, name="log")
app.add_typer(witness, name="witness")


@log.command()
def audit(
    source: Annotated[
        str | None,
        typer.Argument(help="A folder of tiles or a log's address; without it, this installation's own store."),
    ] = None,
    vkey: Annotated[
        str, typer.Option(help="The log's public key (NAME+ID+BASE64), got from elsewhere than the log.")
    ] = "",
    policy: Annotated[
        Path | None, typer.Option(help="A tlog-policy file: which witnesses must have cosigned the checkpoint.")
    ] = None,
    origin: Annotated[
        str | None, typer.Option(help="What the log calls itself, where that is not the name of its key.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Processes that read entries; without it, as many as are worth while."),
    ] = None,
) -> Any:
    """Replay a whole log: tiles, signatures, and every balance.

    Any log in the C2SP tiled layout will do: entries that are not Sameboat's are counted and not judged. Trusts the
    key alone, and with a policy the witnesses that it names. Prints the totals by kind of account, and the
    first entries where the books do not balance or a signature does not hold. Exits with 1 if anything is wrong.

    \b
    sameboat log audit
    sameboat log audit https://relief.example --vkey 'relief.example/log+1a2b3c4d+AXh…'
    sameboat log audit ./mirror --vkey 'relief.example/log+1a2b3c4d+AXh…' --policy witnesses.policy
    """
    from sameboat.progress import progress_bar
    from sameboat.transparency import auditor, sources
    from sameboat.transparency.engine import cosignature
    from sameboat.transparency.engine.signed_note import KeyFormatError, NoteVerifier
    from sameboat.transparency.errors import BadInput

    try:
        given: NoteVerifier | None = cosignature.trusted_key(vkey) if vkey else None
    except KeyFormatError as error:
        raise BadInput(f"--vkey: {error}") from error
    rules = _read_policy(policy)
    if given is None and rules is not None and len(rules.logs) == 1:
        given = rules.logs[0].key
    if source is None:
        return _audit_own(given, rules, jobs)
    if given is None:
        raise BadInput(
            "give the log's public key with --vkey, got from somewhere else than the log itself: its owner's site, a "
            "newspaper, `sameboat log key` on the server"
        )
    with progress_bar("entries checked") as progress:
        return AuditStory(auditor.audit(sources.of(source), given, progress, rules, jobs, origin))


def _read_policy(path: Path | None) -> "Policy | None":
    from sameboat.transparency.engine import policy as policies
    from sameboat.transparency.errors import BadInput

    try:
        return None if path is None else policies.parse(path.read_bytes())
    except policies.PolicyError as error:
        raise BadInput(f"{path}: {error}") from error


def _audit_own(given: Any, rules: "Policy | None", jobs: int | None) -> "AuditStory":
    import django

    django.setup()
    from sameboat.progress import progress_bar
    from sameboat.transparency import auditor, keys, queries, sources
    from sameboat.transparency.errors import BadInput

    if given is None and not keys.has_key():
        raise BadInput("this SAMEBOAT_HOME has no log; run `sameboat demo` or `sameboat serve` first, or name a source")
    with progress_bar("entries checked") as progress:
        found = auditor.audit(sources.own_store(), given or keys.log_signer().verifier, progress, rules, jobs)
    auditor.compare(found, queries.posted_sums(below=found.size))
    return AuditStory(found)


@dataclass(frozen=True, slots=True)
class AuditStory:
    """An audit in words and as JSON."""

    found: "Audit"

    @property
    def wrong(self) -> bool:
        return self.found.wrong

    def as_json(self) -> dict[str, Any]:
        found = self.found
        return {
            "ok": not found.wrong,
            "origin": found.origin,
            "size": found.size,
            "root": found.root.hex(),
            "entries_by_type": dict(sorted(found.types.items())),
            "unknown_types": dict(sorted(found.unknown_types.items())),
            "witnesses": dict(found.witnesses),
            "device_signatures": found.device_signatures,
            "clock_went_back": found.clock_went_back,
            "first_went_back": found.first_went_back,
            "accounts": len(found.balances),
            "totals": [{"kind": k, "asset": a, "amount": n} for (k, a), n in found.totals().items()],
            "fault_count": found.fault_count,
            "faults": [asdict(fault) for fault in found.faults],
        }

    def as_text(self) -> Iterator[str]:
        found = self.found
        yield f"{found.origin}: {found.size:,} entries under the signed root {found.root.hex()}"
        yield "Every entry and every tile leads to that root."
        for name, seconds in found.witnesses.items():
            yield f"Cosigned by {name}, {datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC."
        yield f"{found.device_signatures:,} signatures by device keys were checked."
        if found.clock_went_back:
            yield (
                f"The clock went back {found.clock_went_back:,} times, first at entry {found.first_went_back:,}: times "
                "around there are what that clock said, the order is the log's."
            )
        yield ""
        yield "What the log's entries say:"
        for kind, count in sorted(found.types.items()):
            yield f"  {count:>12,}  {kind}"
        for kind, count in sorted(found.unknown_types.items()):
            yield f"  {count:>12,}  {kind}: unknown to this program, not judged"
        yield ""
        yield f"What its {len(found.balances):,} accounts hold, recomputed, in smallest units:"
        for (kind, asset), amount in found.totals().items():
            yield f"  {amount:>20,}  {asset:<40} {kind}"
        yield ""
        if not found.wrong:
            yield "The books balance."
            return
        yield f"{found.fault_count:,} things are wrong. The first:"
        for fault in found.faults:
            yield f"  entry {fault.index:,} ({fault.type}): {fault.problem}"


@log.command("check-promise")
def check_promise(
    file: Annotated[Path, typer.Argument(help="The promise: the note, or its Base64 from the header of an answer.")],
    source: Annotated[
        str | None,
        typer.Option(
            "--log", help="A folder of tiles or the log's address; without it, this installation's own store."
        ),
    ] = None,
    vkey: Annotated[str, typer.Option(help="The log's public key (NAME+ID+BASE64), got from elsewhere.")] = "",
) -> Any:
    """Say whether the log kept its promise to publish an entry: kept, not due yet, or broken.

    Where it was broken the answer holds the evidence: the promise and a later checkpoint, both signed by the log's
    key, the entry in no place of its tree. Exits with 1 then.

    \b
    sameboat log check-promise pledge.sameboat-promise.txt
    sameboat log check-promise promise.txt --log https://relief.example --vkey 'relief.example/log+1a2b3c4d+AXh…'
    """
    from sameboat.transparency import promise_checking

    return promise_checking.check(file, source, vkey)


@log.command("anchor")
def anchor(
    kind: Annotated[str, typer.Argument(help="rfc3161, opentimestamps, evm, or a plug-in's name.")],
    folder: Annotated[Path, typer.Argument(help="Where the checkpoint and its receipt are kept.")],
    to: Annotated[
        str, typer.Option(help="The address of the time-stamping authority, the calendar, or a node of the chain.")
    ],
) -> Any:
    """Have others attest when the latest checkpoint existed; they are sent its hash and nothing else.

    \b
    sameboat log anchor rfc3161 ./anchors --to https://tsa.example/tsr
    sameboat log anchor opentimestamps ./anchors --to https://calendar.example
    sameboat log anchor evm ./anchors --to http://127.0.0.1:8545
    """
    from sameboat.transparency import anchoring

    return anchoring.anchor_latest(kind, folder, to)


@log.command("check-anchor")
def check_anchor(
    receipt: Annotated[Path, typer.Argument(help="The receipt, such as 000000006828.checkpoint.tsr.")],
    checkpoint: Annotated[
        Path | None, typer.Option(help="The checkpoint it is of; without it, the file named like the receipt.")
    ] = None,
    trust: Annotated[
        str,
        typer.Option(
            help="What you believe: the authority's root (PEM), Bitcoin block headers (hex lines), a node's address."
        ),
    ] = "",
    vkey: Annotated[str, typer.Option(help="The log's public key (NAME+ID+BASE64), got from elsewhere.")] = "",
) -> Any:
    """Say since when a checkpoint existed at the latest, by a receipt that its log's owner could not make.

    \b
    sameboat log check-anchor 000000006828.checkpoint.tsr --trust tsa-root.pem
    sameboat log check-anchor 000000006828.checkpoint.ots --trust headers.txt
    sameboat log check-anchor 000000006828.checkpoint.evm --trust http://127.0.0.1:8545
    """
    from sameboat.transparency import anchoring

    return anchoring.check_anchor(receipt, checkpoint, trust, vkey)


@log.command()
def key() -> Any:
    """Print the log's public key, for others to pin and to give to --vkey.

    \b
    sameboat log key
    """
    from sameboat.transparency import keys

    return {"vkey": keys.log_vkey()}


@log.command()
def export(folder: Annotated[Path, typer.Argument(help="Where to write; made if it is missing.")]) -> Any:
    """Write the whole log as plain files that any web server can serve.

    What is there already is not written again, so the same command keeps a mirror up to date.

    \b
    sameboat log export ./mirror
    """
    from sameboat.progress import progress_bar
    from sameboat.transparency.export import export as write

    with progress_bar("bundles written") as progress:
        return asdict(write(folder, progress))


@log.command()
def publish() -> Any:
    """Publish what waits, once, and ask the witnesses; while a server or sequencer runs there is no need to.

    \b
    sameboat log publish
    """
    from sameboat.transparency import actions, cosigning, queries, witness_policy
    from sameboat.transparency.witness_courier import Courier

    while actions.publish() is not None:
        pass
    if witness_policy.witnesses() is not None:
        with Courier() as courier:
            cosigning.gather(courier.post)
    state = queries.state()
    return {"size": state.size} if state.witnessed_size is None else asdict(LogSizes(state.size, state.witnessed_size))


@dataclass(frozen=True, slots=True)
class LogSizes:
    """How many entries are published, and how many under a checkpoint that enough witnesses cosigned."""

    size: int
    witnessed_size: int


@log.command(name="witnesses")
def show_witnesses() -> Any:
    """Show the witnesses that this log asks: what each cosigned last, and what is wrong.

    
    sameboat log witnesses
    """
    from sameboat.transparency import queries
    from sameboat.transparency.errors import BadInput

    states = queries.witness_states()
    if not states:
        raise BadInput("this log asks no witnesses; name a policy file in SAMEBOAT_WITNESSES (docs/witness.md)")
    return [asdict(state) for state in states]


@log.command()
def sequence() -> Any:
    """Publish what waits, until stopped: a sequencer in a process of its own.

    For servers that run with `sameboat serve --no-sequencer`. A second one stands by until the first ends.

    \b
    sameboat log sequence
    """
    import signal
    import threading

    from sameboat.transparency import sequencer, store

    store.check_store()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    sequencer.run(stop)
