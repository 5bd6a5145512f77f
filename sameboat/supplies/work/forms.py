"""The forms with which members move goods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sameboat.registry import queries as registry
from sameboat.registry.acting import Act
from sameboat.registry.work.forms import ActionForm, ItemForm, OneOf, QuantityField
from sameboat.registry.work.keys import holder
from sameboat.supplies.actions.signing import DeviceSignature

if TYPE_CHECKING:
    from sameboat.registry.models import Organisation


class NeedForm(ItemForm):
    """What an organisation needs."""

    organisation = OneOf(label=gettext_lazy("Who needs it?"))
    quantity = QuantityField(
        label=gettext_lazy("How many?"),
        help_text=gettext_lazy("Leave it empty if you do not know: we then say “quantity unknown”."),
        required=False,
    )
    standard = forms.CharField(
        label=gettext_lazy("Which standard must it meet?"),
        help_text=gettext_lazy("Such as GB 19083-2010."),
        max_length=200,
        required=False,
    )
    note = forms.CharField(
        label=gettext_lazy("What else should givers know?"),
        help_text=gettext_lazy("Everyone can read it. Write no names and no telephone numbers of people."),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    emergency = OneOf(label=gettext_lazy("For which emergency?"), required=False)
    field_order = ["once", "organisation", "item", "listed", "quantity", "unit", "standard", "note", "emergency"]

    def __init__(self, data: Any, organisations: list[Organisation]) -> None:
        super().__init__(data)
        self.offer("organisation", organisations)
        emergencies = [each for each in registry.emergencies() if each.until is None]
        if emergencies:
            self.offer("emergency", emergencies, none=_("none of these") if len(emergencies) > 1 else None)
        else:
            del self.fields["emergency"]


class StopForm(ActionForm):
    """Why a need is withdrawn, if its asker wants to say."""

    reason = forms.CharField(label=gettext_lazy("Why?"), max_length=300, required=False)


class AllocateForm(ActionForm):
    """How much of a lot a need gets; more than its fair share needs a reason."""

    need = forms.CharField(max_length=48, widget=forms.HiddenInput)
    quantity = QuantityField(label=gettext_lazy("How many?"))
    reason = forms.CharField(
        label=gettext_lazy("Why more than the fair share?"),
        help_text=gettext_lazy("Only if you give more. Everyone can read it."),
        max_length=300,
        required=False,
    )


class TakeBackForm(ActionForm):
    """Why an allocation is taken back."""

    reason = forms.CharField(
        label=gettext_lazy("Why?"), help_text=gettext_lazy("Everyone can read it."), max_length=300, required=False
    )


@dataclass(frozen=True, slots=True)
class Signing:
    """What a form's signature is made over, for whom, and with which keys this member may sign there."""

    statement: str
    organisation: Organisation
    holder: str
    public_keys: list[str]
    here: str
    quantity_id: str = ""


class _Unkept(forms.HiddenInput):
    """A hidden field that a page never gives back: a signature is made anew each time a form is sent."""

    def format_value(self, value: Any) -> str:  # noqa: ARG002 (Django's signature)
        return ""


class SignedForm(ActionForm):
    """A form that is signed: by the member's account, or by a device key whose signature the script fills in."""

    signed_with = forms.CharField(required=False, max_length=12, widget=_Unkept)
    public_key = forms.CharField(required=False, max_length=64, widget=_Unkept)
    signature = forms.CharField(required=False, max_length=128, widget=_Unkept)
    quantity_field = ""

    def signing(self, request: HttpRequest, act: Act, organisation: Organisation, statement: str) -> Signing:
        """Return what the page needs so that this device can sign."""
        return Signing(
            statement=statement,
            organisation=organisation,
            holder=holder(request, organisation),
            public_keys=registry.own_public_keys(act, organisation),
            here=request.path,
            quantity_id=self[self.quantity_field].id_for_label if self.quantity_field else "",
        )

    def clean(self) -> dict[str, Any]:
        """Put the device's signature in the place of its parts; None where the account signs."""
        given = super().clean()
        signed_with, public_key, value = (given.pop(part, "") for part in ("signed_with", "public_key", "signature"))
        given["device"] = DeviceSignature(public_key, value) if signed_with == "device-key" else None
        return given


class ReceiptForm(SignedForm):
    """What arrived; fewer than were handed over is allowed, and said."""

    quantity = QuantityField(label=gettext_lazy("How many arrived?"), required=False)
    note = forms.CharField(
        label=gettext_lazy("Anything to note about what arrived?"),
        help_text=gettext_lazy("Such as “two boxes wet”. Everyone can read it."),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    quantity_field = "quantity"
