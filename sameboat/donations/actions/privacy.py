"""What a donor told us in private: shown to whom the donor chooses, and erased when the donor says so."""

from collections.abc import Sequence
from typing import get_args

from django.utils.translation import gettext as _

from sameboat.donations import queries
from sameboat.donations.actions.pledges import holds
from sameboat.donations.models import Pledge
from sameboat.registry.acting import OPERATOR, Act, action, forget_input
from sameboat.registry.refusals import Conflict, Fault, InvalidInput, NotPermitted
from sameboat.transparency import erasing, proofs
from sameboat.transparency.events import Reason


@action
def erase_private(act: Act, *, pledge: Pledge, code: str = "", reason: Reason = "asked") -> Pledge:
    """Erase what a donor told with a pledge, and who was signed in: who made the pledge may, and the operator.

    The pledge, its amounts and every proof stay. Afterwards only its code, or its organisation, can take it back.
    """
    own = holds(act, pledge, code)
    if not act.operator and not own:
        raise NotPermitted(_("Only who made this pledge can erase what was told with it. Use the code you were given."))
    if reason not in get_args(Reason):
        raise InvalidInput([Fault("reason", _("Write one of %(known)s.") % {"known": ", ".join(get_args(Reason))})])
    for entry, _names in queries.told_in_private(pledge):
        erasing.erase(
            bytes.fromhex(entry.leaf_hash),
            reason=reason,
            actor=queries.actor_of(pledge) if own else OPERATOR,
            about=pledge.public_id,
            recorded_at=act.now,
        )
    Pledge.objects.filter(pk=pledge.pk).update(user=None)
    forget_input(pledge)
    pledge.refresh_from_db()
    return pledge


def open_private(act: Act, *, pledge: Pledge, fields: Sequence[str], code: str = "") -> bytes:
    """Return a proof file of a pledge that opens the private fields named, and no other.

    Who made the pledge may have it, and the operator. Whoever is given the file can check that these words were told
    when the pledge was made. Nothing is changed.
    """
    if not act.operator and not holds(act, pledge, code):
        raise NotPermitted(_("Only who made this pledge can show what was told with it. Use the code you were given."))
    told = queries.told_in_private(pledge)
    known = sorted({name for _entry, names in told for name in names})
    if not known:
        raise Conflict(_("Nothing was told with this pledge in private, or it was erased."), "fields")
    if not fields or not set(fields) <= set(known):
        raise InvalidInput([Fault("fields", _("Choose from what was told: %(known)s.") % {"known": ", ".join(known)})])
    if any(entry.index is None for entry, _names in told):
        raise Conflict(_("The pledge is not published yet; that takes a second or two. Try again."))
    return proofs.proof_file(
        [entry for entry, _names in told],
        {entry.number: [name for name in fields if name in names] for entry, names in told},
    )
