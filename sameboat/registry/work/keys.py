"""Device keys: with one, a signature is made on the member's own device, where this server cannot make it."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sameboat.registry import queries
from sameboat.registry.acting import Act
from sameboat.registry.actions import register_key, revoke_key
from sameboat.registry.models import Organisation, Role, SigningKey
from sameboat.registry.refusals import NotPermitted
from sameboat.registry.work.forms import ActionForm, OneOf
from sameboat.registry.work.pages import act_from, back, done, for_members, found, my_organisations, page, sent

SIGNING_ROLES = (Role.SIGN, Role.STORE, Role.MONEY)


class KeyForm(ActionForm):
    """Registers this device; the script fills in the public key that the device made."""

    organisation = OneOf(label=gettext_lazy("For which organisation does this device sign?"))
    public_key = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Leave out where to go next, which is no matter of the action."""
        given = super().clean()
        given.pop("next", None)
        return given

    def clean_public_key(self) -> str:
        """Refuse a form that a browser without scripts has sent."""
        key: str = self.cleaned_data["public_key"]
        if not key:
            raise forms.ValidationError(_("This browser made no key. It needs scripts, and a secure address (https)."))
        return key


class RevokeForm(ActionForm):
    """Revokes a device key."""

    reason = forms.CharField(
        label=gettext_lazy("Why?"),
        help_text=gettext_lazy("Such as “phone lost”. Everyone can read it."),
        max_length=200,
        required=False,
    )


@for_members
def keys(request: HttpRequest) -> HttpResponse:
    """List the device keys of my organisations, and register this device."""
    act = act_from(request)
    mine = my_organisations(act, *SIGNING_ROLES)
    if request.method == "POST":
        form = KeyForm(request.POST)
    else:
        form = KeyForm(initial={"next": request.GET.get("next", ""), "organisation": request.GET.get("for", "")})
    form.offer("organisation", mine)
    key = form.carry_out(lambda given: register_key(act, **given))
    if key is not None:
        return done(request, _("This device now signs for %s.") % key.organisation.name, back(request, reverse("keys")))
    rows = [(key, _may_revoke(act, key)) for key in queries.keys_of(act.where(*SIGNING_ROLES, Role.ADMIN))]
    return page(request, "registry/work/keys.html", form, rows=rows, holders=[holder(request, each) for each in mine])


def holder(request: HttpRequest, organisation: Organisation) -> str:
    """Return the name under which this device keeps the member's key for an organisation."""
    return f"{request.user.pk}:{organisation.public_id}"


@for_members
def revoke(request: HttpRequest, public_id: str) -> HttpResponse:
    """Revoke a device key: its owner, or an administrator."""
    act, key = act_from(request), found(queries.signing_key(public_id))
    if not _may_revoke(act, key):
        raise NotPermitted(_("Only who registered this key, or an administrator of its organisation, can revoke it."))
    form = RevokeForm(sent(request))
    revoked = form.carry_out(lambda given: revoke_key(act, key=key, **given))
    if revoked is not None:
        return done(request, _("The key is revoked. What it signed before stays signed."), reverse("keys"))
    return page(request, "registry/work/key-revoke.html", form, key=key)


def _may_revoke(act: Act, key: SigningKey) -> bool:
    own = key.user_id is not None and key.user_id == act.user_id
    return own or act.may(key.organisation, Role.ADMIN)
