"""Forms that carry one action: done once however often they are sent, and honest about what was refused."""

from __future__ import annotations

import difflib
import secrets
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sameboat.registry import queries
from sameboat.registry.acting import KEY_FIELD
from sameboat.registry.categories import CATEGORIES, category_name
from sameboat.registry.refusals import Conflict, InvalidInput

if TYPE_CHECKING:
    from sameboat.registry.models import Item, Organisation


M = TypeVar("M")


def fresh_key() -> str:
    """Return a new idempotency key for a form that has not been sent yet."""
    return secrets.token_urlsafe(12)


class ActionForm(forms.Form):
    """A form whose sending is one action; its fields have the names of the action's parameters.

    `status` is the HTTP status of the page that shows it.
    """

    once = forms.CharField(required=False, max_length=64, initial=fresh_key, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self._refused_status = 0

    def full_clean(self) -> None:
        """Check every field; what is wrong with a hidden one is said of the whole form, where it can be seen."""
        super().full_clean()
        for name in [bound.name for bound in self.hidden_fields() if bound.errors]:
            self.add_error(None, self.errors.pop(name).as_data())

    def clean(self) -> dict[str, Any]:
        """Return what the action is given."""
        given = super().clean() or {}
        given.pop("once", None)
        return given

    @property
    def status(self) -> int:
        """200 for a form not sent yet, 422 where a field is wrong, 409 where the moment has passed."""
        return self._refused_status or (422 if self.is_bound and self.errors else 200)

    def offer(self, field: str, things: Sequence[Any], *, none: str | None = None) -> None:
        """Offer these things in a `OneOf` field; `none` words the empty choice."""
        choice = self.fields[field]
        assert isinstance(choice, OneOf)
        choice.offer(things, none=none)
        if choice.widget.is_hidden:
            self.initial[field] = choice.initial

    def carry_out(self, do: Callable[[dict[str, Any]], M]) -> M | None:
        """Return what `do` makes of the form's values; None where none were sent, one is wrong, or it refuses.

        The form then shows the faults and keeps what was typed. NotPermitted is no fault of a form: it passes through.
        """
        if not self.is_valid():
            return None
        try:
            return do(self.cleaned_data)
        except InvalidInput as refusal:
            for fault in refusal.faults:
                self._blame(fault.field, fault.message)
        except Conflict as refusal:
            self._refused_status = refusal.status
            if refusal.field == KEY_FIELD:
                self._start_over()
            else:
                self._blame(refusal.field, refusal.message)
        return None

    def _blame(self, field: str, message: str) -> None:
        shown = field in self.fields and not self.fields[field].widget.is_hidden
        self.add_error(field if shown else None, message)

    def _start_over(self) -> None:
        """Give the form a new key: it was sent before with other values, and may be meant a second time."""
        assert isinstance(self.data, QueryDict)
        fresh = self.data.copy()
        fresh[self.add_prefix("once")] = fresh_key()
        self.data = fresh
        message = _("This form was sent before, with other values, and that was done. If you mean this too, send it.")
        self.add_error(None, message)


class OneOf(forms.TypedChoiceField):
    """A choice among things that a query returned; its cleaned value is the thing, None where nothing is chosen."""

    def __init__(self, **options: Any) -> None:
        super().__init__(empty_value=None, **options)

    def offer(self, things: Sequence[Any], *, none: str | None = None) -> None:
        """Offer these things by their public id or code; `none` words the empty choice. A lone one needs no asking."""
        by_name = {getattr(thing, "public_id", None) or thing.code: thing for thing in things}
        self.coerce = by_name.__getitem__
        blank = [] if none is None else [("", none)]
        self.choices = [*blank, *((name, str(thing)) for name, thing in by_name.items())]
        if len(self.choices) == 1:
            self.widget = forms.HiddenInput()
            self.initial = self.choices[0][0]


class QuantityField(forms.CharField):
    """A quantity as people write it; the action reads it, so that pages, API and command line agree."""

    keyboard = "numeric"

    def __init__(self, **options: Any) -> None:
        attributes = {"inputmode": self.keyboard, "autocomplete": "off", "class": "short"}
        super().__init__(max_length=40, widget=forms.TextInput(attrs=attributes), **options)


class MoneyField(QuantityField):
    """An amount of money as people write it; the action reads it."""

    keyboard = "decimal"


class CurrencyField(forms.CharField):
    """A currency's three letters."""

    def __init__(self, **options: Any) -> None:
        attributes = {"autocapitalize": "characters", "autocomplete": "off", "class": "short"}
        super().__init__(
            label=gettext_lazy("Currency"),
            help_text=gettext_lazy("Its three letters, such as CNY."),
            initial="CNY",
            max_length=8,
            widget=forms.TextInput(attrs=attributes),
            **options,
        )

    def clean(self, value: Any) -> str:
        """Return the letters as capitals."""
        return str(super().clean(value)).upper()


class OrganisationField(forms.CharField):
    """An organisation by a name that the register knows; its cleaned value is the organisation, None where empty."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}), **options)

    def clean(self, value: Any) -> Organisation | None:
        """Return the organisation, or say which registered names come near."""
        text = super().clean(value)
        if not text:
            return None
        organisation = queries.organisation_named(text)
        if organisation is not None:
            return organisation
        near = _either(each.name for each in queries.organisations(text, limit=5))
        if near:
            raise forms.ValidationError(_("Nobody is registered under exactly this name. Did you mean %s?") % near)
        raise forms.ValidationError(
            _("Nobody is registered under this name. Check it, or ask the operator to enter it.")
        )


class ItemForm(ActionForm):
    """Asks for an item of the catalogue: typed, with suggestions, or chosen from the whole list."""

    item = forms.CharField(
        label=gettext_lazy("What is it?"),
        help_text=gettext_lazy("Type a few letters, such as “mask” or “口罩”, and take a suggestion."),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"list": "item-names", "autocomplete": "off"}),
    )
    listed = forms.ChoiceField(label=gettext_lazy("Or choose from the whole list"), required=False)
    unit = OneOf(
        label=gettext_lazy("Counted in"),
        help_text=gettext_lazy("Change it only if you count in packs."),
        required=False,
    )

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["item"].one_of_two = True  # type: ignore[attr-defined]  # needed, unless chosen from the list
        self.catalogue = queries.items()
        ranks = {category: rank for rank, category in enumerate(CATEGORIES)}
        by_category = sorted(self.catalogue, key=lambda item: (ranks.get(item.category, len(ranks)), item.category))
        listed = self.fields["listed"]
        assert isinstance(listed, forms.ChoiceField)
        listed.choices = [
            ("", _("Not from the list")),
            *(
                (category_name(category), [(item.code, item.name) for item in members])
                for category, members in groupby(by_category, key=lambda item: item.category)
            ),
        ]
        self.offer("unit", queries.counting_units(), none=_("the item’s usual unit"))

    @property
    def suggestions(self) -> list[str]:
        """The catalogue's names in every language, for the browser to suggest."""
        return list(dict.fromkeys(name for item in self.catalogue for name in _names(item)))

    def clean(self) -> dict[str, Any]:
        """Put the item itself in the place of its name."""
        cleaned = super().clean()
        typed, listed = cleaned.get("item", ""), cleaned.pop("listed", "")
        if not typed and not listed:
            self.add_error("item", _("Say what it is: type its name, or choose it from the list."))
            return cleaned
        by_code = {item.code: item for item in self.catalogue}
        found = self._named(typed) if typed else by_code[listed]
        if found is None:
            self.add_error("item", self._not_known(typed))
        elif typed and listed and by_code[listed] != found:
            self.add_error("item", _("You typed one thing and chose another from the list. Clear one of the two."))
        cleaned["item"] = found
        return cleaned

    def _named(self, typed: str) -> Item | None:
        wanted = typed.strip().casefold()
        named = (item for item in self.catalogue if wanted in (name.casefold() for name in (*_names(item), item.code)))
        return next(named, None)

    def _not_known(self, typed: str) -> str:
        wanted = typed.strip().casefold()
        by_name = {name.casefold(): item for item in self.catalogue for name in _names(item)}
        holding = [item for name, item in by_name.items() if wanted in name]
        alike = [by_name[name] for name in difflib.get_close_matches(wanted, by_name, n=3, cutoff=0.5)]
        near = _either(dict.fromkeys(item.name for item in (holding or alike)[:5]))
        if near:
            return _("The catalogue has nothing of exactly this name. Did you mean %s?") % near
        return _("The catalogue has nothing of this name. Choose the nearest from the list below.")


def _names(item: Item) -> list[str]:
    return [name for name in (item.name_en, item.name_zh) if name]


def _either(names: Iterable[str]) -> str:
    return _(", ").join(_("“%s”") % name for name in names)
