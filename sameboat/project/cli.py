"""The `sameboat` command: the operator's day, and one group a room.

Nothing heavy is imported here: a command imports what it needs when it runs, so that `sameboat verify` starts fast.
Every command takes `--json` and returns what it has to say; printing, errors and exit codes are this module's.
"""

import functools
import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from sameboat.project import presenting, rooms

HELP = """Sameboat (同舟): every public claim can be checked.

Try first:  sameboat demo

Exit codes: 0 fine, 1 found something wrong, 2 a mistake in what was asked, 3 could not be done now.
"""

BEFORE_SETTINGS = {
    *("verify", "key make", "log audit", "log check-promise", "log check-anchor", "demo", "doctor"),
    *("situation evaluate", "situation rt", "situation nowcast", "situation simulate"),
    *("situation forecast", "situation check"),
    "figures verify",
}
"""Commands that need no settings, or look at the place before the settings do; nor does any of the witness's."""

AsJson = Annotated[bool, typer.Option("--json", help="Print the result, or the error, as JSON.")]


def _typer() -> typer.Typer:
    return typer.Typer(
        help=HELP,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


app = _typer()


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The proof file that a donor downloaded.")],
    vkey: Annotated[
        list[str] | None, typer.Option(help="The log's public key, got from elsewhere than the file. May be repeated.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(help="A tlog-policy file: which logs and witnesses to believe, and how many.")
    ] = None,
) -> Any:
    """Check a proof file, offline, and tell its story.

    \b
    sameboat verify gift.proof.json
    sameboat verify gift.proof.json --vkey 'relief.example/log+1a2b3c4d+AXh…'
    """
    from sameboat.project.proof_story import verify_file

    return verify_file(file, vkey or [], policy)


@app.command()
def demo(
    host: Annotated[str, typer.Option(envvar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", help="Port to listen on; 0 takes a free one.")] = 8000,
    load_only: Annotated[bool, typer.Option("--load-only", help="Load the figures and stop.")] = False,
    yes_public: Annotated[bool, typer.Option("--yes-public", help="Let strangers reach the demo accounts.")] = False,
) -> Any:
    """Load Wuhan's real figures of early 2020, once, and serve them.

    Takes under a minute the first time and seconds after that. The last line printed is `ready` and the address.

    \b
    sameboat demo
    SAMEBOAT_HOME=/tmp/wuhan PORT=9000 sameboat demo
    """
    from sameboat.project import demo as wuhan

    wuhan.settings_of_a_demo()
    set_up()
    from sameboat.project import serving

    serving.check_public(host, yes_public=yes_public)
    wuhan.load(presenting.say)
    if load_only:
        return None

    def on_ready(address: str) -> None:
        for line in wuhan.welcome(address):
            presenting.say(line)

    serving.serve(host, port, yes_public=yes_public, on_ready=on_ready)
    return None


@app.command()
def doctor() -> Any:
    """Look at everything that must be so: database, log, balances, keys, disk, clock.

    Every entry is hashed again, so it takes longer the longer the log. Exits with 1 if something is wrong.

    \b
    sameboat doctor
    sameboat doctor --json
    """
    from sameboat.project.self_check import diagnose

    return diagnose(set_up)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The archive to write; it must not exist.")],
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Put the keys in: who holds the archive can then sign as this log.")
    ] = False,
) -> Any:
    """Write the database to one archive, while the server runs.

    \b
    sameboat backup /backups/sameboat-2020-02-12.tar.gz
    sameboat backup /safe/with-keys.tar.gz --with-keys
    """
    from sameboat.progress import progress_bar
    from sameboat.project.backups import back_up

    with progress_bar("pages copied") as progress:
        return back_up(file, with_keys=with_keys, progress=progress)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="An archive that `sameboat backup` wrote.")],
    force: Annotated[bool, typer.Option("--force", help="Set aside what is in this home now.")] = False,
    mirror: Annotated[
        str, typer.Option(help="A mirror that others read, folder or address: the backup must hold all that it shows.")
    ] = "",
) -> Any:
    """Put a backup in this home's place, and check the log in it.

    A backup older than what this home has published, or than a mirror shows, is refused: going on from it would fork
    the log.

    \b
    SAMEBOAT_HOME=/srv/sameboat sameboat restore /backups/sameboat-2020-02-12.tar.gz
    SAMEBOAT_HOME=/srv/new sameboat restore /backups/newest.tar.gz --mirror https://mirror.example/log
    """
    from sameboat.project.backups import restore as put_back

    return put_back(file, force=force, mirror=mirror)


@app.command()
def serve(
    host: Annotated[str, typer.Option(envvar="HOST", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", help="Port to listen on; 0 takes a free one.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Web processes.")] = 1,
    sequencer: Annotated[bool, typer.Option(help="Publish what waits, in this process.")] = True,
    migrate: Annotated[bool, typer.Option("--migrate", help="Bring an older database up to date first.")] = False,
    yes_public: Annotated[bool, typer.Option("--yes-public", help="Let strangers reach demo accounts.")] = False,
) -> Any:
    """Serve the web pages and the API, and publish the log.

    A new database is set up. Before serving, the stored log is checked against its last checkpoint; if they disagree
    the server refuses to run and says why. SIGTERM ends it after the requests under way.

    \b
    sameboat serve
    HOST=0.0.0.0 PORT=80 SAMEBOAT_HOSTS=relief.example sameboat serve --workers 2
    """
    from sameboat.project import serving

    serving.serve(
        host,
        port,
        workers=workers,
        sequencer=sequencer,
        migrate=migrate,
        yes_public=yes_public,
        on_ready=lambda address: presenting.say(f"ready {address}"),
    )


@functools.cache
def commands() -> typer.Typer:
    """Return the whole command line: this module's commands and those of every room."""
    whole = _typer()
    whole.add_typer(app)
    for module in rooms.modules("cli"):
        whole.add_typer(module.app)
    _equip(whole, "")
    return whole


def _equip(group: typer.Typer, path: str) -> None:
    """Give every command of a group `--json`, settings, and one way to end."""
    for command in group.registered_commands:
        assert command.callback is not None
        name = command.name or command.callback.__name__.replace("_", "-")
        command.callback = _speaking(command.callback, f"{path} {name}".strip())
    for info in group.registered_groups:
        if info.typer_instance is not None:
            given = [name for name in (info.name, info.typer_instance.info.name) if isinstance(name, str)]
            _equip(info.typer_instance, " ".join([path, *given[:1]]).strip())


def _speaking(command: Callable[..., Any], name: str) -> Callable[..., None]:
    @functools.wraps(command)
    def run(*args: Any, as_json: bool = False, **kwargs: Any) -> None:
        try:
            if name not in BEFORE_SETTINGS and not name.startswith("witness "):
                set_up()
            elif name == "log audit":
                rooms.load_event_types()
            code = presenting.show(command(*args, **kwargs), as_json=as_json)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = presenting.FINE
        except Exception as error:
            failure = presenting.failure_of(error)
            if failure is None:
                raise
            code = presenting.show_failure(failure, as_json=as_json)
        raise typer.Exit(code)

    signature = inspect.signature(command, eval_str=True)
    asked = inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=AsJson)
    run.__signature__ = signature.replace(parameters=[*signature.parameters.values(), asked])  # type: ignore[attr-defined]
    run.__annotations__ = {**command.__annotations__, "as_json": AsJson}
    return run


def set_up() -> None:
    """Read the settings and make every room's models and event types known."""
    import django

    django.setup()
    rooms.load_event_types()


def main() -> None:
    """Run the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sameboat.project.settings")
    commands()(prog_name="sameboat")
