"""What is wrong with a field, in words for who sent it: Pydantic's findings, said as our own."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from sameboat.registry.refusals import Fault, InvalidInput

MOST_SAID = 5
"""Faults that the message of a refusal names; all of them stand in its list."""


def invalid_input(found: Sequence[tuple[str, Mapping[str, Any]]]) -> InvalidInput:
    """Return the refusal of what Pydantic found: each of its errors under the name of the field as it was sent."""
    faults = [Fault(field, _words(field, error)) for field, error in found]
    said = [f"{fault.field}: {fault.message}" if fault.field else fault.message for fault in faults]
    return InvalidInput(faults, " ".join(said[:MOST_SAID]))


def _words(field: str, fault: Mapping[str, Any]) -> str:
    context = fault.get("ctx", {})
    words = {
        "missing": _("This is missing."),
        "extra_forbidden": _("There is no such field here. Take it out, or check its name."),
        "string_type": _("Write text."),
        "string_unicode": _("The text has characters that cannot be shown. Type it again."),
        "string_too_long": _("Write at most %(most)s characters.") % {"most": context.get("max_length")},
        "string_pattern_mismatch": _("This is not in the form asked for: %(form)s") % {"form": context.get("pattern")},
        "int_type": _("Write a whole number."),
        "int_parsing": _("Write a whole number."),
        "int_from_float": _("Write a whole number."),
        "int_parsing_size": _("The number is too large."),
        "bool_parsing": _("Write true or false."),
        "bool_type": _("Write true or false."),
        "less_than_equal": _("At most %(most)s.") % {"most": context.get("le")},
        "greater_than_equal": _("At least %(least)s.") % {"least": context.get("ge")},
        "literal_error": _("Write one of %(known)s.") % {"known": context.get("expected")},
        "model_attributes_type": _("Send a JSON object with the fields of this request."),
        "model_type": _("Send a JSON object with the fields of this request."),
        "list_type": _("Send a list."),
        "too_short": _("Send at least %(least)s.") % {"least": context.get("min_length")},
        "too_long": _("Send at most %(most)s at once; these are %(have)s.")
        % {"most": context.get("max_length"), "have": context.get("actual_length")},
        "value_error": str(context.get("error", "")),
    }
    if fault["type"] == "missing" and not field:
        return _("Send a JSON object with the fields of this request; {} where there is nothing to say.")
    return words.get(fault["type"]) or str(fault["msg"])
