"""What this room says on the public log."""

from typing import Literal

from django.utils.translation import gettext_lazy as _

from sameboat.registry.engine import signature
from sameboat.transparency.errors import ClaimError
from sameboat.transparency.events import Event, History, Subject

_KEYS = "signing keys"


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

    def check(self, history: History) -> None:
        try:
            signature.parse_public_key(self.public_key)
        except signature.SignatureError as error:
            raise ClaimError(f"{self.key}: {error}") from error
        history.register(
            _KEYS,
            self.key,
            owner=self.organisation,
            detail=self.public_key,
            twice=f"{self.key} is registered a second time",
        )


class KeyRevoked(Event, type="key.revoked", words=_("Device key revoked"), doer="organisation"):
    """A device key may no longer sign; what it signed before stays signed."""

    key: Subject
    organisation: Subject
    reason: str

    def check(self, history: History) -> None:
        history.revoke(
            _KEYS,
            self.key,
            owner=self.organisation,
            refused=f"{self.key} is revoked, but was no valid key of {self.organisation}",
        )


def check_device_signature(
    history: History,
    *,
    organisation: str,
    key: str | None,
    public_key: str | None,
    text: str | None,
    value: str | None,
    words: dict[str, str | int | None],
) -> None:
    """Raise ClaimError unless a device key, then valid for `organisation`, signed a statement that says `words`."""
    history.require(
        _KEYS,
        key or "",
        owner=organisation,
        detail=public_key or "",
        absent=f"it is signed with {key}, which is not a valid key at this point of the log",
        other=f"it is signed with {key}, which is another organisation's or has another public key",
    )
    try:
        signature.check(public_key or "", value or "", text or "")
        said = signature.parse_statement(text or "")
    except signature.SignatureError as error:
        raise ClaimError(f"the signature with {key}: {error}") from error
    for name, word in words.items():
        if said.get(name) != word:
            raise ClaimError(f"the statement signed with {key} says {name} {said.get(name)!r}, the entry {word!r}")
