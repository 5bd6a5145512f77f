"""`sameboat campaign | fund | pledge | gift | payment …`: what was promised, received and paid, and a gift's trace."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from sameboat.registry import terminal
from sameboat.registry.terminal import AsUser, KeyFile, Once
from sameboat.supplies.cli import signature_of

if TYPE_CHECKING:
    from sameboat.transparency.events import Reason
    from sameboat.transparency.queries import EntryView

app = typer.Typer()
campaign = typer.Typer(no_args_is_help=True, help="What a charity collects for.")
fund = typer.Typer(no_args_is_help=True, help="Money that may be spent on one purpose only.")
pledge = typer.Typer(no_args_is_help=True, help="What donors promise.")
gift = typer.Typer(no_args_is_help=True, help="What a charity received, and what became of it.")
payment = typer.Typer(no_args_is_help=True, help="Money paid out, and the recipient's signature.")
for name, group in (
    ("campaign", campaign),
    ("fund", fund),
    ("pledge", pledge),
    ("gift", gift),
    ("payment", payment),
):
    app.add_typer(group, name=name)

AsDonor = Annotated[
    str, typer.Option("--as", metavar="USERNAME", help="Act as this member; without it, as a visitor without account.")
]
Donor = Annotated[str, typer.Option(help="The organisation that gives: its id, or exactly its name.")]
Name = Annotated[str, typer.Option(help="A person's name; it never reaches the log.")]
Contact = Annotated[str, typer.Option(help="How to reach the donor; it never reaches the log.")]
Receipt = Annotated[str, typer.Option(help="The receipt's number.")]
GiftId = Annotated[str, typer.Argument(metavar="GIFT", help="The gift's id.")]
FundId = Annotated[str, typer.Argument(metavar="FUND", help="The fund's id.")]


@campaign.command("file")
def campaign_file(
    charity: Annotated[str, typer.Argument(help="Its id, or exactly its name.")],
    as_user: AsUser,
    title_en: Annotated[str, typer.Option(help="What for, in English.")] = "",
    title_zh: Annotated[str, typer.Option(help="What for, in Chinese.")] = "",
    filing_number: Annotated[str, typer.Option(help="The number under which it is filed with the authorities.")] = "",
    once: Once = "",
) -> Any:
    """File a campaign of a charity.

    \b
    sameboat campaign file 'Demonstration charity' --title-en 'Masks for hospitals' --as charity
    """
    from sameboat.donations.actions.campaigns import file_campaign

    made = file_campaign(
        terminal.acting_as(as_user, once),
        charity=terminal.organisation(charity),
        title_en=title_en,
        title_zh=title_zh,
        filing_number=filing_number,
    )
    return {"campaign": made.public_id, "charity": made.charity.name, "title": made.title}


@fund.command("open")
def fund_open(
    campaign_id: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="The campaign's id.")],
    as_user: AsUser,
    purpose_en: Annotated[str, typer.Option(help="What it may be spent on, in English.")] = "",
    purpose_zh: Annotated[str, typer.Option(help="What it may be spent on, in Chinese.")] = "",
    need: Annotated[str, typer.Option(help="Only on this need: its id.")] = "",
    once: Once = "",
) -> Any:
    """Open a fund in a campaign, restricted to a purpose or to one need.

    \b
    sameboat fund open campaign_01jd… --purpose-en 'Surgical masks' --as charity
    """
    from sameboat.donations import queries
    from sameboat.donations.actions.campaigns import open_fund
    from sameboat.supplies import queries as supplies

    made = open_fund(
        terminal.acting_as(as_user, once),
        campaign=terminal.there(queries.campaign(campaign_id), "campaign", campaign_id),
        purpose_en=purpose_en,
        purpose_zh=purpose_zh,
        need=terminal.there(supplies.need(need), "need", need) if need else None,
    )
    return {"fund": made.public_id, "charity": made.charity.name, "purpose": made.purpose}


@pledge.command("goods")
def pledge_goods(
    need: Annotated[str, typer.Argument(metavar="NEED", help="The need's id.")],
    quantity: Annotated[str, typer.Argument(help="How many.")],
    as_user: AsDonor = "",
    donor: Donor = "",
    unit: Annotated[str, typer.Option(help="Counted in this unit; without it, in the need's.")] = "",
    name: Name = "",
    contact: Contact = "",
    once: Once = "",
) -> Any:
    """Promise goods to a need. The code that is printed lets its holder take the promise back.

    \b
    sameboat pledge goods need_01jd… 500 --as donor --donor 'Demonstration company'
    """
    from sameboat.donations.actions import pledges
    from sameboat.supplies import queries as supplies

    act = terminal.acting_as_anyone(as_user, once)
    code = pledges.code_for(act)
    made = pledges.pledge_goods(
        act,
        need=terminal.there(supplies.need(need), "need", need),
        quantity=quantity,
        unit=terminal.unit(unit),
        code=code,
        donor=terminal.organisation(donor) if donor else None,
        donor_name=name,
        contact=contact,
    )
    return _pledge_row(made) | {"code": code}


@pledge.command("money")
def pledge_money(
    fund: FundId,
    amount: Annotated[str, typer.Argument(help="How much, such as 250.00.")],
    currency: Annotated[str, typer.Argument(help="Its three letters, such as CNY.")],
    as_user: AsDonor = "",
    donor: Donor = "",
    name: Name = "",
    contact: Contact = "",
    once: Once = "",
) -> Any:
    """Promise money to a fund. The code that is printed lets its holder take the promise back.

    \b
    sameboat pledge money fund_01jd… 250.00 CNY --contact li@example.org
    """
    from sameboat.donations.actions import pledges

    act = terminal.acting_as_anyone(as_user, once)
    code = pledges.code_for(act)
    made = pledges.pledge_money(
        act,
        fund=_fund(fund),
        amount=amount,
        currency=currency,
        code=code,
        donor=terminal.organisation(donor) if donor else None,
        donor_name=name,
        contact=contact,
    )
    return _pledge_row(made) | {"code": code}


@pledge.command("cancel")
def pledge_cancel(
    pledge_id: Annotated[str, typer.Argument(metavar="PLEDGE", help="The pledge's id.")],
    as_user: AsDonor = "",
    code: Annotated[str, typer.Option(help="The code that was printed when it was made.")] = "",
) -> Any:
    """Take a promise back before it is received.

    \b
    sameboat pledge cancel pledge_01jd… --code Vq2…
    """
    from sameboat.donations.actions.pledges import cancel_pledge

    return _pledge_row(cancel_pledge(terminal.acting_as_anyone(as_user), pledge=_pledge(pledge_id), code=code))


@pledge.command("erase")
def pledge_erase(
    pledge_id: Annotated[str, typer.Argument(metavar="PLEDGE", help="The pledge's id.")],
    as_user: AsDonor = "",
    code: Annotated[str, typer.Option(help="The code that was printed when it was made.")] = "",
    reason: Annotated[str, typer.Option(help="asked, no-longer-needed or law; everyone can read it.")] = "asked",
) -> Any:
    """Erase the name and contact told with a promise, from the database's files too; the promise and proofs stay.

    Without --as and --code, as who operates this machine.

    \b
    sameboat pledge erase pledge_01jd… --code Vq2…
    sameboat pledge erase pledge_01jd… --reason law
    """
    from sameboat.donations.actions.privacy import erase_private
    from sameboat.transparency import erasing

    act = terminal.acting_as_anyone(as_user) if as_user or code else terminal.operating()
    erased = erase_private(act, pledge=_pledge(pledge_id), code=code, reason=cast("Reason", reason))
    return _pledge_row(erased) | {"files_are_clean": erasing.finish()}


@pledge.command("open")
def pledge_open(
    pledge_id: Annotated[str, typer.Argument(metavar="PLEDGE", help="The pledge's id.")],
    file: Annotated[Path, typer.Argument(help="The proof file to write; it must not exist.")],
    fields: Annotated[list[str], typer.Option("--field", help="What to open: donor_name or contact; repeat it.")],
    as_user: AsDonor = "",
    code: Annotated[str, typer.Option(help="The code that was printed when it was made.")] = "",
) -> Any:
    """Write a proof file that opens what was told in private to whoever has the file; `sameboat verify` checks it.

    \b
    sameboat pledge open pledge_01jd… mine.proof.json --field donor_name --code Vq2…
    """
    from sameboat.donations.actions.privacy import open_private

    act = terminal.acting_as_anyone(as_user) if as_user or code else terminal.operating()
    data = open_private(act, pledge=_pledge(pledge_id), fields=fields, code=code)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
        written.write(data)
    return {"file": str(file), "bytes": len(data), "opens": fields}


@gift.command("receive-goods")
def gift_receive_goods(
    charity: Annotated[str, typer.Argument(help="Who received: its id, or exactly its name.")],
    as_user: AsUser,
    pledge: Annotated[str, typer.Option(help="Of this pledge: its id.")] = "",
    item: Annotated[str, typer.Option(help="Without a pledge, what: a code of `sameboat item list`.")] = "",
    quantity: Annotated[str, typer.Option(help="How many; left out: as pledged, or not counted.")] = "",
    unit: Annotated[str, typer.Option(help="Counted in this unit.")] = "",
    donor: Donor = "",
    receipt: Receipt = "",
    once: Once = "",
) -> Any:
    """Record that goods came in, of a pledge or without one.

    \b
    sameboat gift receive-goods 'Demonstration charity' --pledge pledge_01jd… --as charity
    """
    from sameboat.donations.actions.gifts import receive_goods

    made = receive_goods(
        terminal.acting_as(as_user, once),
        charity=terminal.organisation(charity),
        pledge=_pledge(pledge) if pledge else None,
        item=terminal.item(item) if item else None,
        quantity=quantity,
        unit=terminal.unit(unit),
        donor=terminal.organisation(donor) if donor else None,
        receipt=receipt,
    )
    return _gift_row(made)


@gift.command("receive-money")
def gift_receive_money(
    fund: FundId,
    as_user: AsUser,
    pledge: Annotated[str, typer.Option(help="Of this pledge: its id.")] = "",
    amount: Annotated[str, typer.Option(help="How much; left out: as pledged.")] = "",
    currency: Annotated[str, typer.Option(help="Its three letters, such as CNY.")] = "",
    donor: Donor = "",
    receipt: Receipt = "",
    once: Once = "",
) -> Any:
    """Record that money came into a fund, of a pledge or without one.

    \b
    sameboat gift receive-money fund_01jd… --amount 250.00 --currency CNY --as charity
    """
    from sameboat.donations.actions.gifts import receive_money

    made = receive_money(
        terminal.acting_as(as_user, once),
        fund=_fund(fund),
        pledge=_pledge(pledge) if pledge else None,
        amount=amount,
        currency=currency,
        donor=terminal.organisation(donor) if donor else None,
        receipt=receipt,
    )
    return _gift_row(made)


@gift.command("trace")
def gift_trace(gift_id: GiftId) -> Any:
    """Follow a gift: every step with who, when, how much, and its place on the log.

    \b
    sameboat gift trace gift_01jd…
    """
    from sameboat.donations import queries

    return TraceStory(queries.trace(terminal.there(queries.gift(gift_id), "gift", gift_id)).entries)


@gift.command("proof")
def gift_proof(
    gift_id: GiftId, file: Annotated[Path, typer.Argument(help="The proof file to write; it must not exist.")]
) -> Any:
    """Write a gift's proof file, which anyone can check with `sameboat verify`, without this program's server.

    \b
    sameboat gift proof gift_01jd… gift.proof.json
    """
    from sameboat.donations import queries
    from sameboat.transparency import proofs

    found = terminal.there(queries.gift(gift_id), "gift", gift_id)
    data = proofs.proof_file(queries.proof_entries(found))
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as written:
        written.write(data)
    return {"file": str(file), "bytes": len(data)}


@payment.command("make")
def payment_make(
    fund: FundId,
    recipient: Annotated[str, typer.Argument(help="To whom: its id, or exactly its name.")],
    amount: Annotated[str, typer.Argument(help="How much, such as 250.00.")],
    currency: Annotated[str, typer.Argument(help="Its three letters, such as CNY.")],
    as_user: AsUser,
    purpose: Annotated[str, typer.Option(help="What for, for everyone to read.")],
    need: Annotated[str, typer.Option(help="For this need: its id.")] = "",
    key: KeyFile = None,
    once: Once = "",
) -> Any:
    """Pay money out of a fund; the oldest gifts pay first, and the charity signs.

    \b
    sameboat payment make fund_01jd… 'Demonstration hospital' 150 CNY --purpose '3,000 masks' --as charity
    """
    from sameboat.donations import queries
    from sameboat.donations.actions.payments import disburse
    from sameboat.registry.quantities import checked_money
    from sameboat.supplies import queries as supplies

    spent, to = _fund(fund), terminal.organisation(recipient)
    statement = queries.payment_statement(spent, to, checked_money(amount, currency), currency, purpose)
    made = disburse(
        terminal.acting_as(as_user, once),
        fund=spent,
        recipient=to,
        amount=amount,
        currency=currency,
        purpose=purpose,
        need=terminal.there(supplies.need(need), "need", need) if need else None,
        device=signature_of(key, statement),
    )
    return {"payment": made.public_id, "recipient": to.name, "amount": made.amount, "currency": currency}


@payment.command("sign")
def payment_sign(
    payment_id: Annotated[str, typer.Argument(metavar="PAYMENT", help="The payment's id.")],
    as_user: AsUser,
    key: KeyFile = None,
    once: Once = "",
) -> Any:
    """Sign for money paid out. Only the recipient can.

    \b
    sameboat payment sign paid_01jd… --as hospital
    """
    from sameboat.donations import queries
    from sameboat.donations.actions.payments import sign_for_payment

    found = terminal.there(queries.payment(payment_id), "payment", payment_id)
    device = signature_of(key, queries.payment_receipt_statement(found))
    signed = sign_for_payment(terminal.acting_as(as_user, once), payment=found, device=device)
    return {"payment": signed.public_id, "signed_at": signed.signed_at, "method": signed.receiver_method}


@dataclass(frozen=True, slots=True)
class TraceStory:
    """A gift's trace, as the log tells it."""

    entries: list["EntryView"]

    @property
    def wrong(self) -> bool:
        return False

    def as_json(self) -> list[dict[str, Any]]:
        return [
            {
                "index": entry.index,
                "type": entry.type,
                "actor": entry.actor,
                "event_time": entry.event_time,
                "data": entry.data,
            }
            for entry in self.entries
        ]

    def as_text(self) -> Iterator[str]:
        for entry in self.entries:
            place = "waiting to be published" if entry.index is None else f"entry {entry.index:,}"
            goods, money = entry.data.get("goods"), entry.data.get("money")
            amount = ""
            if goods:
                quantity = "quantity unknown" if goods.get("quantity") is None else f"{goods['quantity']:,}"
                amount = f"  {quantity} {goods['item']} ({goods['unit']})"
            elif money:
                from sameboat.registry.engine import quantity as quantities

                amount = f"  {quantities.money(money['units'], money['currency']):,} {money['currency']}"
            yield f"{entry.event_time.isoformat():<32}  {entry.type:<20}{amount}"
            yield f"{'':<32}  by {entry.actor}, {place}"


def _fund(fund_id: str) -> Any:
    from sameboat.donations import queries

    return terminal.there(queries.fund(fund_id), "fund", fund_id)


def _pledge(pledge_id: str) -> Any:
    from sameboat.donations import queries

    return terminal.there(queries.pledge(pledge_id), "pledge", pledge_id)


def _pledge_row(made: Any) -> dict[str, Any]:
    what = {"quantity": made.quantity} if made.kind == "goods" else {"amount": made.amount, "currency": made.currency}
    return {"pledge": made.public_id, "kind": made.kind, "state": made.state, **what}


def _gift_row(made: Any) -> dict[str, Any]:
    kind = {"lot": made.lot.public_id} if made.lot else {"amount": made.amount, "currency": made.currency}
    return {"gift": made.public_id, "kind": made.kind, "charity": made.charity.name, **kind}
