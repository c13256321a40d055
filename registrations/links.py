"""Private links and codes: what they are made of and whether one holds. Tokens and codes are stored nowhere."""

import hashlib
import hmac
import re
from datetime import datetime, timedelta

from registrations import signed_links
from registrations.models import PrivateLink

PURPOSE = "private-link"
CODE_PURPOSE = "code"
CODE_LIFETIME = timedelta(minutes=30)
CODE_TRIES = 5
#: Links live until so long after the event's end.
LIFE_AFTER_EVENT = timedelta(days=30)


class LinkUnknown(Exception):
    """No such link, or it was not made here. Expired and revoked links raise the same: a stranger learns nothing."""


def new_key_id() -> str:
    """The name of the key that signs new links: 16 hex digits that say nothing about the key."""
    return signed_links.new_key_id(PURPOSE)


def token_of(link: PrivateLink) -> str:
    """The token of a private link, signed by the key that the link names, or by the newest when that key is gone."""
    return signed_links.token(purpose=PURPOSE, pk=link.pk, version=link.version, key_id=link.key_id)


def code_of(link: PrivateLink) -> str:
    """The eight digits that stand beside the private link in the first mail."""
    return _code(link, signed_links.key_of(CODE_PURPOSE, link.key_id, named_for=PURPOSE))


def is_code_of(link: PrivateLink, code: str) -> bool:
    """Whether these are the link's eight digits (blanks and dashes do not count), compared in constant time."""
    digits = re.sub(r"[\s-]", "", code)
    return hmac.compare_digest(code_of(link).encode(), digits.encode("utf-8", "surrogatepass"))


def find(token: str, *, now: datetime) -> PrivateLink:
    """The link with its registration, call and event. Raises LinkUnknown when it is forged, revoked or too old."""
    given = signed_links.parsed(token)
    if given is None:
        raise LinkUnknown
    link = (
        PrivateLink.objects.select_related("registration__call__event", "registration__identity")
        .filter(pk=int(given.number), revoked_at=None)
        .first()
    )
    if link is None or not given.is_of(purpose=PURPOSE, version=link.version):
        raise LinkUnknown
    if now >= expires_at(link):
        raise LinkUnknown
    return link


def expires_at(link: PrivateLink) -> datetime:
    """The moment from which the link no longer opens anything: 30 days after the event's last session."""
    event = link.registration.call.event
    ends = [session.ends_at for session in event.sessions.all()]
    return max([*ends, link.registration.call.closes_at]) + LIFE_AFTER_EVENT


def _code(link: PrivateLink, key: bytes) -> str:
    mac = hmac.digest(key, f"{link.pk}:{link.version}".encode(), hashlib.sha256)
    return f"{int.from_bytes(mac[:8]) % 10**8:08}"
