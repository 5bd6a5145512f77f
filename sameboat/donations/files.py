"""The columns of the file that gifts are downloaded as, with their HXL tags."""

from sameboat.donations.models import Gift
from sameboat.registry.tables import Column

GIFT_COLUMNS: list[Column[Gift]] = [
    Column("id", "#meta+id", lambda gift: gift.public_id),
    Column("kind", "#modality", lambda gift: gift.kind),
    Column("charity_id", "#org+receiver+id", lambda gift: gift.charity.public_id),
    Column("charity_en", "#org+receiver+name+i_en", lambda gift: gift.charity.name_en),
    Column("charity_zh", "#org+receiver+name+i_zh", lambda gift: gift.charity.name_zh),
    Column("donor_id", "#org+funder+id", lambda gift: gift.donor.public_id if gift.donor else None),
    Column("donor_en", "#org+funder+name+i_en", lambda gift: gift.donor.name_en if gift.donor else None),
    Column("donor_zh", "#org+funder+name+i_zh", lambda gift: gift.donor.name_zh if gift.donor else None),
    Column("item", "#item+code", lambda gift: gift.lot.item.code if gift.lot else None),
    Column("quantity", "#value+goods+num", lambda gift: gift.lot.quantity if gift.lot else None),
    Column("unit", "#item+unit", lambda gift: gift.lot.unit.code if gift.lot else None),
    Column("amount", "#value+money", lambda gift: None if gift.money_units is None else f"{gift.amount:f}"),
    Column("currency", "#currency", lambda gift: gift.currency),
    Column("fund", "#meta+fund+id", lambda gift: gift.fund.public_id if gift.fund else None),
    Column("pledge", "#meta+pledge+id", lambda gift: gift.pledge.public_id if gift.pledge else None),
    Column("receipt", "#meta+receipt", lambda gift: gift.receipt),
    Column("received_at", "#date+received", lambda gift: gift.received_at),
    Column("source_line", "#meta+source+line", lambda gift: gift.source_line),
]
