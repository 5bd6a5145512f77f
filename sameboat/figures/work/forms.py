"""The forms with which members publish figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sameboat.figures import queries
from sameboat.figures.actions.uploads import MOST_BYTES
from sameboat.registry import queries as registry
from sameboat.registry.work.forms import ActionForm, OneOf

if TYPE_CHECKING:
    from sameboat.registry.models import Place


class UploadForm(ActionForm):
    """A file of figures, and when they were published."""

    file = forms.FileField(label=gettext_lazy("The file"))
    published = forms.CharField(
        label=gettext_lazy("When are these figures published?"),
        help_text=gettext_lazy("A day such as 2020-02-12, or a moment such as 2020-02-12T15:00+08:00."),
        max_length=48,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    complete = forms.BooleanField(
        label=gettext_lazy("These are all our figures: take back what is not in the file"), required=False
    )

    def __init__(self, data: Any, files: Any) -> None:
        super().__init__(data, files=files)

    def clean_file(self) -> bytes:
        """Return the file's bytes, at most MOST_BYTES."""
        file = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            most = f"{MOST_BYTES >> 20} MiB"
            raise forms.ValidationError(_("The file is larger than %(most)s. Send it in parts.") % {"most": most})
        return bytes(file.read())


class PlaceField(forms.CharField):
    """A place by its code or its name; its cleaned value is the place."""

    def clean(self, value: Any) -> Place:
        """Return the place, or say which ones come near."""
        text = super().clean(value).strip()
        if exact := registry.place(text):
            return exact
        near = registry.places_named(text, limit=200)
        named = [each for each in near if text.casefold() in (each.name_en.casefold(), each.name_zh.casefold())]
        if len(named) == 1:
            return named[0]
        told = ", ".join(f"{each.name} ({each.code})" for each in (named or near)[:8])
        if told:
            raise forms.ValidationError(_("Which place is it? Write the code: %(places)s.") % {"places": told})
        raise forms.ValidationError(_("No place has this code or name."))


class _RemarkForm(ActionForm):
    """What is said of figures, in words."""

    place = PlaceField(
        label=gettext_lazy("Which place?"),
        help_text=gettext_lazy("Its code or its name; a part of the name shows what there is."),
        max_length=200,
    )
    signal = OneOf(label=gettext_lazy("Which figures?"))
    day = forms.DateField(
        label=gettext_lazy("From which day?"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    text_en = forms.CharField(
        label=gettext_lazy("In English"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    text_zh = forms.CharField(
        label=gettext_lazy("In Chinese"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    url = forms.URLField(
        label=gettext_lazy("Where is it published?"), max_length=300, required=False, assume_scheme="https"
    )


class BreakForm(_RemarkForm):
    """From which day on figures cannot be compared with those before."""

    kind = forms.ChoiceField(label=gettext_lazy("What happened?"), choices=queries.break_kinds)
    within = forms.BooleanField(
        label=gettext_lazy("It holds for what lies in this place too"), required=False, initial=True
    )
    field_order = ["once", "place", "signal", "day", "kind", "within", "text_en", "text_zh", "url"]

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.offer("signal", queries.signals())


class ExplainForm(_RemarkForm):
    """Why figures changed or look odd."""

    until = forms.DateField(
        label=gettext_lazy("Until which day?"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    field_order = ["once", "place", "signal", "day", "until", "text_en", "text_zh", "url"]

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["signal"].required = False
        self.offer("signal", queries.signals(), none=_("all of them"))
