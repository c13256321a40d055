"""By which name wrong passwords are counted."""

from collections.abc import Mapping

from django.http import HttpRequest

LONGEST_NAME = 255
"""Characters: as wide as the column that counts."""


def counted_name(request: HttpRequest, credentials: Mapping[str, object] | None) -> str:
    """Return the address that was typed, in one spelling: neither its case nor its length dodges the count."""
    typed = (credentials or {}).get("username") or request.POST.get("username") or ""
    return str(typed).strip().casefold()[:LONGEST_NAME]
