"""What waits for a member's hand: pledges to receive, payments to sign for; and what a fund still holds."""

from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Q, Sum

from sameboat.donations.models import Fund, Gift, Kind, Payment, Pledge
from sameboat.registry.engine.quantity import money


def pledges_to_receive(stores: Sequence[str], treasuries: Sequence[str], limit: int = 10) -> list[Pledge]:
    """Return open pledges, oldest first: of goods for who has a store, of money to the funds of these charities."""
    wanted = Q(kind=Kind.MONEY, fund__campaign__charity__public_id__in=treasuries)
    if stores:
        wanted |= Q(kind=Kind.GOODS)
    found = Pledge.objects.filter(wanted, state=Pledge.State.MADE)
    return list(
        found.select_related("donor", "need__organisation", "item", "unit", "fund__campaign").order_by("pk")[:limit]
    )


def payments_to_sign(recipients: Sequence[str], limit: int = 10) -> list[Payment]:
    """Return payments to these organisations that nobody signed for, oldest first."""
    found = Payment.objects.filter(recipient__public_id__in=recipients, signed_at=None)
    return list(found.select_related("fund__campaign__charity", "recipient").order_by("pk")[:limit])


def left_in(fund: Fund) -> list[tuple[str, Decimal]]:
    """Return what a fund still holds, by currency: what came in less what was paid out."""
    came = Gift.objects.filter(fund=fund).values_list("currency").annotate(Sum("money_units"))
    went = dict(Payment.objects.filter(fund=fund).values_list("currency").annotate(Sum("money_units")))
    return [(currency, money(units - went.get(currency, 0), currency)) for currency, units in sorted(came)]
