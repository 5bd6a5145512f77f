"""The signatures that actions take: by the member's account, or by a registered device key."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from sameboat.registry.acting import Act
from sameboat.registry.engine import signature
from sameboat.registry.models import Organisation, SigningKey
from sameboat.registry.refusals import Fault, InvalidInput
from sameboat.supplies import events


@dataclass(frozen=True, slots=True)
class DeviceSignature:
    """A signature made by a member's device key over a statement; both base64."""

    public_key: str
    value: str


def signed_by(act: Act, organisation: Organisation, text: str, device: DeviceSignature | None) -> events.Signed:
    """Return the signature of `text` for an organisation: by account, or checked against the member's device key."""
    if device is None:
        return events.Signed(method="account")
    key = SigningKey.objects.filter(public_key=device.public_key, organisation=organisation, revoked_at=None).first()
    if key is None or key.user_id != act.user_id:
        raise InvalidInput(
            [
                Fault(
                    "public_key",
                    _("This key is not registered for you at %(organisation)s. Register it first.")
                    % {"organisation": organisation.name},
                )
            ]
        )
    try:
        signature.check(device.public_key, device.value, text)
    except signature.SignatureError as error:
        raise InvalidInput([Fault("signature", str(error))]) from None
    return events.Signed(
        method="device-key", key=key.public_id, public_key=device.public_key, text=text, value=device.value
    )
