"""The forms with which gifts are pledged, received and paid out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sameboat.donations import queries
from sameboat.registry import queries as registry
from sameboat.registry.work.forms import (
    ActionForm,
    CurrencyField,
    ItemForm,
    MoneyField,
    OneOf,
    OrganisationField,
    QuantityField,
)
from sameboat.supplies import queries as supplies
from sameboat.supplies.work.forms import SignedForm

if TYPE_CHECKING:
    from sameboat.donations.models import Campaign, Pledge
    from sameboat.registry.models import Organisation
    from sameboat.supplies.models import Need


class PledgeForm(ActionForm):
    """Who pledges: one of my organisations, or a person, whose name and contact stay private."""

    donor = OneOf(label=gettext_lazy("Who gives?"), required=False)
    donor_name = forms.CharField(
        label=gettext_lazy("Your name"),
        help_text=gettext_lazy("Only for who receives your gift. It never reaches the public log."),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    contact = forms.CharField(
        label=gettext_lazy("How to reach you"),
        help_text=gettext_lazy("A telephone number or an e-mail address. It never reaches the public log."),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, data: Any, donors: list[Organisation], **options: Any) -> None:
        super().__init__(data, **options)
        if donors:
            self.offer("donor", donors, none=_("I, as a person"))
        else:
            del self.fields["donor"]


class PledgeGoodsForm(PledgeForm):
    """Goods for a need."""

    quantity = QuantityField(label=gettext_lazy("How many do you pledge?"))
    field_order = ["once", "quantity", "donor", "donor_name", "contact"]

    def __init__(self, data: Any, donors: list[Organisation], need: Need) -> None:
        super().__init__(data, donors, initial={"quantity": need.outstanding})
        self.fields["quantity"].help_text = _("Counted in: %(unit)s.") % {"unit": need.unit.counted(None)}


class PledgeMoneyForm(PledgeForm):
    """Money for a fund."""

    amount = MoneyField(label=gettext_lazy("How much do you pledge?"))
    currency = CurrencyField()
    field_order = ["once", "amount", "currency", "donor", "donor_name", "contact"]


class CancelForm(ActionForm):
    """Takes a pledge back; who made it without an account shows its code."""

    code = forms.CharField(
        label=gettext_lazy("The code of your pledge"),
        help_text=gettext_lazy("You were given it when you pledged. Members of the giver need none."),
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class EraseForm(CancelForm):
    """Erases what was told with a pledge."""


class OpenForm(CancelForm):
    """Makes a proof file that opens some of what was told with a pledge."""

    fields_to_open = forms.MultipleChoiceField(
        label=gettext_lazy("What shall the file show?"),
        help_text=gettext_lazy("Whoever you give the file to can read this, and check that you told it then."),
        choices=[("donor_name", gettext_lazy("Your name")), ("contact", gettext_lazy("How to reach you"))],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose what the file shall show.")},
    )
    field_order = ["once", "fields_to_open", "code"]

    def clean(self) -> dict[str, Any]:
        """Return what the action is given, under its own names."""
        given = super().clean()
        given["fields"] = given.pop("fields_to_open", [])
        return given


class _ReceiptNumber(ActionForm):
    receipt = forms.CharField(
        label=gettext_lazy("Receipt number"),
        help_text=gettext_lazy("As on the receipt you give. Everyone can read it."),
        max_length=80,
        required=False,
    )


class ReceivePledgedGoodsForm(_ReceiptNumber):
    """Pledged goods that came in."""

    charity = OneOf(label=gettext_lazy("Who received it?"))
    quantity = QuantityField(label=gettext_lazy("How many came in?"))
    field_order = ["once", "charity", "quantity", "receipt"]

    def __init__(self, data: Any, charities: list[Organisation], pledge: Pledge) -> None:
        super().__init__(data, initial={"quantity": pledge.quantity})
        self.offer("charity", charities)


class ReceivePledgedMoneyForm(_ReceiptNumber):
    """Pledged money that came in."""

    amount = MoneyField(label=gettext_lazy("How much came in?"))
    currency = CurrencyField()
    field_order = ["once", "amount", "currency", "receipt"]


class _ReceivedOn(_ReceiptNumber):
    received_on = forms.DateField(
        label=gettext_lazy("On which day?"),
        help_text=gettext_lazy("Leave it empty for today."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    donor = OrganisationField(
        label=gettext_lazy("Which organisation gave it?"),
        help_text=gettext_lazy("Its registered name. Leave it empty for a person: we then say “not named”."),
        required=False,
    )


class ReceiveGoodsForm(_ReceivedOn, ItemForm):
    """Goods that came in without a pledge."""

    charity = OneOf(label=gettext_lazy("Who received it?"))
    quantity = QuantityField(
        label=gettext_lazy("How many?"),
        help_text=gettext_lazy("Leave it empty if nobody counted: we then say “quantity unknown”."),
        required=False,
    )

    def __init__(self, data: Any, charities: list[Organisation]) -> None:
        super().__init__(data)
        self.offer("charity", charities)


class ReceiveMoneyForm(_ReceivedOn):
    """Money that came in without a pledge."""

    amount = MoneyField(label=gettext_lazy("How much came in?"))
    currency = CurrencyField()
    field_order = ["once", "amount", "currency", "donor", "received_on", "receipt"]


class CampaignForm(ActionForm):
    """What a charity collects for."""

    charity = OneOf(label=gettext_lazy("Which charity collects?"))
    title_zh = forms.CharField(label=gettext_lazy("Title in Chinese"), max_length=200, required=False)
    title_en = forms.CharField(
        label=gettext_lazy("Title in English"),
        help_text=gettext_lazy("One of the two titles is enough."),
        max_length=200,
        required=False,
    )
    filing_number = forms.CharField(
        label=gettext_lazy("Filing number"),
        help_text=gettext_lazy("Under which the campaign is filed with the authority, if it is."),
        max_length=80,
        required=False,
    )
    emergency = OneOf(label=gettext_lazy("For which emergency?"), required=False)

    def __init__(self, data: Any, charities: list[Organisation]) -> None:
        super().__init__(data)
        self.offer("charity", charities)
        emergencies = [each for each in registry.emergencies() if each.until is None]
        if emergencies:
            self.offer("emergency", emergencies, none=_("none of these"))
        else:
            del self.fields["emergency"]


class NeedField(forms.CharField):
    """A need by its number or its page's address; its cleaned value is the need, None where empty."""

    def clean(self, value: Any) -> Need | None:
        """Return the need, or say that there is none."""
        text = super().clean(value).rstrip("/").rpartition("/")[2]
        if not text:
            return None
        need = supplies.need(text)
        if need is None:
            raise forms.ValidationError(_("There is no need with this number. Copy it, or the address, from its page."))
        return need


class FundForm(ActionForm):
    """What money may be spent on."""

    campaign = OneOf(label=gettext_lazy("In which campaign?"))
    purpose_zh = forms.CharField(
        label=gettext_lazy("Purpose in Chinese"),
        max_length=300,
        required=False,
    )
    purpose_en = forms.CharField(
        label=gettext_lazy("Purpose in English"),
        help_text=gettext_lazy("What the money may be spent on. One language is enough."),
        max_length=300,
        required=False,
    )
    need = NeedField(
        label=gettext_lazy("For one need only?"),
        help_text=gettext_lazy("Then paste its number or its page’s address. Otherwise leave it empty."),
        max_length=300,
        required=False,
    )

    def __init__(self, data: Any, campaigns: list[Campaign], **options: Any) -> None:
        super().__init__(data, **options)
        self.offer("campaign", campaigns)


class PayForm(SignedForm):
    """A payment: first looked over as it will stand on the log, then signed and sent."""

    recipient = OrganisationField(label=gettext_lazy("Who is paid?"), help_text=gettext_lazy("Its registered name."))
    amount = MoneyField(label=gettext_lazy("How much?"))
    currency = CurrencyField()
    purpose = forms.CharField(
        label=gettext_lazy("What for?"), help_text=gettext_lazy("Everyone can read it."), max_length=300
    )


def campaigns_of(charities: list[Organisation]) -> list[Campaign]:
    """Return the campaigns of charities, newest first within each."""
    return [campaign for charity in charities for campaign in queries.campaigns(charity)]
