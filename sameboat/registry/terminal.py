"""Who acts at the command line, and on what: the options every room's commands share, and finding what they name."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from sameboat.registry.acting import Act
    from sameboat.registry.models import Item, Organisation, Unit

T = TypeVar("T")

AsUser = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="USERNAME",
        help="Act as this member. No password is asked: who can run this command can read and change the store anyway, "
        "so whoever operates this machine can act as anyone. A device key (--key) is what they cannot forge.",
    ),
]
Once = Annotated[
    str, typer.Option("--once", metavar="TEXT", help="Carry this out once only, however often it is asked with TEXT.")
]
KeyFile = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help="Sign with this registered device key, not by account.")
]


def acting_as(username: str, once: str = "") -> "Act":
    """Return the Act of a member; raises NotFound where nobody has that name."""
    from sameboat.registry import queries
    from sameboat.registry.acting import act_of

    user = queries.user_named(username)
    return act_of(there(user, "account", username), key=once)


def acting_as_anyone(username: str, once: str = "") -> "Act":
    """Return the Act of a member, or of a visitor without an account where no name is given."""
    from django.contrib.auth.models import AnonymousUser

    from sameboat.registry.acting import act_of

    return acting_as(username, once) if username else act_of(AnonymousUser(), key=once, address="terminal")


def operating(once: str = "") -> "Act":
    """Return the Act of who operates this machine."""
    from django.utils import timezone

    from sameboat.registry.acting import Act

    return Act(now=timezone.now(), operator=True, key=once, scope="operator")


def there(found: T | None, what: str, reference: str) -> T:
    """Return what was found; raises NotFound where there is nothing."""
    from sameboat.registry.refusals import NotFound

    if found is None:
        raise NotFound(f"There is no {what} “{reference[:80]}” here.", what.replace(" ", "_"))
    return found


def organisation(reference: str) -> "Organisation":
    """Return the organisation with a public id, or with exactly that name in any spelling; raises NotFound."""
    from sameboat.registry import queries
    from sameboat.registry.refusals import NotFound

    found = queries.organisation(reference) or queries.organisation_called(reference)
    if found is None:
        close = [f"{each.name} ({each.public_id})" for each in queries.organisations(text=reference, limit=5)]
        hint = f" Did you mean: {'; '.join(close)}?" if close else " Look with `sameboat organisation find TEXT`."
        raise NotFound(f"There is no organisation “{reference[:80]}” here.{hint}", "organisation")
    return found


def item(code: str) -> "Item":
    """Return an item of the catalogue; raises NotFound, which names close ones."""
    from sameboat.registry import queries
    from sameboat.registry.refusals import NotFound

    found = queries.item(code)
    if found is None:
        close = [each.code for each in queries.items() if code.lower() in f"{each.code} {each.name_en} {each.name_zh}"]
        hint = f" Did you mean: {', '.join(close[:8])}?" if close else " Look with `sameboat item list`."
        raise NotFound(f"There is no item “{code[:80]}” in the catalogue.{hint}", "item")
    return found


def unit(code: str) -> "Unit | None":
    """Return a unit, None where no code is given; raises NotFound."""
    from sameboat.registry import queries

    return there(queries.unit(code), "unit", code) if code else None


def text_of(file: Path) -> str:
    """Return what a file says; raises BadInput where it cannot be read as UTF-8 text."""
    from sameboat.transparency.errors import BadInput

    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise BadInput(f"{file} cannot be read: {error}. Give a file of UTF-8 text.") from error
