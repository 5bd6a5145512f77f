"""The components that pages are composed from; `docs/design.md` shows each call, `/style` shows each in every state.

A component takes plain values and writes them in the reader's language. A value that is not known is None and is
written so; a value that cannot be written honestly (a float, a naive time, a state nobody defined) raises.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from babel import Locale
from django import template
from django.conf import settings
from django.forms import BaseForm, BoundField
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse, translate_url
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, gettext_lazy, ngettext, override

from sameboat.site import charts, notation

register = template.Library()


class Counted(Protocol):
    """A unit that knows its word behind a number."""

    def counted(self, number: int | None) -> str:
        """Return the word."""


NAVIGATION = (
    ("needs", gettext_lazy("Needs")),
    ("gifts", gettext_lazy("Gifts")),
    ("situation", gettext_lazy("The outbreak")),
    ("organisations", gettext_lazy("Organisations")),
    ("log", gettext_lazy("The log")),
    ("about", gettext_lazy("About")),
)
SEALS = {
    "signed": (gettext_lazy("Signed"), gettext_lazy("Signed for, and the signature verifies")),
    "account": (gettext_lazy("By account"), gettext_lazy("Signed with an account here, not with a device key")),
    "awaiting": (gettext_lazy("Awaited"), gettext_lazy("Waiting for the receiver’s signature")),
    "not-confirmed": (gettext_lazy("Not confirmed"), gettext_lazy("Not confirmed by the receiver")),
    "unknown": (gettext_lazy("Unknown"), gettext_lazy("We do not know whether it was signed for")),
    "invalid": (gettext_lazy("Does not verify"), gettext_lazy("The signature does not verify")),
}
NOTICES = {
    "note": gettext_lazy("Note"),
    "warning": gettext_lazy("Important"),
    "done": gettext_lazy("Done"),
    "past": gettext_lazy("An earlier day"),
}


def _locale() -> Locale:
    return notation.locale_of(get_language() or settings.LANGUAGE_CODE)


def _unknown(words: str) -> SafeString:
    return format_html('<span class="unknown">{}</span>', words)


# Values


@register.simple_tag
def quantity(number: int | None, unit: str | Counted = "") -> SafeString:
    """Write a whole number of `unit` (a word, or what has one for each number), or the hatched "quantity unknown"."""
    if not isinstance(unit, str):
        unit = unit.counted(number)
    if number is None:
        return _unknown(gettext("quantity unknown"))
    written = notation.quantity(number, _locale())
    if not unit:
        return format_html('<data class="number" value="{}">{}</data>', str(number), written)
    return format_html(
        '<data class="number" value="{}">{}</data>\xa0<span class="unit">{}</span>', str(number), written, unit
    )


@register.simple_tag
def share(part: int | None, whole: int | None) -> SafeString:
    """Write `part` in `whole` as whole percents, or hatched where either is not known or there is no whole."""
    if part is None or not whole:
        return _unknown(gettext("share unknown"))
    return format_html('<span class="number">{}</span>', notation.share(part, whole, _locale()))


@register.simple_tag
def money(amount: Decimal | int | None, currency: str) -> SafeString:
    """Write an amount with its ISO 4217 code, or the hatched "amount unknown" for None."""
    if amount is None:
        return _unknown(gettext("amount unknown"))
    locale = _locale()
    return format_html(
        '<abbr class="unit" title="{}">{}</abbr>\xa0<data class="number" value="{}">{}</data>',
        notation.currency_name(currency, locale),
        currency,
        str(amount),
        notation.money(amount, currency, locale),
    )


@register.simple_tag
def day(when: date | None) -> SafeString:
    """Write a day, or the hatched "date unknown" for None."""
    if when is None:
        return _unknown(gettext("date unknown"))
    return format_html('<time datetime="{}">{}</time>', when.isoformat()[:10], notation.day(when, _locale()))


@register.simple_tag
def when(at: date | datetime | None, zone: str = "") -> SafeString:
    """Write a moment on the clock of `zone`, or a day where only the day is known."""
    return moment(at, zone) if isinstance(at, datetime) else day(at)


@register.simple_tag
def moment(when: datetime | None, zone: str = "") -> SafeString:
    """Write a moment on the clock of `zone` (an IANA name; the installation's own by default)."""
    if when is None:
        return _unknown(gettext("time unknown"))
    clock = ZoneInfo(zone or settings.TIME_ZONE)
    written = notation.moment(when, clock, _locale())
    return format_html('<time datetime="{}">{}</time>', when.astimezone(clock).isoformat(timespec="seconds"), written)


# Proof


@register.simple_tag
def seal(state: str, by: str = "", short: bool = False) -> SafeString:
    """Draw the seal of a state of `SEALS` with its words: in full, naming who signed, or `short` for a table."""
    if state not in SEALS:
        raise notation.NotationError(f"'{state}' is no state of a signature; use one of {', '.join(SEALS)}")
    words = str(SEALS[state][0 if short else 1])
    if by and state == "signed":
        words = gettext("Signed for by %(who)s; the signature verifies") % {"who": by}
    return format_html(
        '<span class="sealed"><svg class="seal" aria-hidden="true"><use href="#seal-{}"/></svg><span>{}</span></span>',
        state,
        words,
    )


@register.simple_tag
def proof_link(url: str, entry: int | None = None) -> SafeString:
    """Link to the log entry that proves something; `entry` is its place in the log."""
    words = gettext("Proof")
    if entry is not None:
        words = gettext("Entry %(index)s on the log") % {"index": notation.quantity(entry, _locale())}
    return format_html('<a class="proof" href="{}">{}</a>', url, words)


@register.inclusion_tag("site/components/copyable.html")
def copyable(text: str, label: str) -> dict[str, str]:
    """Show a text to carry away (a hash, a checkpoint), with a button that copies it where scripts run."""
    return {"text": text, "label": label}


# What a page is made of


@register.simple_block_tag(end_name="endsentence")
def sentence(content: str, kicker: str = "") -> SafeString:
    """Open a page with the sentence that carries its number; `kicker` names the page in a word or two."""
    above = format_html('<span class="kicker">{}</span>', kicker) if kicker else ""
    return format_html('<h1 class="sentence">{}{}</h1>', above, mark_safe(content.strip()))  # noqa: S308 (a template's own text)


@register.inclusion_tag("site/components/figure.html")
def figure(
    label: str,
    value: Decimal | int | None,
    unit: str | Counted = "",
    currency: str = "",
    date: date | None = None,
    source: str = "",
    source_url: str = "",
    proof: str = "",
    entry: int | None = None,
) -> dict[str, Any]:
    """Show one number with its unit (or currency), date, source, and the link to its proof."""
    return {
        "label": label,
        "value": value,
        "unit": unit,
        "currency": currency,
        "date": date,
        "source": source,
        "source_url": source_url,
        "proof": proof,
        "entry": entry,
    }


@register.simple_block_tag(end_name="endledger")
def ledger(
    content: str,
    caption: str,
    shown: int | None = None,
    total: int | None = None,
    narrow: str = "",
    download: str = "",
) -> str:
    """Frame a table's `<thead>` and `<tbody>`; says so when `shown` of `total` rows are there, and what to do then."""
    context = {"rows": mark_safe(content), "caption": caption, "shown": shown, "total": total}  # noqa: S308 (rendered above)
    context |= {"narrow": narrow, "download": download}
    context["cut_short"] = shown is not None and total is not None and shown < total
    return render_to_string("site/components/ledger.html", context)


@register.simple_block_tag(end_name="endcell")
def cell(content: str, heading: str, number: bool = False) -> SafeString:
    """Write a table's cell that carries its column's `heading` along when the row becomes a card on a phone."""
    kind = mark_safe(' class="numeric"') if number else ""
    return format_html('<td data-heading="{}"{}>{}</td>', heading, kind, mark_safe(content.strip()))  # noqa: S308


@register.simple_block_tag(end_name="endempty")
def empty(content: str, title: str) -> SafeString:
    """Say that there is nothing, why, and what can be done."""
    return format_html('<div class="empty"><p class="empty-title">{}</p>{}</div>', title, mark_safe(content))  # noqa: S308


@register.simple_block_tag(end_name="endnotice")
def notice(content: str, kind: str = "note") -> SafeString:
    """Set a short message apart: a kind of `NOTICES`. Errors in a form are shown by `problems` and `field`."""
    return format_html(
        '<div class="notice notice-{}"><p class="notice-kind">{}</p>{}</div>',
        kind,
        NOTICES[kind],
        mark_safe(content),  # noqa: S308 (rendered above)
    )


@register.inclusion_tag("site/components/pages.html")
def pages(newer: str = "", older: str = "", of: str = "") -> dict[str, str]:
    """Link to the newer and older rows `of` a list; an empty address is an end. Two lists on a page need two names."""
    return {"newer": newer, "older": older, "of": of}


@register.inclusion_tag("site/components/as_of.html", takes_context=True)
def as_of_bar(
    context: template.Context, as_of: date | None, earliest: date | None = None, latest: date | None = None
) -> dict[str, Any]:
    """Let the reader choose the day the page stands at; what else was asked of the page is kept."""
    kept = [(key, value) for key, values in context["request"].GET.lists() for value in values if key != "as_of"]
    return {"as_of": as_of, "earliest": earliest, "latest": latest, "kept": kept, "path": context["request"].path}


# Forms


@register.inclusion_tag("site/components/problems.html")
def problems(form: BaseForm) -> dict[str, Any]:
    """List a form's problems at the top of the page, each linked to its field; nothing when there are none."""
    found = []
    for bound in form.visible_fields():
        target = f"{bound.auto_id}_0" if bound.use_fieldset else bound.auto_id
        found += [(target, bound.label, problem) for problem in bound.errors]
    return {"general": form.non_field_errors(), "found": found}


@register.inclusion_tag("site/components/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """Write one field: label, hint, problem, input, each tied to the others for a screen reader."""
    lone = getattr(bound.field.widget, "input_type", "") == "checkbox" and not bound.use_fieldset
    return {"field": bound, "checkbox": lone}


@register.inclusion_tag("site/components/fields.html")
def fields(form: BaseForm) -> dict[str, Any]:
    """Write all of a form's fields in their order, the hidden ones too."""
    return {"form": form}


# Charts


@register.inclusion_tag("site/charts/columns.html")
def columns_chart(
    name: str, values: Iterable[tuple[date, int | None]], title: str, unit: str, source: str = ""
) -> dict[str, Any]:
    """Draw daily columns of `(day, value or None)`. `name` is an id that is unique on the page."""
    return {"name": name, "chart": charts.columns(values), "title": title, "unit": unit, "source": source}


@register.inclusion_tag("site/charts/lines.html")
def lines_chart(
    name: str,
    series: Sequence[tuple[str, Iterable[tuple[date, int | None]]]],
    title: str,
    unit: str,
    source: str = "",
) -> dict[str, Any]:
    """Draw up to four cumulative lines of `(name, [(day, value or None)])`, each labelled at its end."""
    return {"name": name, "chart": charts.lines(series), "title": title, "unit": unit, "source": source}


@register.inclusion_tag("site/charts/bars.html")
def bars_chart(
    name: str,
    rows: Iterable[tuple[str, int | None, int | None, int | None]],
    title: str,
    unit: str,
    source: str = "",
) -> dict[str, Any]:
    """Draw a pair of bars for each `(name, asked for, handed out, signed for)`, all on one scale."""
    return {"name": name, "bars": charts.bars(rows), "title": title, "unit": unit, "source": source}


@register.inclusion_tag("site/charts/flow.html")
def flow_chart(
    name: str, stages: Sequence[tuple[str, int | None, str]], title: str, unit: str, source: str = ""
) -> dict[str, Any]:
    """Draw what came in, went out and was signed for: `(stage, value or None, name of what did not go on)`."""
    return {"name": name, "stages": charts.flow(stages), "title": title, "unit": unit, "source": source}


@register.filter
def short_day(when: date) -> str:
    """Write a day without its year, for an axis."""
    return notation.day_of_year(when, _locale())


@register.filter
def grouped(number: int) -> str:
    """Write a whole number as bare words, for a drawing."""
    return notation.quantity(number, _locale())


@register.filter
def magnitude(number: int) -> int:
    """Return a number without its sign, where words say which way it points."""
    return abs(number)


# The shell


@register.inclusion_tag("site/components/navigation.html", takes_context=True)
def navigation(context: template.Context) -> dict[str, Any]:
    """Link to the rooms that are installed, the current one marked."""
    request = context.get("request")
    links = []
    for name, words in NAVIGATION:
        try:
            url = reverse(name)
        except NoReverseMatch:  # a room that is not installed has no door
            continue
        here = request is not None and (request.path == url or request.path.startswith(url.rstrip("/") + "/"))
        links.append((url, words, here))
    return {"links": links}


@register.inclusion_tag("site/components/languages.html", takes_context=True)
def languages(context: template.Context) -> dict[str, Any]:
    """Link to the same page in the other languages, or to their first page where this one has no counterpart."""
    request = context.get("request")
    others = []
    for code, words in settings.LANGUAGES:
        if code == get_language():
            continue
        here = request.get_full_path() if request is not None else ""
        there = translate_url(here, code)
        if there == here:
            with override(code):
                there = reverse("home")
        others.append((code, words, there))
    return {"others": others}


@register.simple_tag
def rows_left_out(shown: int, total: int) -> str:
    """Say how many of how many rows are shown."""
    locale = _locale()
    return ngettext("Showing %(shown)s of %(total)s row.", "Showing %(shown)s of %(total)s rows.", total) % {
        "shown": notation.quantity(shown, locale),
        "total": notation.quantity(total, locale),
    }
