"""`sameboat need | lot | allocation | handover …`: what is needed, what is held, and who signed for it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sameboat.registry import terminal
from sameboat.registry.terminal import AsUser, KeyFile, Once

if TYPE_CHECKING:
    from sameboat.supplies.actions.signing import DeviceSignature

app = typer.Typer()
need = typer.Typer(no_args_is_help=True, help="What organisations ask for.")
lot = typer.Typer(no_args_is_help=True, help="Goods that a holder has received.")
allocation = typer.Typer(no_args_is_help=True, help="Which need gets how much of a lot.")
handover = typer.Typer(no_args_is_help=True, help="Goods passed from hand to hand, signed by both.")
for name, group in (("need", need), ("lot", lot), ("allocation", allocation), ("handover", handover)):
    app.add_typer(group, name=name)

NeedId = Annotated[str, typer.Argument(metavar="NEED", help="The need's id.")]


@need.command("publish")
def need_publish(
    organisation: Annotated[str, typer.Argument(help="Who asks: its id, or exactly its name.")],
    item: Annotated[str, typer.Argument(help="What: a code of `sameboat item list`.")],
    as_user: AsUser,
    quantity: Annotated[str, typer.Argument(help="How many; left out: needed, quantity unknown.")] = "",
    unit: Annotated[str, typer.Option(help="Counted in this unit; without it, in the item's own.")] = "",
    standard: Annotated[str, typer.Option(help="The standard it must meet.")] = "",
    note: Annotated[str, typer.Option(help="Anything else, for everyone to read.")] = "",
    once: Once = "",
) -> Any:
    """Publish what an organisation needs.

    \b
    sameboat need publish 'Demonstration hospital' mask-surgical 500 --as hospital
    """
    from sameboat.supplies.actions.needs import publish_need

    return _need_row(
        publish_need(
            terminal.acting_as(as_user, once),
            organisation=terminal.organisation(organisation),
            item=terminal.item(item),
            quantity=quantity,
            unit=terminal.unit(unit),
            standard=standard,
            note=note,
        )
    )


@need.command("publish-all")
def need_publish_all(
    file: Annotated[Path, typer.Argument(help="One need a line: a JSON object, as `POST /api/needs` takes it.")],
    as_user: AsUser,
    once: Once = "",
) -> Any:
    """Publish many needs from a file; each line is answered on its own, and a bad one sinks no good one.

    \b
    sameboat need publish-all needs.jsonl --as hospital
    """
    from sameboat.registry.bulk import MOST_ROWS
    from sameboat.supplies.actions.needs import publish_needs

    lines = [line for line in terminal.text_of(file).splitlines() if line.strip()]
    answers: list[dict[str, Any]] = []
    for start in range(0, len(lines), MOST_ROWS):
        act = terminal.acting_as(as_user, f"{once}-{start}" if once else "")
        done = publish_needs(act, needs=[_json_or_text(line) for line in lines[start : start + MOST_ROWS]])
        for outcome in done.outcomes:
            refused = {} if isinstance(outcome, str) else outcome
            number = len(answers) + 1
            answers.append({"line": number, "need": "" if refused else outcome, "refused": refused.get("message", "")})
    return answers


def _json_or_text(line: str) -> Any:
    """Return the value of a line, or the line itself where it is no JSON; it is then refused as every other row is."""
    try:
        return json.loads(line)
    except ValueError:
        return line


@need.command("list")
def need_list(
    text: Annotated[str, typer.Argument(help="A part of the organisation's or the item's name.")] = "",
    place: Annotated[str, typer.Option(help="In this place: its code.")] = "",
    item: Annotated[str, typer.Option(help="Of this item or category: its code.")] = "",
    state: Annotated[str, typer.Option(help="open, met, stopped, or empty for all.")] = "open",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
) -> Any:
    """Show needs, newest first.

    \b
    sameboat need list --item mask --limit 5
    """
    from sameboat.supplies import queries

    sought = queries.NeedFilter(text=text, place=place, item=item, state=state)
    return [_need_row(each) for each in queries.needs(sought, limit=limit)]


@need.command("confirm")
def need_confirm(need_id: NeedId, as_user: AsUser) -> Any:
    """Say that a need still stands.

    \b
    sameboat need confirm need_01jd… --as hospital
    """
    from sameboat.supplies.actions.needs import confirm_need

    return _need_row(confirm_need(terminal.acting_as(as_user), need=_need(need_id)))


@need.command("met")
def need_met(need_id: NeedId, as_user: AsUser) -> Any:
    """Say that a need is met.

    \b
    sameboat need met need_01jd… --as hospital
    """
    from sameboat.supplies.actions.needs import meet_need

    return _need_row(meet_need(terminal.acting_as(as_user), need=_need(need_id)))


@need.command("stop")
def need_stop(
    need_id: NeedId, as_user: AsUser, reason: Annotated[str, typer.Option(help="Why, for everyone to read.")] = ""
) -> Any:
    """Withdraw what is left of a need.

    \b
    sameboat need stop need_01jd… --as hospital --reason 'ward closed'
    """
    from sameboat.supplies.actions.needs import stop_need

    return _need_row(stop_need(terminal.acting_as(as_user), need=_need(need_id), reason=reason))


@lot.command("list")
def lot_list(
    holder: Annotated[str, typer.Argument(help="Whose: its id, or exactly its name.")],
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
) -> Any:
    """Show a holder's lots, newest first, and what is left in each.

    \b
    sameboat lot list 'Demonstration charity'
    """
    from sameboat.supplies import queries

    return [
        {
            "lot": each.public_id,
            "item": each.item.code,
            "received": each.quantity,
            "left": queries.left_of(each),
            "unit": each.unit.code,
            "donor": each.donor.name if each.donor else "not named",
            "for_need": each.need.public_id if each.need else "any",
        }
        for each in queries.lots_of(terminal.organisation(holder), limit=limit)
    ]


@allocation.command("decide")
def allocation_decide(
    lot_id: Annotated[str, typer.Argument(metavar="LOT", help="The lot's id.")],
    need_id: NeedId,
    quantity: Annotated[str, typer.Argument(help="How many of it.")],
    as_user: AsUser,
    reason: Annotated[str, typer.Option(help="Why more than the fair share; everyone can read it.")] = "",
    once: Once = "",
) -> Any:
    """Set a part of a lot aside for a need.

    \b
    sameboat allocation decide lot_01jd… need_01jd… 500 --as charity
    """
    from sameboat.supplies import queries
    from sameboat.supplies.actions.lots import allocate

    made = allocate(
        terminal.acting_as(as_user, once),
        lot=terminal.there(queries.lot(lot_id), "lot", lot_id),
        need=_need(need_id),
        quantity=quantity,
        reason=reason,
    )
    return {
        "allocation": made.public_id,
        "quantity": made.quantity,
        "fair_share": made.fair_share,
        "receiver": made.need.organisation.name,
    }


@allocation.command("cancel")
def allocation_cancel(
    allocation_id: Annotated[str, typer.Argument(metavar="ALLOCATION", help="The allocation's id.")],
    as_user: AsUser,
    reason: Annotated[str, typer.Option(help="Why, for everyone to read.")],
) -> Any:
    """Take an allocation back before it is handed over.

    \b
    sameboat allocation cancel alloc_01jd… --as charity --reason 'boxes were wet'
    """
    from sameboat.supplies import queries
    from sameboat.supplies.actions.lots import cancel_allocation

    found = terminal.there(queries.allocation(allocation_id), "allocation", allocation_id)
    taken_back = cancel_allocation(terminal.acting_as(as_user), allocation=found, reason=reason)
    return {"allocation": taken_back.public_id, "state": taken_back.state}


@handover.command("give")
def handover_give(
    allocation_id: Annotated[str, typer.Argument(metavar="ALLOCATION", help="The allocation's id.")],
    as_user: AsUser,
    key: KeyFile = None,
    once: Once = "",
) -> Any:
    """Hand an allocation's goods over; the giver signs.

    \b
    sameboat handover give alloc_01jd… --as charity
    sameboat handover give alloc_01jd… --as charity --key charity.key
    """
    from sameboat.supplies import queries
    from sameboat.supplies.actions.handovers import hand_over

    found = terminal.there(queries.allocation(allocation_id), "allocation", allocation_id)
    device = signature_of(key, queries.hand_over_statement(found))
    return _handover_row(hand_over(terminal.acting_as(as_user, once), allocation=found, device=device))


@handover.command("sign")
def handover_sign(
    handover_id: Annotated[str, typer.Argument(metavar="HANDOVER", help="The hand-over's id.")],
    as_user: AsUser,
    quantity: Annotated[str, typer.Option(help="How many arrived; without it, all that was handed over.")] = "",
    note: Annotated[str, typer.Option(help="What was wrong with them, for everyone to read.")] = "",
    key: KeyFile = None,
    once: Once = "",
) -> Any:
    """Sign for what arrived. Only the receiver can, and only then it counts as delivered.

    \b
    sameboat handover sign hand_01jd… --as hospital
    sameboat handover sign hand_01jd… --as hospital --quantity 480 --note '20 were torn'
    """
    from sameboat.registry.quantities import quantity_or_unknown
    from sameboat.supplies import queries
    from sameboat.supplies.actions.handovers import sign_for

    found = terminal.there(queries.handover(handover_id), "hand-over", handover_id)
    amount = quantity_or_unknown(quantity, "quantity")
    counted = found.quantity if amount is None else amount
    device = signature_of(key, queries.receipt_statement(found, counted))
    act = terminal.acting_as(as_user, once)
    return _handover_row(sign_for(act, handover=found, quantity=amount, note=note, device=device))


@handover.command("list")
def handover_list(
    receiver: Annotated[str, typer.Option(help="Handed to: an id, or exactly a name.")] = "",
    giver: Annotated[str, typer.Option(help="Handed by: an id, or exactly a name.")] = "",
    unsigned: Annotated[bool, typer.Option("--unsigned", help="Only those nobody has signed for.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
) -> Any:
    """Show hand-overs, newest first.

    \b
    sameboat handover list --receiver 'Demonstration hospital' --unsigned
    """
    from sameboat.supplies import queries

    found = queries.handovers(
        receiver=terminal.organisation(receiver) if receiver else None,
        giver=terminal.organisation(giver) if giver else None,
        unsigned=unsigned,
        limit=limit,
    )
    return [_handover_row(each) for each in found]


def signature_of(key: Path | None, statement: str) -> "DeviceSignature | None":
    """Return the device key's signature of a statement; None without a key: then the account signs."""
    if key is None:
        return None
    from sameboat.registry import device_key
    from sameboat.supplies.actions.signing import DeviceSignature

    device = device_key.load(key)
    return DeviceSignature(public_key=device.public_key, value=device.sign(statement))


def _need(need_id: str) -> Any:
    from sameboat.supplies import queries

    return terminal.there(queries.need(need_id), "need", need_id)


def _need_row(found: Any) -> dict[str, Any]:
    return {
        "need": found.public_id,
        "organisation": found.organisation.name,
        "item": found.item.code,
        "quantity": found.quantity,
        "unit": found.unit.code,
        "state": found.state,
        "allocated": found.allocated,
        "signed_for": found.signed_for,
        "published_at": found.published_at,
    }


def _handover_row(found: Any) -> dict[str, Any]:
    return {
        "handover": found.public_id,
        "giver": found.giver.name,
        "receiver": found.receiver.name if found.receiver else "not named",
        "item": found.item.code,
        "quantity": found.quantity,
        "unit": found.unit.code,
        "signed_for": found.received_quantity if found.signed_at else "nobody signed",
        "signed_at": found.signed_at or "not confirmed by the receiver",
    }
