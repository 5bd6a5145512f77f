"""`sameboat situation update | report`: forecasts of a vintage, and a place's situation on paper."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

DAY = ["%Y-%m-%d"]


def update(
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=DAY, help="From the vintage of this day; without it, the newest."),
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=DAY, help="Make the round of every seventh day since this one too.")
    ] = None,
    signal: Annotated[str, typer.Option(help="What to forecast.")] = "cases.confirmed",
    source: Annotated[str, typer.Option(help="From which source: its code; without it, the first registered.")] = "",
) -> Any:
    """Forecast the coming weeks from a vintage alone, and put the forecast's hash on the log.

    A vintage from which forecasts were made before is left as it is. Run it whenever figures were published.

    \b
    sameboat situation update
    sameboat situation update --since 2020-02-06 --as-of 2020-05-08
    """
    from sameboat.progress import progress_bar
    from sameboat.registry import terminal
    from sameboat.situation.rounds import make_rounds

    with progress_bar("rounds") as progress:
        return make_rounds(
            terminal.operating(),
            signal,
            source,
            as_of.date() if as_of else None,
            since.date() if since else None,
            progress,
        )


def report(
    place: Annotated[str, typer.Argument(help="The place's code; without it, the country.")] = "",
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=DAY, help="As it stood at the end of this day; without it, now."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write here; without it, PLACE-DAY.pdf.")
    ] = None,
    lang: Annotated[str, typer.Option(help="en or zh-hans.")] = "en",
    signal: Annotated[str, typer.Option(help="What is counted.")] = "",
    address: Annotated[str, typer.Option(help="This installation's address, to stand in the report.")] = "",
) -> Any:
    """Write a place's situation as a PDF of one or two pages, to print and to send.

    \b
    sameboat situation report 420100 --as-of 2020-02-13 -o wuhan.pdf
    sameboat situation report --lang zh-hans --address https://relief.example
    """
    from sameboat.situation.rounds import write_report

    return write_report(place, as_of.date() if as_of else None, output, lang, signal, address.rstrip("/"))


def add_to(group: typer.Typer) -> None:
    """Give the room's group of commands these."""
    group.command("update")(update)
    group.command("report")(report)
