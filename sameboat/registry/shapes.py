"""The shapes in which the nouns go out over the API."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from sameboat.registry.models import (
    Bulk,
    Emergency,
    Item,
    Organisation,
    OrganisationAlias,
    Place,
    Role,
    SigningKey,
    Unit,
)
from sameboat.registry.quantities import shown
from sameboat.registry.refusals import InvalidInput, Refused
from sameboat.transparency import proofs
from sameboat.transparency.engine import base64_text


class UnitShape(BaseModel):
    """What is counted."""

    code: str
    kind: str
    name_en: str
    name_zh: str

    @classmethod
    def of(cls, unit: Unit) -> "UnitShape":
        return cls(code=unit.code, kind=unit.kind, name_en=unit.name_en, name_zh=unit.name_zh)


class PackShape(BaseModel):
    """How many base units of an item one unit holds."""

    unit: str
    base_quantity: int


class ItemShape(BaseModel):
    """A kind of goods, the standard it must meet, and the units it is counted in."""

    code: str
    category: str
    name_en: str
    name_zh: str
    base_unit: str
    standard: str
    packs: list[PackShape]

    @classmethod
    def of(cls, item: Item) -> "ItemShape":
        return cls(
            code=item.code,
            category=item.category,
            name_en=item.name_en,
            name_zh=item.name_zh,
            base_unit=item.base_unit.code,
            standard=item.standard,
            packs=[PackShape(unit=pack.unit.code, base_quantity=pack.base_quantity) for pack in item.packs.all()],
        )


class PlaceShape(BaseModel):
    """A place in the tree of places."""

    code: str
    level: str
    name_en: str
    name_zh: str
    parent: str | None
    valid_from: date | None
    valid_until: date | None

    @classmethod
    def of(cls, place: Place) -> "PlaceShape":
        return cls(
            code=place.code,
            level=place.level,
            name_en=place.name_en,
            name_zh=place.name_zh,
            parent=place.parent.code if place.parent else None,
            valid_from=place.valid_from,
            valid_until=place.valid_until,
        )


class OrganisationRef(BaseModel):
    """An organisation, by its id and names."""

    id: str
    name_en: str
    name_zh: str

    @classmethod
    def of(cls, organisation: Organisation) -> "OrganisationRef":
        return cls(id=organisation.public_id, name_en=organisation.name_en, name_zh=organisation.name_zh)

    @classmethod
    def of_any(cls, organisation: Organisation | None) -> "OrganisationRef | None":
        return None if organisation is None else cls.of(organisation)


class OrganisationShape(OrganisationRef):
    """An organisation in the register."""

    kind: str
    place: str | None
    part_of: OrganisationRef | None
    registered_at: datetime
    source: str

    @classmethod
    def of(cls, organisation: Organisation) -> "OrganisationShape":
        return cls(**_organisation_fields(organisation))


class AliasShape(BaseModel):
    """Another spelling of a name, and why it is taken for the same."""

    text: str
    rule: str


class OrganisationDetailShape(OrganisationShape):
    """An organisation with every spelling it is known under."""

    aliases: list[AliasShape]

    @classmethod
    def with_aliases(cls, organisation: Organisation, aliases: list[OrganisationAlias]) -> "OrganisationDetailShape":
        return cls(
            **_organisation_fields(organisation),
            aliases=[AliasShape(text=alias.text, rule=alias.rule) for alias in aliases],
        )


def _organisation_fields(organisation: Organisation) -> dict[str, Any]:
    return {
        "id": organisation.public_id,
        "name_en": organisation.name_en,
        "name_zh": organisation.name_zh,
        "kind": organisation.kind,
        "place": organisation.place.code if organisation.place else None,
        "part_of": OrganisationRef.of_any(organisation.part_of),
        "registered_at": organisation.registered_at,
        "source": organisation.source,
    }


class EmergencyShape(BaseModel):
    """A declared emergency."""

    id: str
    name_en: str
    name_zh: str
    hazard: str
    place: str
    declared_from: date
    until: date | None

    @classmethod
    def of(cls, emergency: Emergency) -> "EmergencyShape":
        return cls(
            id=emergency.public_id,
            name_en=emergency.name_en,
            name_zh=emergency.name_zh,
            hazard=emergency.hazard,
            place=emergency.place.code,
            declared_from=emergency.declared_from,
            until=emergency.until,
        )


class RoleShape(BaseModel):
    """What a member may do."""

    code: str
    name: str

    @classmethod
    def every(cls) -> list["RoleShape"]:
        return [cls(code=role.value, name=str(role.label)) for role in Role]


class MembershipShape(BaseModel):
    """The roles a user has in an organisation."""

    organisation: OrganisationRef
    roles: list[str]


class KeyShape(BaseModel):
    """A member's device key: the public half."""

    id: str
    organisation: OrganisationRef
    public_key: str
    registered_at: datetime
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: SigningKey) -> "KeyShape":
        return cls(
            id=key.public_id,
            organisation=OrganisationRef.of(key.organisation),
            public_key=key.public_key,
            registered_at=key.registered_at,
            revoked_at=key.revoked_at,
        )


class WhoShape(BaseModel):
    """Who the caller is here."""

    user: str
    operator: bool
    memberships: list[MembershipShape]


class TokenShape(BaseModel):
    """A fresh access token. It is shown this once; only its hash is kept."""

    token: str


class RevokedShape(BaseModel):
    """How many access tokens no longer hold."""

    revoked: int


class FaultShape(BaseModel):
    """One thing wrong with one field; the field is empty where the whole request is meant."""

    field: str
    message: str


class ErrorShape(BaseModel):
    """Why a request was refused: a code for programs, what was wrong and what to do for people, and where."""

    code: str
    message: str
    field: str
    faults: list[FaultShape]

    @classmethod
    def of(cls, refused: Refused) -> "ErrorShape":
        faults = refused.faults if isinstance(refused, InvalidInput) else []
        shapes = [FaultShape(field=shown(fault.field), message=shown(str(fault.message))) for fault in faults]
        return cls(code=refused.code, message=shown(str(refused.message)), field=shown(refused.field), faults=shapes)


class RowShape(BaseModel):
    """What became of one row, counted from 1: the id of what it made with the log's promise, or why it was refused.

    The promise is the Base64 of a signed note (sameboat-promise/v1) for the entry with this leaf hash.
    """

    row: int
    id: str | None = None
    leaf_hash: str | None = None
    promise: str | None = None
    error: ErrorShape | None = None


class BulkShape(BaseModel):
    """What became of each row, in the order in which they were sent."""

    done: int
    refused: int
    rows: list[RowShape]

    @classmethod
    def of(cls, bulk: Bulk, entries: Sequence[bytes]) -> "BulkShape":
        """Return the shape; `entries` are the leaf hashes of what the rows put on the log, one a row that was done."""
        promised = zip(entries, proofs.promises_of(entries), strict=True)
        rows = []
        for number, outcome in enumerate(bulk.outcomes, start=1):
            if isinstance(outcome, str):
                leaf_hash, note = next(promised)
                promise = base64_text.encode(note.encode())
                rows.append(RowShape(row=number, id=outcome, leaf_hash=leaf_hash.hex(), promise=promise))
            else:
                rows.append(RowShape(row=number, error=ErrorShape(**outcome)))
        return cls(done=len(entries), refused=len(rows) - len(entries), rows=rows)
