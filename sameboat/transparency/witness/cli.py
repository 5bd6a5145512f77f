"""`sameboat witness …`: run a witness for other people's logs."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from sameboat.transparency.witness.memory import WatchedLog

witness = typer.Typer(
    no_args_is_help=True, help="A witness: cosign other people's logs, if they only ever grew. Needs no database."
)

Home = Annotated[
    Path | None, typer.Option("--home", help="The witness's folder; without it, `witness` in SAMEBOAT_HOME.")
]
Name = Annotated[
    str,
    typer.Option(
        envvar="SAMEBOAT_WITNESS_NAME",
        help="The witness's name, for good: an address without https://. Needed the first time.",
    ),
]


def _home(given: Path | None) -> Path:
    return given or Path(os.environ.get("SAMEBOAT_HOME", "data")).resolve() / "witness"


@witness.command()
def serve(
    home: Home = None,
    name: Name = "",
    host: Annotated[str, typer.Option(envvar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", help="Port to listen on; 0 takes a free one.")] = 8001,
) -> Any:
    """Answer the logs that ask for a cosignature, by c2sp.org/tlog-witness, until stopped.

    Cosigns only what extends the last checkpoint it cosigned. Put a web server with HTTPS before it.

    \b
    sameboat witness serve --name witness.example.org/1
    sameboat witness serve --home /srv/witness --port 9001
    """
    from sameboat.transparency.witness import serving

    serving.serve(_home(home), name, host, port, on_ready=lambda address: typer.echo(f"ready {address}"))


@witness.command()
def add_log(
    vkey: Annotated[str, typer.Argument(help="The log's public key (NAME+ID+BASE64), got from its owner.")],
    home: Home = None,
    name: Name = "",
) -> Any:
    """Watch a log. A running witness knows it at once; a log that changed its key is added again with the new one.

    \b
    sameboat witness add-log 'relief.example/log+1a2b3c4d+AXh…'
    """
    from sameboat.transparency.engine import cosignature
    from sameboat.transparency.engine.signed_note import KeyFormatError
    from sameboat.transparency.errors import BadInput
    from sameboat.transparency.witness.keys import open_home

    try:
        key = cosignature.trusted_key(vkey)
    except KeyFormatError as error:
        raise BadInput(f"the log's key: {error}") from error
    if len(key.name.encode()) > cosignature.MAX_NAME_BYTES:
        raise BadInput(f"the log's name has more than {cosignature.MAX_NAME_BYTES} bytes")
    memory, signers = open_home(_home(home), name)
    with memory:
        new = memory.watch(key.name, vkey, int(time.time()))
    return {"log": key.name, "new": new, "witness": signers[0].verifier.name}


@witness.command()
def key(
    home: Home = None,
    name: Name = "",
    ml_dsa: Annotated[
        bool, typer.Option("--ml-dsa", help="Make a second key, ML-DSA-44, that quantum computers cannot forge.")
    ] = False,
) -> Any:
    """Print the witness's public keys, for the logs' policies. They are made on first use.

    \b
    sameboat witness key --name witness.example.org/1
    sameboat witness key --ml-dsa
    """
    from sameboat.transparency.witness.keys import KEY_FILES, open_home

    memory, signers = open_home(_home(home), name, ml_dsa)
    memory.__exit__()
    return [{"kind": KEY_FILES[s.verifier.signature_type], "vkey": s.verifier.vkey} for s in signers]


@witness.command()
def logs(home: Home = None, name: Name = "") -> Any:
    """Show the logs that are watched, and how far each was cosigned. Exits with 1 if one showed two histories.

    \b
    sameboat witness logs
    sameboat witness logs --json
    """
    from sameboat.transparency.witness.keys import open_home

    memory, _ = open_home(_home(home), name)
    with memory:
        watched = memory.logs()
        return Watched(watched, {log.origin: memory.forks(log.origin) for log in watched if log.forks})


@dataclass(frozen=True, slots=True)
class Watched:
    """The watched logs in words and as JSON, with the forks that were seen, as pairs of notes."""

    logs: list["WatchedLog"]
    forks: dict[str, list[tuple[str, str]]]

    @property
    def wrong(self) -> bool:
        return bool(self.forks)

    def as_json(self) -> Any:
        return [
            {
                "log": log.origin,
                "vkeys": list(log.vkeys),
                "size": log.last.size,
                "root": log.last.root.hex(),
                "cosigned_at": log.last.at or None,
                "forks": [{"cosigned": first, "other": other} for first, other in self.forks.get(log.origin, [])],
            }
            for log in self.logs
        ]

    def as_text(self) -> Iterator[str]:
        if not self.logs:
            yield "No log is watched; add one with `sameboat witness add-log VKEY`."
        for log in self.logs:
            at = datetime.fromtimestamp(log.last.at, UTC)
            how_far = f"{log.last.size:,} entries, cosigned {at:%Y-%m-%d %H:%M:%S} UTC" if log.last.at else "not yet"
            yield f"{log.origin}: {how_far}"
            for first, other in self.forks.get(log.origin, []):
                yield "This log signed two histories. Make both known, in public:"
                yield from (f"  {line}" for line in f"{first}\n{other}".splitlines())
