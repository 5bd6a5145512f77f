"""What a donor promises: goods to a need or money to a fund, and taking it back."""

import base64
import hashlib
import hmac
import secrets

from django.conf import settings
from django.utils.translation import gettext as _

from sameboat.donations import events, queries
from sameboat.donations.models import Fund, Kind, Pledge
from sameboat.registry.acting import Act, action
from sameboat.registry.models import Organisation, Role, Unit
from sameboat.registry.quantities import (
    checked_money,
    checked_quantity,
    checked_text,
    in_book_unit,
)
from sameboat.registry.refusals import Conflict, Fault, InvalidInput, NotPermitted
from sameboat.supplies.actions.needs import count_pledge
from sameboat.supplies.events import Goods
from sameboat.supplies.models import Need
from sameboat.transparency.actions import append

LARGEST_PLEDGE = 50_000_000
"""Units of goods in one pledge; a bigger figure is a slip of the hand."""


def new_code() -> str:
    """Return a fresh pledge code: what a donor without an account keeps to follow and cancel a pledge."""
    return secrets.token_urlsafe(16)


def code_for(act: Act) -> str:
    """Return the code of the pledge that this act makes; a repeated request gets the code of the first again."""
    if not act.key:
        return new_code()
    request = f"pledge code\n{act.scope}\n{act.key}"
    digest = hmac.digest(settings.SECRET_KEY.encode(), request.encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


def hash_code(code: str) -> str:
    """Return the form in which a pledge code is kept; codes are random, so one SHA-256 is enough."""
    return hashlib.sha256(code.encode()).hexdigest()


@action
def pledge_goods(
    act: Act,
    *,
    need: Need,
    quantity: int | str,
    code: str,
    unit: Unit | None = None,
    donor: Organisation | None = None,
    donor_name: str = "",
    contact: str = "",
) -> Pledge:
    """Promise goods to a need. Anyone may; for an organisation only its members who may give.

    A person's name and contact never reach the log: it holds a commitment to them.
    """
    _require_donor(act, donor)
    amount = checked_quantity(quantity, "quantity", most=LARGEST_PLEDGE)
    amount_in_base, unit = in_book_unit(need.item, amount, unit or need.unit)
    assert amount_in_base is not None
    if need.state != Need.State.OPEN:
        raise Conflict(_("This need is closed. Choose an open one."), "need")
    if unit.pk != need.unit_id:
        raise InvalidInput([Fault("unit", _("This need is counted by the %(unit)s.") % {"unit": need.unit.name})])
    pledge = Pledge.objects.create(
        public_id=act.new_id("pledge"),
        kind=Kind.GOODS,
        donor=donor,
        user_id=act.user_id,
        need=need,
        item=need.item,
        quantity=amount_in_base,
        unit=unit,
        code_hash=hash_code(code),
        made_at=act.now,
    )
    count_pledge(need, amount_in_base)
    append(
        events.PledgeMade(
            pledge=pledge.public_id,
            kind="goods",
            donor=donor.public_id if donor else None,
            need=need.public_id,
            goods=Goods(item=need.item.code, unit=unit.code, quantity=amount_in_base),
        ),
        actor=donor.public_id if donor else queries.UNNAMED,
        event_time=act.now,
        recorded_at=act.now,
        private=_private(donor_name, contact),
    )
    return pledge


@action
def pledge_money(
    act: Act,
    *,
    fund: Fund,
    amount: str,
    currency: str,
    code: str,
    donor: Organisation | None = None,
    donor_name: str = "",
    contact: str = "",
) -> Pledge:
    """Promise money to a fund. Anyone may; for an organisation only its members who may give."""
    _require_donor(act, donor)
    units = checked_money(amount, currency)
    pledge = Pledge.objects.create(
        public_id=act.new_id("pledge"),
        kind=Kind.MONEY,
        donor=donor,
        user_id=act.user_id,
        fund=fund,
        need=fund.need,
        currency=currency,
        money_units=units,
        code_hash=hash_code(code),
        made_at=act.now,
    )
    append(
        events.PledgeMade(
            pledge=pledge.public_id,
            kind="money",
            donor=donor.public_id if donor else None,
            need=fund.need.public_id if fund.need else None,
            fund=fund.public_id,
            money=events.Money(currency=currency, units=units),
        ),
        actor=donor.public_id if donor else queries.UNNAMED,
        event_time=act.now,
        recorded_at=act.now,
        private=_private(donor_name, contact),
    )
    return pledge


@action
def cancel_pledge(act: Act, *, pledge: Pledge, code: str = "") -> Pledge:
    """Take a pledge back before it is received: its donor may, or who has its code."""
    if not holds(act, pledge, code):
        raise NotPermitted(_("Only who made this pledge can take it back. Use the code you were given."))
    if not Pledge.objects.filter(pk=pledge.pk, state=Pledge.State.MADE).update(state=Pledge.State.CANCELLED):
        raise Conflict(_("This pledge was received or cancelled already."))
    if pledge.need is not None and pledge.quantity:
        count_pledge(pledge.need, -pledge.quantity)
    append(
        events.PledgeCancelled(
            pledge=pledge.public_id,
            need=pledge.need.public_id if pledge.need else None,
            fund=pledge.fund.public_id if pledge.fund else None,
        ),
        actor=pledge.donor.public_id if pledge.donor else queries.UNNAMED,
        event_time=act.now,
        recorded_at=act.now,
    )
    pledge.refresh_from_db()
    return pledge


def holds(act: Act, pledge: Pledge, code: str) -> bool:
    """Return whether the person made this pledge: has its code, gives for its donor, or was signed in at the time."""
    has_code = bool(code) and hmac.compare_digest(hash_code(code), pledge.code_hash)
    is_donor = pledge.donor is not None and act.may(pledge.donor, Role.GIVE)
    return has_code or is_donor or bool(act.user_id and pledge.user_id == act.user_id)


def _require_donor(act: Act, donor: Organisation | None) -> None:
    if donor is not None:
        act.require(donor, Role.GIVE)


def _private(donor_name: str, contact: str) -> dict[str, str] | None:
    told = {
        "donor_name": checked_text(donor_name, "donor_name", 120),
        "contact": checked_text(contact, "contact", 200),
    }
    return {field: text for field, text in told.items() if text} or None


def take_pledge(pledge: Pledge, kind: Kind) -> None:
    if pledge.kind != kind:
        raise Conflict(_("This is a pledge of %(kind)s.") % {"kind": pledge.get_kind_display()}, "pledge")
    if not Pledge.objects.filter(pk=pledge.pk, state=Pledge.State.MADE).update(state=Pledge.State.RECEIVED):
        raise Conflict(_("This pledge was received or cancelled already."), "pledge")
