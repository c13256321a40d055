"""Addresses: our own in full, and which ones staff may put into their texts."""

from urllib.parse import urlsplit

from django.conf import settings

LINK_SCHEMES = frozenset({"http", "https", "mailto"})
"""What a link in a text of staff may start with."""


def absolute(path: str) -> str:
    """Return the full address of a path of this site, as it is in mails, feeds and calendars: never from a request."""
    return f"{settings.SITE_URL}{path}"


def is_local(url: str) -> bool:
    """Whether the address stays on this site: a path from the root or a place on the same page."""
    return url.startswith("#") or (url.startswith("/") and not url.startswith(("//", "/\\")))


def is_allowed(url: str) -> bool:
    """Whether a text of staff may link to this address."""
    if is_local(url):
        return True
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in LINK_SCHEMES and bool(parts.netloc or parts.scheme == "mailto")
