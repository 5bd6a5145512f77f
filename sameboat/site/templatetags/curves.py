"""The charts of an outbreak as template calls: `{% load curves %}`. Their geometry is in `sameboat.site.curves`."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from babel.numbers import format_decimal
from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from sameboat.site import curves, maps, notation
from sameboat.site.templatetags.face import _unknown

register = template.Library()

BARE = "site/charts/bare.html"
"""The frame of a drawing that stands elsewhere, without its words."""


@register.inclusion_tag("site/charts/curve.html")
def curve_chart(
    name: str,
    rows: Sequence[curves.CurveRow],
    title: str,
    unit: str,
    source: str = "",
    table: str = "",
    bare: bool = False,
) -> dict[str, Any]:
    """Draw an epidemic curve; `table` is where its figures stand on the page (`#days`), `bare` leaves out the words."""
    return {
        "frame": BARE if bare else "",
        "name": name,
        "chart": curves.curve(rows),
        "title": title,
        "unit": unit,
        "source": source,
        "table": table,
    }


@register.inclusion_tag("site/charts/band.html")
def band_chart(
    name: str,
    rows: Sequence[curves.BandRow],
    title: str,
    unit: str,
    source: str = "",
    table: str = "",
    bare: bool = False,
) -> dict[str, Any]:
    """Draw a line with its band around 1; rows in hundredths."""
    return {
        "frame": BARE if bare else "",
        "name": name,
        "chart": curves.band(rows),
        "title": title,
        "unit": unit,
        "source": source,
        "table": table,
    }


@register.filter
def hundredths(number: int | None) -> str | SafeString:
    """Write hundredths with two decimals: 131 as 1.31; hatched where not known."""
    if number is None:
        return _unknown("–")
    locale = notation.locale_of(get_language() or "en")
    return format_decimal(f"{number / 100:.2f}", format="0.00", locale=locale)


@register.filter
def tenths(number: int | None) -> str | SafeString:
    """Write tenths with one decimal; hatched where not known."""
    if number is None:
        return _unknown("–")
    locale = notation.locale_of(get_language() or "en")
    return format_decimal(f"{number / 10:.1f}", format="#,##0.0", locale=locale)


@register.simple_tag
def letter(number: int) -> SafeString:
    """Write the letter that a chart marks its nth break with, the first by 1."""
    return format_html("<strong>{}</strong>", chr(ord("A") + (number - 1) % 26))


@register.filter
def iso(when: date) -> str:
    """Write a day as programs do."""
    return when.isoformat()


@register.inclusion_tag("site/charts/map.html")
def map_chart(
    name: str, spots: Sequence[maps.Spot], title: str, unit: str, source: str = "", table: str = ""
) -> dict[str, Any]:
    """Draw places as circles of their counts, shaded by their rates in tenths."""
    chart = maps.circle_map(spots)
    return {"name": name, "chart": chart, "title": title, "unit": unit, "source": source, "table": table}


@register.inclusion_tag("site/charts/fan.html")
def fan_chart(
    name: str,
    history: Sequence[curves.HistoryRow],
    forecast: Sequence[curves.FanRow],
    title: str,
    unit: str,
    source: str = "",
    bare: bool = False,
) -> dict[str, Any]:
    """Draw the weeks before as columns and the weeks forecast as bands."""
    return {
        "frame": BARE if bare else "",
        "name": name,
        "chart": curves.fan(history, forecast),
        "title": title,
        "unit": unit,
        "source": source,
    }


@register.inclusion_tag("site/charts/multiples.html")
def multiples_chart(
    name: str,
    series: Sequence[tuple[str, Sequence[tuple[date, int | None]]]],
    title: str,
    unit: str,
    source: str = "",
    table: str = "",
    tenths: bool = False,
) -> dict[str, Any]:
    """Draw many small charts on one scale; `tenths` tells that the values are tenths."""
    return {
        "name": name,
        "chart": curves.multiples(series),
        "title": title,
        "unit": unit,
        "source": source,
        "table": table,
        "tenths": tenths,
    }
