"""A visit: which private links this browser came by. It lives in one sealed cookie, so opening a link writes nothing.

The cookie is unreadable as well as unforgeable: whether a form led to a new registration is nobody's business, not even
that of the browser which sent it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from registrations import links, queries
from registrations.models import PrivateLink
from registrations.views.sealed_numbers import SealedCookie

LIFETIME = timedelta(hours=2)
MOST_LINKS = 50

_COOKIE = SealedCookie(word="visit", purpose="visit", lifetime=LIFETIME)


@dataclass
class Visit:
    """Primary keys of private links: those opened, newest last, and the one whose code is awaited (0: none)."""

    link_ids: list[int] = field(default_factory=list)
    pending_id: int = 0

    def add(self, link_id: int) -> None:
        """Remember one more link; the oldest of very many are forgotten."""
        self.link_ids = [*(known for known in self.link_ids if known != link_id), link_id][-MOST_LINKS:]


def visit_of(request: HttpRequest, *, now: datetime) -> Visit:
    """Return the visit that the request's cookie tells of; an empty one when it is missing, altered or too old."""
    numbers = _COOKIE.read(request, now=now)
    return Visit(link_ids=numbers[1:], pending_id=numbers[0]) if numbers else Visit()


def keep(response: HttpResponseBase, visit: Visit, *, now: datetime) -> None:
    """Set the visit's cookie. It ends with the browser, and two hours after something was last added to it."""
    _COOKIE.keep(response, [visit.pending_id, *visit.link_ids], now=now)


def forget(response: HttpResponseBase) -> None:
    """End the visit: the browser lets go of its cookie."""
    _COOKIE.forget(response)


def links_of(visit: Visit, *, now: datetime) -> list[PrivateLink]:
    """Return the visit's links that still open something, the oldest first, one for each registration (the newest)."""
    found = {link.pk: link for link in queries.standing_links(visit.link_ids)}
    by_registration = {
        found[pk].registration_id: found[pk]
        for pk in visit.link_ids
        if pk in found and now < links.expires_at(found[pk])
    }
    return list(by_registration.values())


def link_to(visit: Visit, *, reference: str, now: datetime) -> PrivateLink | None:
    """Return the link by which this visit may see the registration of this reference, or None."""
    return next((link for link in links_of(visit, now=now) if link.registration.reference == reference), None)
