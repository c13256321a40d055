"""Words for staff pages."""

from django import template
from django.template.defaultfilters import filesizeformat

from events import times
from registrations.countries import country_name

register = template.Library()
register.filter("country_name", country_name)
register.filter("short_deadline", times.short_deadline)

_KINDS = {"application/pdf": "PDF", "image/png": "PNG", "image/jpeg": "JPEG"}


@register.filter
def document_words(value: object) -> str:
    """Return kind and size of an uploaded document, as “ (PDF, 120 KB)”; its name might say who sent it."""
    if not isinstance(value, dict):
        return ""
    kind = _KINDS.get(str(value.get("content_type")), "file")
    return f" ({kind}, {filesizeformat(value.get('size', 0))})"
