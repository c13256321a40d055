"""What tests of the public pages share: a form as a browser sends it, a visit by private link, a stopped clock."""

from typing import Any

from django.http import HttpResponse
from django.test import Client

from registrations.links import token_of
from registrations.models import Registration

FORM = {
    "given_name": "Jānis",
    "family_name": "Bērziņš",
    "display_name": "Psychologist, Latvia",
    "email": "janis@example.org",
    "country": "LV",
    "organisation": "Example clinic",
    "profession": "psychology",
    "privacy": "on",
}


def form(**changes: Any) -> dict[str, Any]:
    """A form filled in well, with changes; a field that is None is left out. `q_key` stands for `q-key`."""
    filled = {**FORM, **{name.replace("q_", "q-", 1): value for name, value in changes.items()}}
    return {name: value for name, value in filled.items() if value is not None}


def register_url(registration_or_call: Any) -> str:
    """The address of the form of a call."""
    return f"/events/{registration_or_call.event.slug}/register/"


def mine_url(registration: Registration) -> str:
    """The address of a private page."""
    return f"/registrations/mine/{registration.reference}/"


def follow(client: Client, registration: Registration) -> HttpResponse:
    """Open the registration's newest private link in this browser."""
    link = registration.links.order_by("-version", "-pk").first()
    return client.get(f"/registrations/p/{token_of(link)}/")


def text_of(response: HttpResponse) -> str:
    """The page's text, entities resolved for quotes and apostrophes."""
    return response.content.decode().replace("&#x27;", "'").replace("&quot;", '"')
