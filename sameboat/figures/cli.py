"""`sameboat figures …`: figures as they stood, exports, and the check of every one against the log."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from sameboat.figures.command_words import FeedCode, day_of, feed_named, moment, vintage_row
from sameboat.figures.publishing_cli import figures
from sameboat.registry import terminal

app = typer.Typer()
app.add_typer(figures, name="figures")

Of = Annotated[str, typer.Option("--feed", help="Of this source; without it, the only one that says anything of it.")]
Definition = Annotated[str, typer.Option(help="By this definition; without it, the signal's first.")]
AsOf = Annotated[str, typer.Option(help="As it stood at the end of this day, or at a moment with its offset.")]


@figures.command("feeds")
def feeds() -> Any:
    """Show the sources of figures, each with its last vintage.

    \b
    sameboat figures feeds
    """
    from django.utils import timezone

    from sameboat.figures import overview, queries

    return [
        {
            "feed": state.feed.code,
            "name": state.feed.name,
            "publisher": state.feed.publisher.name if state.feed.publisher else "entered by the operator",
            "vintages": state.last.number if state.last else 0,
            "last": state.last.published_at if state.last else "nothing yet",
            "silent_since": state.silent_since or "",
        }
        for state in overview.feed_states(queries.feeds(), timezone.now())
    ]


@figures.command("vintages")
def vintages(feed: FeedCode, limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20) -> Any:
    """Show what a source published, newest first.

    \b
    sameboat figures vintages cn-nhc
    """
    from sameboat.figures import queries

    return [vintage_row(each) for each in queries.vintages(feed_named(feed), limit=limit)]


@figures.command("show")
def show(
    place: Annotated[str, typer.Argument(help="A place's code, such as 420100.")],
    signal: Annotated[str, typer.Argument(help="A signal's code, such as cases.confirmed.")],
    as_of: AsOf = "",
    feed: Of = "",
    definition: Definition = "",
    start: Annotated[str, typer.Option(help="From this day on.")] = "",
    until: Annotated[str, typer.Option(help="Up to this day.")] = "",
) -> Any:
    """Show a place's figures as they stood at any moment.

    \b
    sameboat figures show 420100 cases.confirmed --as-of 2020-02-11
    """
    from sameboat.figures import asked, queries
    from sameboat.figures.engine import decimals
    from sameboat.registry import asking
    from sameboat.registry.refusals import NotFound

    where, what = asking.place(place), asked.definition(signal, definition)
    asked_at = moment(as_of, "as_of") if as_of else None
    source = _only_feed(feed, place, signal)
    asked.check_past(source, asked_at)
    at = queries.vintage_as_of(source, asked_at)
    days = {name: day_of(text, name) if text else None for name, text in (("start", start), ("until", until))}
    line = queries.line(where, what.signal, at, definition=definition, **days) if at else None
    if line is None:
        raise NotFound(f"{source.code} had said nothing of {place} and {signal} by then.", "place")
    return [
        {
            "date": point.date.isoformat(),
            "value": None if point.value is None else decimals.written(point.value, what.signal.decimals),
            "missing": point.missing,
            "stated_in": point.vintage,
            "revised": point.date in line.revised,
        }
        for point in line.points
    ]


@figures.command("changes")
def changes(
    vintage: Annotated[str, typer.Argument(metavar="VINTAGE", help="The vintage's id.")],
    only_revised: Annotated[bool, typer.Option("--only-revised", help="Leave out figures that are new.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 200,
) -> Any:
    """Show what a vintage changed, each figure with what stood before.

    \b
    sameboat figures changes vint_01jd… --only-revised
    """
    from sameboat.figures import queries
    from sameboat.figures.engine import decimals

    found = terminal.there(queries.vintage(vintage), "vintage", vintage)

    def told(point: Any, places: int) -> str:
        if point is None:
            return "nothing"
        return point.missing if point.value is None else decimals.written(point.value, places)

    return [
        {
            "place": each.place.code,
            "signal": each.signal.code,
            "definition": each.definition.code,
            "date": each.now.date.isoformat(),
            "before": told(each.before, each.signal.decimals),
            "now": told(each.now, each.signal.decimals),
        }
        for each in queries.changes(found, only_revised=only_revised, limit=limit)
    ]


@figures.command("export")
def export(folder: Annotated[Path, typer.Argument(help="Where to write; made if it is missing.")]) -> Any:
    """Write every vintage's file and every signal in every format as a folder that any web server can serve.

    What has not changed is not written again. With `sameboat log export` into the same folder it can be checked alone.

    \b
    sameboat figures export ./mirror
    """
    from sameboat.figures.export.folder import export as write
    from sameboat.progress import progress_bar

    with progress_bar("sources written") as told:
        return asdict(write(folder, told))


@figures.command("verify")
def verify(
    feed: FeedCode,
    source: Annotated[
        str, typer.Option("--log", help="A folder of tiles or a log's address; without it, this installation's store.")
    ] = "",
    vkey: Annotated[str, typer.Option(help="The log's public key (NAME+ID+BASE64), got from elsewhere.")] = "",
    origin: Annotated[
        str | None, typer.Option(help="What the log calls itself, where that is not the name of its key.")
    ] = None,
    files: Annotated[
        str,
        typer.Option(help="A server or an exported folder with the figures; without it, where the log is."),
    ] = "",
    sample: Annotated[
        int, typer.Option(min=0, help="Of a server, how many series to compare with what it shows; 0: every one.")
    ] = 50,
) -> Any:
    """Replay every vintage of a source against the log: can every figure be reproduced?

    Reads the whole log from its signed checkpoint, fetches each vintage's file, compares its hash, and that each file
    follows the one before; then whether what is shown is what the files say. Trusts the key alone. Exits with 1 if
    anything is wrong.

    \b
    sameboat figures verify cn-nhc
    sameboat figures verify cn-nhc --log https://relief.example --vkey 'relief.example/log+1a2b3c4d+AXh…'
    sameboat figures verify cn-nhc --log ./mirror --vkey 'relief.example/log+1a2b3c4d+AXh…'
    """
    from sameboat.figures.check import chain as checking
    from sameboat.figures.check import sources as checked_sources
    from sameboat.progress import progress_bar
    from sameboat.transparency import sources

    key = _log_key(vkey, source)
    fetch = sources.of(source) if source else sources.own_store()
    place = files or source
    shown = checked_sources.of(place) if place else checked_sources.OwnStore()
    with progress_bar("entries read") as progress, progress_bar("files replayed") as told:
        few = sample if isinstance(shown, checked_sources.Server) else 0
        return checking.check(feed, fetch, key, shown, sample=few, origin=origin, progress=progress, told=told)


def _log_key(vkey: str, source: str) -> Any:
    from sameboat.transparency.engine.signed_note import KeyFormatError, Verifier
    from sameboat.transparency.errors import BadInput

    if vkey:
        try:
            return Verifier.from_vkey(vkey)
        except KeyFormatError as error:
            raise BadInput(f"--vkey: {error}") from error
    if source:
        raise BadInput("give the log's public key with --vkey, got from somewhere else than the log itself")
    import django

    django.setup()
    from sameboat.transparency import keys

    if not keys.has_key():
        raise BadInput("this SAMEBOAT_HOME has no log; run `sameboat demo` or `sameboat serve` first, or name a --log")
    return keys.log_signer().verifier


def _only_feed(code: str, place: str, signal: str) -> Any:
    from sameboat.figures import queries
    from sameboat.registry.refusals import Fault, InvalidInput, NotFound

    if code:
        return feed_named(code)
    speaking = queries.feeds_of(place, signal)
    if not speaking:
        raise NotFound(f"No source has said anything of {place} and {signal}.", "place")
    if len(speaking) > 1:
        known = ", ".join(each.code for each in speaking)
        raise InvalidInput([Fault("feed", f"Several sources speak of it: {known}. Choose one with --feed.")])
    return speaking[0]
