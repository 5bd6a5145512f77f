"""Every read of the nouns that leaves this room."""

from collections.abc import Iterable, Sequence

from django.contrib.auth.models import User
from django.db.models import Q

from sameboat.registry.acting import Act
from sameboat.registry.models import (
    AccessToken,
    Emergency,
    Item,
    Membership,
    Organisation,
    OrganisationAlias,
    Pack,
    Place,
    SigningKey,
    Unit,
)


def organisation(public_id: str) -> Organisation | None:
    """Return one organisation."""
    return Organisation.objects.select_related("place__parent", "part_of").filter(public_id=public_id).first()


def organisations(
    text: str = "", kind: str = "", place: str = "", before: int | None = None, limit: int = 50
) -> list[Organisation]:
    """Return organisations whose name or another spelling holds `text`, newest first, those before row `before`."""
    found = Organisation.objects.select_related("place", "part_of")
    if kind:
        found = found.filter(kind=kind)
    if text:
        spelled = OrganisationAlias.objects.filter(text__icontains=text).values("organisation")
        found = found.filter(Q(name_zh__icontains=text) | Q(name_en__icontains=text) | Q(pk__in=spelled))
    if place:
        found = found.filter(place__in=places_within(place))
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[:limit])


def organisation_called(name: str) -> Organisation | None:
    """Return the organisation with exactly this name or spelling."""
    alias = OrganisationAlias.objects.select_related("organisation__place").filter(text=name).first()
    return alias.organisation if alias else None


def organisations_by_id(public_ids: Sequence[str]) -> dict[str, Organisation]:
    """Return organisations by their public ids; those that do not exist are left out."""
    return {each.public_id: each for each in Organisation.objects.filter(public_id__in=public_ids)}


def items_by_code(codes: Sequence[str]) -> dict[str, Item]:
    """Return items of the catalogue by their codes; those that do not exist are left out."""
    return {each.code: each for each in Item.objects.select_related("base_unit").filter(code__in=codes)}


def emergencies_by_id(public_ids: Sequence[str]) -> dict[str, Emergency]:
    """Return emergencies by their public ids; those that do not exist are left out."""
    return {each.public_id: each for each in Emergency.objects.filter(public_id__in=public_ids)}


def spellings(of: Organisation, limit: int = 50) -> list[OrganisationAlias]:
    """Return the other spellings of an organisation's name, each with the rule by which it is taken for the same."""
    names = (of.name_zh, of.name_en)
    return list(of.aliases.exclude(text__in=names).order_by("text")[:limit])


def parts(of: Organisation, limit: int = 50) -> list[Organisation]:
    """Return the organisations that are a part of this one."""
    return list(of.parts.order_by("pk")[:limit])


def item(code: str) -> Item | None:
    """Return one item of the catalogue."""
    return Item.objects.select_related("base_unit").filter(code=code).first()


def items() -> list[Item]:
    """Return the whole catalogue by category and code."""
    return list(Item.objects.select_related("base_unit").prefetch_related("packs__unit").order_by("category", "code"))


def unit(code: str) -> Unit | None:
    """Return one unit."""
    return Unit.objects.filter(code=code).first()


def units() -> list[Unit]:
    """Return every unit."""
    return list(Unit.objects.order_by("code"))


def place(code: str) -> Place | None:
    """Return one place."""
    return Place.objects.select_related("parent").filter(code=code).first()


def places_named(text: str = "", parent: str = "", before: int | None = None, limit: int = 50) -> list[Place]:
    """Return places, last entered first; `text` is part of a name, `parent` the code of the place they lie in."""
    found = Place.objects.select_related("parent")
    if text:
        found = found.filter(Q(name_zh__icontains=text) | Q(name_en__icontains=text))
    if parent:
        found = found.filter(parent__code=parent)
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[:limit])


def places_within(code: str) -> list[int]:
    """Return the row numbers of a place and everything under it; at most a few levels deep."""
    level = list(Place.objects.filter(code=code).values_list("pk", flat=True))
    found = list(level)
    while level:
        level = list(Place.objects.filter(parent__in=level).values_list("pk", flat=True))
        found.extend(level)
    return found


def emergency(public_id: str) -> Emergency | None:
    """Return one emergency."""
    return Emergency.objects.select_related("place").filter(public_id=public_id).first()


def emergencies(limit: int = 20) -> list[Emergency]:
    """Return the emergencies declared, newest first."""
    return list(Emergency.objects.select_related("place").order_by("-declared_from", "-pk")[:limit])


def organisations_of(user_id: int) -> dict[Organisation, list[str]]:
    """Return the organisations in which a user has roles, and which."""
    found: dict[Organisation, list[str]] = {}
    for membership in Membership.objects.filter(user_id=user_id).select_related("organisation").order_by("pk"):
        found.setdefault(membership.organisation, []).append(membership.role)
    return found


def signing_key(public_id: str) -> SigningKey | None:
    """Return one device key."""
    return SigningKey.objects.select_related("organisation").filter(public_id=public_id).first()


def signing_keys(of: Organisation) -> list[SigningKey]:
    """Return the device keys registered for an organisation, newest first."""
    return list(SigningKey.objects.filter(organisation=of).select_related("organisation").order_by("-pk"))


def organisation_kinds() -> list[tuple[str, str]]:
    """Return the kinds of organisations with their names in the reader's language."""
    return [(kind.value, str(kind.label)) for kind in Organisation.Kind]


def user_named(username: str) -> User | None:
    """Return the active user who signs in under a name."""
    return User.objects.filter(username=username, is_active=True).first()


def user_of_token(token_hash: str) -> User | None:
    """Return the active user whose access token has this hash."""
    token = AccessToken.objects.select_related("user").filter(token_hash=token_hash, user__is_active=True).first()
    return token.user if token else None


def keys_of(organisations: Iterable[str], limit: int = 100) -> list[SigningKey]:
    """Return the device keys of the organisations of these ids, newest first, the revoked ones too."""
    found = SigningKey.objects.filter(organisation__public_id__in=list(organisations))
    return list(found.select_related("organisation", "user").order_by("-pk")[:limit])


def own_public_keys(act: Act, organisation: Organisation) -> list[str]:
    """Return the public keys with which the person who acts may sign for an organisation now."""
    if act.user_id is None:
        return []
    found = SigningKey.objects.filter(organisation=organisation, user_id=act.user_id, revoked_at=None)
    return list(found.values_list("public_key", flat=True))


def organisation_named(text: str) -> Organisation | None:
    """Return the organisation that has this id, or exactly this name in a spelling that the register knows."""
    text = text.strip()
    alias = OrganisationAlias.objects.select_related("organisation").filter(text__iexact=text).first()
    return alias.organisation if alias else organisation(text)


def counting_units() -> list[Unit]:
    """Return the units in which some item of the catalogue is counted or packed."""
    counted = Q(pk__in=Item.objects.values("base_unit")) | Q(pk__in=Pack.objects.values("unit"))
    return list(Unit.objects.filter(counted).order_by("pk"))
