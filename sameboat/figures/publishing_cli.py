"""`sameboat figures …`, what changes something: register, define, publish, declare a break, explain."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sameboat.figures.command_words import FeedCode, day_of, feed_named, moment, vintage_row
from sameboat.registry import terminal
from sameboat.registry.terminal import Once

if TYPE_CHECKING:
    from sameboat.registry.acting import Act

figures = typer.Typer(no_args_is_help=True, help="Figures by place and day, every vintage kept.")

Member = Annotated[
    str,
    typer.Option(
        "--as", metavar="USERNAME", help="Act as this member of the publisher; without it the operator enters it."
    ),
]
English = Annotated[str, typer.Option("--text-en", help="In English.")]
Chinese = Annotated[str, typer.Option("--text-zh", help="In Chinese.")]


@figures.command("register-feed")
def register_feed(
    code: Annotated[str, typer.Argument(help="A short name for addresses, such as cn-nhc.")],
    name_en: Annotated[str, typer.Option(help="Its name in English.")] = "",
    name_zh: Annotated[str, typer.Option(help="Its name in Chinese.")] = "",
    publisher: Annotated[str, typer.Option(help="The organisation that publishes here: its id, or its name.")] = "",
    url: Annotated[str, typer.Option(help="Where it is published.")] = "",
    licence: Annotated[str, typer.Option(help="Under which licence.")] = "",
    zone: Annotated[str, typer.Option(help="The time zone of its days.")] = "Asia/Shanghai",
    every: Annotated[int, typer.Option(min=1, max=366, help="Days from one vintage to the next.")] = 1,
    once: Once = "",
) -> Any:
    """Register a source of figures. Without a publisher, the operator enters what others published.

    \b
    sameboat figures register-feed cn-nhc --name-en 'National Health Commission' --url https://www.nhc.gov.cn
    """
    from sameboat.figures.actions import feeds as actions

    made = actions.register_feed(
        terminal.operating(once),
        code=code,
        name_en=name_en,
        name_zh=name_zh,
        publisher=terminal.organisation(publisher) if publisher else None,
        url=url,
        licence=licence,
        zone=zone,
        cadence_days=every,
    )
    return {"feed": made.code, "id": made.public_id}


@figures.command("define")
def define(
    signal: Annotated[str, typer.Argument(help="What is counted: a code such as cases.confirmed.")],
    form: Annotated[str, typer.Option(help="cumulative, incidence, prevalence or index.")],
    unit_en: Annotated[str, typer.Option(help="The unit in English, such as people.")],
    unit_zh: Annotated[str, typer.Option(help="The unit in Chinese.")],
    code: Annotated[str, typer.Option(help="Of a later definition; the first has none.")] = "",
    name_en: Annotated[str, typer.Option(help="Its name in English.")] = "",
    name_zh: Annotated[str, typer.Option(help="Its name in Chinese.")] = "",
    decimals: Annotated[int, typer.Option(min=0, max=9, help="How many decimals its values have.")] = 0,
    text_en: English = "",
    text_zh: Chinese = "",
    url: Annotated[str, typer.Option(help="Where it is defined.")] = "",
    once: Once = "",
) -> Any:
    """State what exactly a signal counts.

    \b
    sameboat figures define cases.confirmed --form cumulative --unit-en people --unit-zh 人 --name-en 'Confirmed cases'
    """
    from sameboat.figures.actions import feeds as actions

    made = actions.state_definition(
        terminal.operating(once),
        signal=signal,
        form=form,
        unit_en=unit_en,
        unit_zh=unit_zh,
        code=code,
        name_en=name_en,
        name_zh=name_zh,
        decimals=decimals,
        text_en=text_en,
        text_zh=text_zh,
        url=url,
    )
    return {"definition": made.public_id, "signal": made.signal.code, "code": made.code}


@figures.command("publish")
def publish(
    feed: FeedCode,
    file: Annotated[Path, typer.Argument(help="CSV with the columns place, signal, date, value.")],
    published: Annotated[str, typer.Option(help="When the source published it: a day, or a moment with its offset.")],
    complete: Annotated[
        bool, typer.Option("--complete", help="These are all its figures: what is not among them is withdrawn.")
    ] = False,
    as_user: Member = "",
    once: Once = "",
) -> Any:
    """Publish what a source says now. Only what it changes is stored, hashed and put on the log.

    A line that cannot be used is kept with its reason and told here; the others stand.

    \b
    sameboat figures publish cn-nhc figures.csv --published 2020-02-12
    sameboat figures publish cn-nhc figures.csv --published 2020-02-12T10:00+08:00 --as statistician --complete
    """
    from sameboat.figures import overview, queries
    from sameboat.figures.actions.vintages import publish_vintage
    from sameboat.figures.engine import own_table
    from sameboat.registry.refusals import Fault, InvalidInput

    found = feed_named(feed)
    try:
        read = own_table.read(file.read_bytes(), {each.code: each.decimals for each in queries.signals()})
    except own_table.TableError as error:
        raise InvalidInput([Fault("file", str(error))]) from None
    vintage = publish_vintage(
        _acting(as_user, once),
        feed=found,
        published=moment(published, "published"),
        observations=read.observations,
        complete=complete,
        rejected=read.rejected,
        from_elsewhere=not as_user,
    )
    told = [f"line {row.line}: {row.problem}" for row in overview.rejected_lines(vintage)]
    return vintage_row(vintage) | ({"problems": told} if told else {})


@figures.command("map")
def set_mapping(
    feed: FeedCode,
    file: Annotated[Path, typer.Argument(help="The mapping, TOML or JSON; docs/figures-sources.md shows each kind.")],
    as_user: Member = "",
    once: Once = "",
) -> Any:
    """Declare how a source's own files are read from now on.

    \b
    sameboat figures map cn-nhc mapping.toml --as statistician
    """
    from sameboat.figures.actions.sources import set_mapping as declare
    from sameboat.registry.refusals import Fault, InvalidInput

    try:
        text = file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput([Fault("file", f"The mapping is not text in UTF-8: {error}.")]) from None
    made = declare(_acting(as_user, once), feed=feed_named(feed), text=text, from_elsewhere=not as_user)
    return {"feed": made.feed.code, "sha256": made.sha256}


@figures.command("read")
def read_source(
    feed: FeedCode,
    file: Annotated[Path, typer.Argument(help="The source's own file.")],
    published: Annotated[str, typer.Option(help="When the source published it: a day, or a moment with its offset.")],
    complete: Annotated[
        bool, typer.Option("--complete", help="It has all figures: what is not in it is withdrawn.")
    ] = False,
    as_user: Member = "",
    once: Once = "",
) -> Any:
    """Read a source's own file as its mapping says, and publish it.

    Where it cannot be read at all, that is put on the log, and the figures published before stand. Exits with 2 then.

    \b
    sameboat figures read cn-nhc 2020-02-12.csv --published 2020-02-12
    """
    from sameboat.figures import overview
    from sameboat.figures.actions import sources

    vintage = sources.published(
        sources.read_source(
            _acting(as_user, once),
            feed=feed_named(feed),
            data=file.read_bytes(),
            published=moment(published, "published"),
            complete=complete,
            from_elsewhere=not as_user,
        )
    )
    told = [f"line {row.line}: {row.problem}" for row in overview.rejected_lines(vintage)]
    return vintage_row(vintage) | ({"problems": told} if told else {})


@figures.command("break")
def declare_break(
    feed: FeedCode,
    place: Annotated[str, typer.Argument(help="A place's code; what lies in it is meant too.")],
    signal: Annotated[str, typer.Argument(help="A signal's code.")],
    day: Annotated[str, typer.Argument(help="From this day on.")],
    kind: Annotated[str, typer.Option(help="definition, correction or backlog.")],
    text_en: English = "",
    text_zh: Chinese = "",
    url: Annotated[str, typer.Option(help="Where it was announced.")] = "",
    as_user: Member = "",
    once: Once = "",
) -> Any:
    """Say that figures from a day on cannot be compared with those before.

    \b
    sameboat figures break cn-nhc 420000 cases.confirmed 2020-02-12 --kind definition --text-en 'Clinical cases count'
    """
    from sameboat.figures import asked
    from sameboat.figures.actions import feeds as actions
    from sameboat.registry import asking

    made = actions.declare_break(
        _acting(as_user, once),
        feed=feed_named(feed),
        place=asking.place(place),
        signal=asked.signal(signal),
        day=day_of(day, "day"),
        kind=kind,
        text_en=text_en,
        text_zh=text_zh,
        url=url,
        from_elsewhere=not as_user,
    )
    return {"break": made.public_id, "day": made.date.isoformat(), "kind": made.kind}


@figures.command("explain")
def explain(
    feed: FeedCode,
    place: Annotated[str, typer.Argument(help="A place's code.")],
    day: Annotated[str, typer.Argument(help="The day of the figures.")],
    until: Annotated[str, typer.Option(help="The last of their days.")] = "",
    signal: Annotated[str, typer.Option(help="A signal's code; without it, all of them.")] = "",
    text_en: English = "",
    text_zh: Chinese = "",
    url: Annotated[str, typer.Option(help="Where it was said.")] = "",
    as_user: Member = "",
    once: Once = "",
) -> Any:
    """Say why figures changed or look odd.

    \b
    sameboat figures explain cn-nhc 420100 2020-04-17 --text-en 'Deaths at home were added'
    """
    from sameboat.figures import asked
    from sameboat.figures.actions import feeds as actions
    from sameboat.registry import asking

    made = actions.explain(
        _acting(as_user, once),
        feed=feed_named(feed),
        place=asking.place(place),
        day=day_of(day, "day"),
        until=day_of(until, "until") if until else None,
        signal=asked.signal(signal) if signal else None,
        text_en=text_en,
        text_zh=text_zh,
        url=url,
        from_elsewhere=not as_user,
    )
    return {"explanation": made.public_id, "day": made.date.isoformat(), "until": made.until.isoformat()}


def _acting(as_user: str, once: str) -> "Act":
    return terminal.acting_as(as_user, once) if as_user else terminal.operating(once)
