"""`sameboat account | organisation | member | key | item …`: the nouns, at the command line."""

import secrets
from pathlib import Path
from typing import Annotated, Any

import typer

from sameboat.registry import terminal
from sameboat.registry.terminal import AsUser, Once

app = typer.Typer()
account = typer.Typer(no_args_is_help=True, help="Accounts of people.")
organisation = typer.Typer(no_args_is_help=True, help="The register of organisations.")
member = typer.Typer(no_args_is_help=True, help="Who may do what for an organisation.")
key = typer.Typer(no_args_is_help=True, help="Device keys, with which hand-overs are signed.")
item = typer.Typer(no_args_is_help=True, help="The catalogue of goods.")
for name, group in (
    ("account", account),
    ("organisation", organisation),
    ("member", member),
    ("key", key),
    ("item", item),
):
    app.add_typer(group, name=name)

AnOrganisation = Annotated[str, typer.Argument(metavar="ORGANISATION", help="Its id, or exactly its name.")]


@account.command("add")
def account_add(
    username: Annotated[str, typer.Argument(help="The name to sign in with.")],
    operator: Annotated[bool, typer.Option("--operator", help="May run this installation.")] = False,
    password_file: Annotated[
        Path | None, typer.Option(help="Read the password from this file; without it, one is made and printed once.")
    ] = None,
) -> Any:
    """Open an account for a person; give it roles with `sameboat member add`.

    \b
    sameboat account add li.wei
    """
    from sameboat.registry.actions import open_account

    password = secrets.token_urlsafe(15) if password_file is None else password_file.read_text("utf-8").strip()
    user = open_account(terminal.operating(), username=username, password=password, operator=operator)
    told = {"account": user.username, "operator": operator}
    return told | {"password": password} if password_file is None else told


@account.command("token")
def account_token(username: Annotated[str, typer.Argument(help="Whose programs will use it.")]) -> Any:
    """Make a token with which a member's programs call the API. It is printed this once.

    \b
    sameboat account token li.wei
    """
    from sameboat.registry.actions import make_token

    return {"account": username, "token": make_token(terminal.acting_as(username))}


@organisation.command("add")
def organisation_add(
    kind: Annotated[str, typer.Option(help="hospital, charity, company, government, association, school or other.")],
    name_en: Annotated[str, typer.Option(help="Its name in English.")] = "",
    name_zh: Annotated[str, typer.Option(help="Its name in Chinese.")] = "",
    place: Annotated[str, typer.Option(help="The code of the place where it is.")] = "",
    once: Once = "",
) -> Any:
    """Enter an organisation in the register.

    \b
    sameboat organisation add --kind hospital --name-zh 武汉市中心医院 --place 420102
    """
    from sameboat.registry import queries
    from sameboat.registry.actions import register_organisation

    where = terminal.there(queries.place(place), "place", place) if place else None
    made = register_organisation(terminal.operating(once), kind=kind, name_en=name_en, name_zh=name_zh, place=where)
    return {"organisation": made.public_id, "name": made.name, "kind": made.kind}


@organisation.command("find")
def organisation_find(
    text: Annotated[str, typer.Argument(help="A part of a name, in any spelling.")] = "",
    kind: Annotated[str, typer.Option(help="hospital, charity, company, …")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
) -> Any:
    """Find organisations by a part of their name.

    \b
    sameboat organisation find 红十字
    """
    from sameboat.registry import queries

    return [
        {"organisation": each.public_id, "kind": each.kind, "name": each.name}
        for each in queries.organisations(text=text, kind=kind, limit=limit)
    ]


@member.command("add")
def member_add(
    organisation: AnOrganisation,
    username: Annotated[str, typer.Argument(help="Whose account.")],
    roles: Annotated[list[str], typer.Argument(help="ask, sign, store, money, give, admin; one or more.")],
    as_user: AsUser = "",
) -> Any:
    """Let a person act for an organisation. Its administrators may, and the operator (without --as).

    \b
    sameboat member add 武汉市中心医院 li.wei ask sign
    """
    from sameboat.registry import queries
    from sameboat.registry.actions import add_member

    act = terminal.acting_as(as_user) if as_user else terminal.operating()
    where = terminal.organisation(organisation)
    user = terminal.there(queries.user_named(username), "account", username)
    for role in roles:
        add_member(act, organisation=where, user=user, role=role)
    return {"organisation": where.public_id, "member": username, "roles": ", ".join(roles)}


@key.command("make")
def key_make(file: Annotated[Path, typer.Argument(help="Where to write the private key; it must not exist.")]) -> Any:
    """Make a device key. Keep the file: who has it can sign in its owner's place.

    \b
    sameboat key make li-wei.key
    """
    from sameboat.registry import device_key

    return {"file": str(file), "public_key": device_key.make(file).public_key}


@key.command("register")
def key_register(
    organisation: AnOrganisation,
    file: Annotated[Path, typer.Argument(help="The key's file, of `sameboat key make`.")],
    as_user: AsUser,
    once: Once = "",
) -> Any:
    """Register a device key, so that it may sign for an organisation; the log then says whose it is.

    \b
    sameboat key register 武汉市中心医院 li-wei.key --as li.wei
    """
    from sameboat.registry import device_key
    from sameboat.registry.actions import register_key

    act = terminal.acting_as(as_user, once)
    made = register_key(
        act, organisation=terminal.organisation(organisation), public_key=device_key.load(file).public_key
    )
    return {"key": made.public_id, "public_key": made.public_key}


@key.command("revoke")
def key_revoke(
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="The key's id.")],
    as_user: AsUser,
    reason: Annotated[str, typer.Option(help="Why, for everyone to read.")] = "",
) -> Any:
    """Revoke a device key. What it signed before stays signed.

    \b
    sameboat key revoke key_01jd… --as li.wei --reason 'phone lost'
    """
    from sameboat.registry import queries
    from sameboat.registry.actions import revoke_key

    found = terminal.there(queries.signing_key(key_id), "key", key_id)
    revoked = revoke_key(terminal.acting_as(as_user), key=found, reason=reason)
    return {"key": revoked.public_id, "revoked_at": revoked.revoked_at}


@item.command("list")
def item_list(text: Annotated[str, typer.Argument(help="A part of its code or name.")] = "") -> Any:
    """Show the catalogue of goods: codes, names, and the unit in which each is counted.

    \b
    sameboat item list mask
    """
    from sameboat.registry import queries

    return [
        {"item": each.code, "unit": each.base_unit.code, "standard": each.standard, "name": each.name}
        for each in queries.items()
        if text.lower() in f"{each.code} {each.name_en} {each.name_zh}".lower()
    ]
