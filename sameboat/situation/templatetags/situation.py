"""Words of this room's pages: `{% load situation %}`."""

from typing import Protocol

from django import template
from django.utils.translation import get_language, gettext, gettext_lazy

from sameboat.figures.models import QualityFlag

register = template.Library()

FLAGS = {
    "negative-increment": gettext_lazy("a total was lowered"),
    "decrease": gettext_lazy("a total was lowered"),
    "jump": gettext_lazy("far more than the days before"),
    "missing": gettext_lazy("nothing was reported"),
    "stale": gettext_lazy("the same figures again"),
}


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
    """Return what a check noticed, in words; its code where nobody wrote words for it."""
    words = FLAGS.get(flag.kind)
    return str(words) if words else gettext("check “%(kind)s”") % {"kind": flag.kind}
