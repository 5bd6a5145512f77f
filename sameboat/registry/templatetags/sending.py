"""What a form that is only a button needs."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sameboat.registry.work.forms import fresh_key

register = template.Library()


@register.simple_tag
def once() -> SafeString:
    """Write the hidden key that makes a double tap one act."""
    return format_html('<input type="hidden" name="once" value="{}">', fresh_key())
