"""The columns of the files that needs and hand-overs are downloaded as, with their HXL tags."""

from sameboat.registry.tables import Column
from sameboat.supplies.models import HandOver, Need

NEED_COLUMNS: list[Column[Need]] = [
    Column("id", "#meta+id", lambda need: need.public_id),
    Column("organisation_id", "#org+id", lambda need: need.organisation.public_id),
    Column("organisation_en", "#org+name+i_en", lambda need: need.organisation.name_en),
    Column("organisation_zh", "#org+name+i_zh", lambda need: need.organisation.name_zh),
    Column("place", "#loc+code", lambda need: need.place.code if need.place else None),
    Column("item", "#item+code", lambda need: need.item.code),
    Column("item_en", "#item+name+i_en", lambda need: need.item.name_en),
    Column("item_zh", "#item+name+i_zh", lambda need: need.item.name_zh),
    Column("quantity", "#inneed+num", lambda need: need.quantity),
    Column("unit", "#item+unit", lambda need: need.unit.code),
    Column("standard", "#item+standard", lambda need: need.standard),
    Column("note", "#description", lambda need: need.note),
    Column("state", "#status", lambda need: need.state),
    Column("published_at", "#date+published", lambda need: need.published_at),
    Column("confirmed_at", "#date+confirmed", lambda need: need.confirmed_at),
    Column("closed_at", "#date+closed", lambda need: need.closed_at),
    Column("pledged", "#capacity+pledged+num", lambda need: need.pledged),
    Column("allocated", "#capacity+allocated+num", lambda need: need.allocated),
    Column("handed_over", "#reached+handed_over+num", lambda need: need.handed_over),
    Column("signed_for", "#reached+signed_for+num", lambda need: need.signed_for),
    Column("source_line", "#meta+source+line", lambda need: need.source_line),
    Column("source_url", "#meta+source+url", lambda need: need.source_url),
]

HANDOVER_COLUMNS: list[Column[HandOver]] = [
    Column("id", "#meta+id", lambda handover: handover.public_id),
    Column("giver_id", "#org+giver+id", lambda handover: handover.giver.public_id),
    Column("giver_en", "#org+giver+name+i_en", lambda handover: handover.giver.name_en),
    Column("giver_zh", "#org+giver+name+i_zh", lambda handover: handover.giver.name_zh),
    Column(
        "receiver_id", "#org+receiver+id", lambda handover: handover.receiver.public_id if handover.receiver else None
    ),
    Column(
        "receiver_en",
        "#org+receiver+name+i_en",
        lambda handover: handover.receiver.name_en if handover.receiver else None,
    ),
    Column(
        "receiver_zh",
        "#org+receiver+name+i_zh",
        lambda handover: handover.receiver.name_zh if handover.receiver else None,
    ),
    Column("lot", "#meta+lot+id", lambda handover: handover.lot.public_id if handover.lot else None),
    Column("need", "#meta+need+id", lambda handover: handover.need.public_id if handover.need else None),
    Column("item", "#item+code", lambda handover: handover.item.code),
    Column("quantity", "#reached+handed_over+num", lambda handover: handover.quantity),
    Column("unit", "#item+unit", lambda handover: handover.unit.code),
    Column("stated", "#item+stated", lambda handover: handover.stated),
    Column("handed_at", "#date+handed_over", lambda handover: handover.handed_at),
    Column("giver_method", "#status+giver", lambda handover: handover.giver_method),
    Column("signed_at", "#date+signed", lambda handover: handover.signed_at),
    Column("received_quantity", "#reached+signed_for+num", lambda handover: handover.received_quantity),
    Column("receiver_method", "#status+receiver", lambda handover: handover.receiver_method),
    Column("source_line", "#meta+source+line", lambda handover: handover.source_line),
]
