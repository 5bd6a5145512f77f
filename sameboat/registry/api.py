"""The HTTP API of the nouns: organisations, places, the catalogue, members and their keys."""

from typing import Any, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Status
from pydantic import Field

from sameboat.registry import actions, asking, queries
from sameboat.registry.access import act_of_caller, members
from sameboat.registry.asking import Asked, Before, Day, Limit, Page, Text
from sameboat.registry.refusals import NotFound
from sameboat.registry.shapes import (
    EmergencyShape,
    ItemShape,
    KeyShape,
    MembershipShape,
    OrganisationDetailShape,
    OrganisationRef,
    OrganisationShape,
    PlaceShape,
    RevokedShape,
    RoleShape,
    TokenShape,
    UnitShape,
    WhoShape,
)

router = Router(tags=["registry"])

PUBLIC_KEY_PATTERN = r"^[A-Za-z0-9+/]{43}=$"
"""Base64 of the 32 bytes of an Ed25519 public key."""

Role = Literal["ask", "sign", "store", "money", "give", "figures", "admin"]
OrganisationKind = Literal["hospital", "charity", "company", "government", "association", "school", "other"]


class SoughtOrganisations(Asked):
    """Which organisations, and which page of them; what is left empty does not restrict."""

    text: Text = Field("", description="Part of a name, in any spelling known.")
    kind: OrganisationKind | Literal[""] = ""
    place: Text = Field("", description="A place's code; what lies in it counts too.")
    before: Before = None
    limit: Limit = 50


@router.get("/organisations", response=Page[OrganisationShape])
def list_organisations(request: HttpRequest, sought: Query[SoughtOrganisations]) -> dict[str, Any]:
    """Search organisations by any spelling of their name."""
    rows = queries.organisations(sought.text, sought.kind, sought.place, sought.before, sought.limit + 1)
    return asking.page(rows, sought.limit, OrganisationShape.of)


@router.get("/organisations/{org_id}", response=OrganisationDetailShape)
def get_organisation(request: HttpRequest, org_id: str) -> OrganisationDetailShape:
    """Show one organisation with every spelling it is known under."""
    organisation = asking.organisation(org_id)
    return OrganisationDetailShape.with_aliases(organisation, queries.spellings(organisation))


@router.get("/organisations/{org_id}/keys", response=list[KeyShape])
def list_keys(request: HttpRequest, org_id: str) -> list[KeyShape]:
    """Show the device keys that may or might once sign for an organisation."""
    return [KeyShape.of(key) for key in queries.signing_keys(asking.organisation(org_id))]


class SoughtPlaces(Asked):
    """Which places, and which page of them; what is left empty does not restrict."""

    text: Text = Field("", description="Part of a name.")
    parent: Text = Field("", description="The code of the place they lie in.")
    before: Before = None
    limit: Limit = 50


@router.get("/places", response=Page[PlaceShape])
def list_places(request: HttpRequest, sought: Query[SoughtPlaces]) -> dict[str, Any]:
    """Search places."""
    rows = queries.places_named(sought.text, sought.parent, sought.before, sought.limit + 1)
    return asking.page(rows, sought.limit, PlaceShape.of)


@router.get("/items", response=list[ItemShape])
def list_items(request: HttpRequest) -> list[ItemShape]:
    """Show the catalogue: kinds of goods, their standards, units and packs."""
    return [ItemShape.of(item) for item in queries.items()]


@router.get("/units", response=list[UnitShape])
def list_units(request: HttpRequest) -> list[UnitShape]:
    """Show the units that quantities are counted in."""
    return [UnitShape.of(unit) for unit in queries.units()]


@router.get("/roles", response=list[RoleShape])
def list_roles(request: HttpRequest) -> list[RoleShape]:
    """Show the roles a member may have."""
    return RoleShape.every()


@router.get("/emergencies", response=list[EmergencyShape])
def list_emergencies(request: HttpRequest) -> list[EmergencyShape]:
    """Show the emergencies declared here."""
    return [EmergencyShape.of(emergency) for emergency in queries.emergencies()]


@router.get("/me", auth=members, response=WhoShape)
def who_am_i(request: HttpRequest) -> WhoShape:
    """Show who the caller is and what they may do for whom."""
    user = request.auth  # type: ignore[attr-defined]
    return WhoShape(
        user=user.get_username(),
        operator=user.is_staff,
        memberships=[
            MembershipShape(organisation=OrganisationRef.of(organisation), roles=roles)
            for organisation, roles in queries.organisations_of(user.pk).items()
        ],
    )


@router.post("/tokens", auth=members, response={201: TokenShape})
def make_token(request: HttpRequest) -> Status[TokenShape]:
    """Make an access token for the caller's own programs. It is shown this once."""
    return Status(201, TokenShape(token=actions.make_token(act_of_caller(request))))


@router.post("/tokens/revoke", auth=members, response=RevokedShape)
def revoke_tokens(request: HttpRequest) -> RevokedShape:
    """Revoke all of the caller's access tokens, as when one was lost."""
    return RevokedShape(revoked=actions.revoke_tokens(act_of_caller(request)))


class NewOrganisation(Asked):
    """An organisation to enter in the register, with a name in English or Chinese."""

    kind: OrganisationKind
    name_en: str = ""
    name_zh: str = ""
    place: str | None = None
    part_of: str | None = None
    source: str = ""


@router.post("/organisations", auth=members, response={201: OrganisationShape})
def register_organisation(request: HttpRequest, body: NewOrganisation) -> Status[OrganisationShape]:
    """Enter an organisation in the register; operators only."""
    organisation = actions.register_organisation(
        act_of_caller(request),
        kind=body.kind,
        name_en=body.name_en,
        name_zh=body.name_zh,
        place=asking.place_if(body.place),
        part_of=asking.organisation_if(body.part_of, "part_of"),
        source=body.source,
    )
    return Status(201, OrganisationShape.of(organisation))


class NewMember(Asked):
    """A role for a user in an organisation."""

    user: str = Field(description="The name under which the user signs in.")
    role: Role


@router.post("/organisations/{org_id}/members", auth=members, response={201: MembershipShape})
def add_member(request: HttpRequest, org_id: str, body: NewMember) -> Status[MembershipShape]:
    """Give a user a role in an organisation; its administrators and the operator may."""
    act = act_of_caller(request)
    organisation = asking.organisation(org_id)
    actions.require_manager(act, organisation)  # before it tells whether such a user exists
    user = queries.user_named(body.user) if body.user.isprintable() else None
    if user is None:
        raise NotFound(_("Nobody signs in here as “%(name)s”.") % {"name": body.user[:60]}, "user")
    membership = actions.add_member(act, organisation=organisation, user=user, role=body.role)
    return Status(201, MembershipShape(organisation=OrganisationRef.of(organisation), roles=[membership.role]))


class NewKey(Asked):
    """An Ed25519 public key that a member's device made."""

    public_key: str = Field(pattern=PUBLIC_KEY_PATTERN, description="Base64 of its 32 bytes.")


@router.post("/organisations/{org_id}/keys", auth=members, response={201: KeyShape})
def register_key(request: HttpRequest, org_id: str, body: NewKey) -> Status[KeyShape]:
    """Register the caller's device key to sign for an organisation."""
    key = actions.register_key(
        act_of_caller(request), organisation=asking.organisation(org_id), public_key=body.public_key
    )
    return Status(201, KeyShape.of(key))


class Revocation(Asked):
    """Why a key is revoked."""

    reason: str = ""


@router.post("/keys/{key_id}/revoke", auth=members, response=KeyShape)
def revoke_key(request: HttpRequest, key_id: str, body: Revocation) -> KeyShape:
    """Revoke a device key; what it signed before stays signed."""
    key = asking.found("key", queries.signing_key, key_id)
    return KeyShape.of(actions.revoke_key(act_of_caller(request), key=key, reason=body.reason))


class NewEmergency(Asked):
    """An emergency to declare."""

    name_en: str = ""
    name_zh: str = ""
    hazard: str
    place: str
    declared_from: Day


@router.post("/emergencies", auth=members, response={201: EmergencyShape})
def declare_emergency(request: HttpRequest, body: NewEmergency) -> Status[EmergencyShape]:
    """Declare an emergency; operators only."""
    emergency = actions.declare_emergency(
        act_of_caller(request),
        name_en=body.name_en,
        name_zh=body.name_zh,
        hazard=body.hazard,
        place=asking.place(body.place),
        declared_from=body.declared_from,
    )
    return Status(201, EmergencyShape.of(emergency))
