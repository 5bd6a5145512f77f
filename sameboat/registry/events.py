"""What this room says on the public log."""

from typing import Literal

from django.utils.translation import gettext_lazy as _

from sameboat.transparency.events import Event, Subject


class OrganisationRegistered(
    Event, type="organisation.registered", words=_("Organisation registered"), doer="organisation"
):
    """An organisation was entered in the register."""

    organisation: Subject
    name_zh: str = ""
    name_en: str = ""
    kind: str
    place: str | None = None
    part_of: Subject | None = None
    source: str | None = None


class EmergencyDeclared(Event, type="emergency.declared", words=_("Emergency declared")):
    """An emergency was declared for a place, from a day on."""

    emergency: Subject
    name_zh: str
    name_en: str
    hazard: str
    place: str
    declared_from: str


class KeyRegistered(Event, type="key.registered", words=_("Device key registered"), doer="organisation"):
    """A member's device key may now sign for an organisation."""

    key: Subject
    organisation: Subject
    algorithm: Literal["ed25519"] = "ed25519"
    public_key: str


class KeyRevoked(Event, type="key.revoked", words=_("Device key revoked"), doer="organisation"):
    """A device key may no longer sign; what it signed before stays signed."""

    key: Subject
    organisation: Subject
    reason: str
