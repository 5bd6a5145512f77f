"""The kinds of goods that the catalogue groups items by, in the reader's words."""

from django.utils.translation import gettext_lazy as _

CATEGORIES = {
    "mask": _("Masks"),
    "respirator": _("Respirators (N95, KN95, FFP2)"),
    "protective-suit": _("Protective suits"),
    "gown": _("Gowns"),
    "eye-and-face": _("Goggles and face shields"),
    "gloves": _("Gloves"),
    "head-and-foot": _("Caps, shoe covers and boots"),
    "protective-other": _("Other protection"),
    "hand-hygiene": _("Hand hygiene"),
    "disinfectant": _("Disinfectants"),
    "disinfection-equipment": _("Disinfection equipment"),
    "device": _("Medical devices"),
    "consumable": _("Medical consumables"),
    "medicine": _("Medicines"),
    "food": _("Food and drink"),
    "hygiene": _("Hygiene"),
    "furniture": _("Beds and furniture"),
    "other": _("Other goods"),
}


def category_name(code: str) -> str:
    """Return a category in the reader's words; a code nobody named stands as it is."""
    return str(CATEGORIES.get(code, code))
