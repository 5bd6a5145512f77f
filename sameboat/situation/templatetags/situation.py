"""Words of this room's pages: `{% load situation %}`."""

from typing import Protocol

from django import template
from django.utils.html import format_html
from django.utils.translation import get_language, gettext, gettext_lazy, ngettext

from sameboat.figures import wording
from sameboat.figures.models import QualityFlag
from sameboat.situation.forecasting import Standing

register = template.Library()


class Told(Protocol):
    """Has a text in English and in Chinese."""

    text_en: str
    text_zh: str


@register.simple_tag
def told(each: Told) -> str:
    """Return a text in the reader's language, or in the other where that is all there is."""
    chinese = (get_language() or "").startswith("zh")
    return (each.text_zh or each.text_en) if chinese else (each.text_en or each.text_zh)


@register.simple_tag
def flag_words(flag: QualityFlag) -> str:
    """Return what a check noticed, in words."""
    return wording.flag_words(flag)


class NamedTwice(Protocol):
    """Has a name in English and in Chinese."""

    name_en: str
    name_zh: str


@register.simple_tag
def own_name(each: NamedTwice) -> str:
    """Return a name in the reader's language, or in the other where that is all there is."""
    chinese = (get_language() or "").startswith("zh")
    return (each.name_zh or each.name_en) if chinese else (each.name_en or each.name_zh)


STANDINGS = {
    "covers": gettext_lazy("its band held what it promised."),
    "new": gettext_lazy("too few outcomes are known to judge it."),
    "misses": gettext_lazy("too many outcomes fell outside its 95 % band."),
    "recovering": gettext_lazy("too many outcomes fell outside its 95 % band, and it has not held well enough since."),
}


@register.simple_tag
def standing_words(standing: Standing) -> str:
    """Return why a forecast is shown or not."""
    return str(STANDINGS[standing.reason])


@register.simple_tag
def percent(number: int | None) -> str:
    """Write whole percents, which may exceed 100; hatched where not known."""
    if number is None:
        return format_html('<span class="unknown">{}</span>', gettext("unknown"))
    return format_html('<span class="number">{}\u202f%</span>', str(number))


@register.simple_tag
def weeks_ahead(weeks: int) -> str:
    """Return how far ahead a forecast is, on one line."""
    words = ngettext("%(weeks)s week ahead", "%(weeks)s weeks ahead", weeks) % {"weeks": weeks}
    return format_html('<span class="number">{}</span>', words)


@register.filter
def rounded(number: float) -> int:
    """Return an engine's number as a whole count."""
    return round(number)
