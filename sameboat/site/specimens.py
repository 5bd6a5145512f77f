"""What the style page shows: each component in each state, on real figures.

The figures are sums over the Wuhan Red Cross's public notices of 30 January to 12 February 2020 and over 212 Hubei
hospitals' published needs of early February 2020 (lines that carry a quantity, in pieces and suits).
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy

from sameboat.registry.story import Step
from sameboat.transparency.queries import EntryView

HAND_OUT_LINES = {
    date(2020, 1, 30): 202,
    date(2020, 2, 1): 219,
    date(2020, 2, 2): 90,
    date(2020, 2, 3): 291,
    date(2020, 2, 4): 174,
    date(2020, 2, 6): 268,
    date(2020, 2, 7): 424,
    date(2020, 2, 8): 559,
    date(2020, 2, 9): 277,
    date(2020, 2, 10): 174,
    date(2020, 2, 11): 393,
    date(2020, 2, 12): 430,
}
"""Lines in the hand-out notices by day; no notice is known for 31 January and 5 February."""


class SpecimenForm(forms.Form):
    """One field of each kind."""

    item = forms.CharField(
        label=gettext_lazy("What is needed"), help_text=gettext_lazy("As on the label: “surgical mask”, “N95”.")
    )
    quantity = forms.IntegerField(
        label=gettext_lazy("How many"),
        min_value=1,
        required=False,
        help_text=gettext_lazy("Leave empty if you do not know."),
    )
    by = forms.DateField(
        label=gettext_lazy("Needed by"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    standard = forms.ChoiceField(
        label=gettext_lazy("Standard"),
        choices=[("", gettext_lazy("Any")), ("GB 19083-2010", "GB 19083-2010"), ("YY 0469-2011", "YY 0469-2011")],
        required=False,
    )
    urgency = forms.ChoiceField(
        label=gettext_lazy("How long will your stock last?"),
        choices=[
            ("day", gettext_lazy("Less than a day")),
            ("week", gettext_lazy("Less than a week")),
            ("longer", gettext_lazy("Longer")),
        ],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=gettext_lazy("Anything else"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    agreed = forms.BooleanField(label=gettext_lazy("This may be shown in public"))


def specimens(request: HttpRequest) -> dict[str, Any]:
    """Return the context of the style page; `?as_of=` and the form's fields are tried on the page itself."""
    total, cumulative = 0, []
    for offset in range(14):
        day = date(2020, 1, 30) + timedelta(days=offset)
        lines = HAND_OUT_LINES.get(day)
        total += lines or 0
        cumulative.append((day, None if lines is None else total))
    last = cumulative[-1][0]
    try:
        as_of = date.fromisoformat(request.GET.get("as_of", ""))
    except ValueError:
        as_of = None
    notices = gettext("Wuhan Red Cross, public notices")
    return {
        "as_of": as_of,
        "last_day": last,
        "first_day": date(2020, 1, 22),
        "notices": notices,
        "cash": Decimal("304122843.22"),
        "moment": datetime(2020, 2, 3, 6, 5, tzinfo=UTC),
        "form": SpecimenForm(),
        "form_with_problems": SpecimenForm({"item": "", "quantity": "-3"}, auto_id="tried_%s"),
        "daily": list(HAND_OUT_LINES.items()),
        "cumulative": [
            (gettext("Handed out"), cumulative),
            (gettext("Signed for"), [(day, 0) for day, _ in cumulative]),
        ],
        "goods": [
            (gettext("Surgical masks"), 2_233_000, 274_600, 0),
            (gettext("N95 masks"), 548_300, 50_913, 0),
            (gettext("Protective suits"), 292_010, 70_365, 0),
            (gettext("Goggles"), 81_280, None, None),
        ],
        "flow": [
            (gettext("Lines of goods handed out"), 3_501, gettext("not confirmed by the receiver")),
            (gettext("Signed for"), 0, ""),
        ],
        "flow_unknown": [
            (gettext("Came in"), None, ""),
            (gettext("Handed out"), 274_600, gettext("not confirmed by the receiver")),
            (gettext("Signed for"), 0, ""),
        ],
        "life": [
            _step(1_204, gettext("Goods received"), date(2020, 1, 29), quantity=15, unit=gettext("cases")),
            _step(
                2_310,
                gettext("Handed over"),
                date(2020, 1, 30),
                stated="50箱（*1000）",
                state="not-confirmed",
                note=gettext(
                    "The notice of 30 January 2020 names a receiver; no receiver signed anything that is public."
                ),
            ),
            _step(None, gettext("Signed for"), datetime(2020, 1, 30, 9, tzinfo=UTC), quantity=15, state="signed"),
        ],
        "rows": [
            ("医用防护口罩 N95", 548_300, "signed"),
            ("医用外科口罩", 2_233_000, "awaiting"),
            ("活力碘", None, "not-confirmed"),
            ("防护面罩", 60_870, "unknown"),
            ("手术衣", 158_100, "invalid"),
        ],
        "checkpoint_text": "sameboat.invalid/demo\n1204\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
    }


def _step(index: int | None, what: str, when: date, **more: Any) -> Step:
    """Return a step that shows how one looks; it stands for no entry of the log."""
    entry = cast("EntryView", SimpleNamespace(index=index))
    return Step(entry=entry, what=what, who=None, to=None, when=when, item=gettext("Masks"), counted=True, **more)
