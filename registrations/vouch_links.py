"""Links for contact points: what they are made of and whether one holds. Tokens are stored nowhere."""

import hashlib
import re
from datetime import datetime, timedelta

from ranportal.shared.crypto import derived_keys, is_link_mac, link_mac
from registrations.models import Vouch
from registrations.states import EXPECTING

PURPOSE = "vouch-link"
#: A contact point has so long to answer.
LIFETIME = timedelta(days=14)

_TOKEN = re.compile(r"^(\d{1,18})-([\w-]{20,60})$", re.ASCII)


class VouchLinkUnknown(Exception):
    """No such link. Answered, withdrawn and old ones raise the same: a stranger learns nothing."""


def new_key_id() -> str:
    """The name of the key that signs new links: 16 hex digits that say nothing about the key."""
    return _key_id(derived_keys(PURPOSE)[0])


def token_of(vouch: Vouch) -> str:
    """The token of a contact point's link, signed by the key that its row names, or by the newest when that is gone."""
    keys = {_key_id(key): key for key in reversed(derived_keys(PURPOSE))}
    key = keys.get(vouch.key_id, derived_keys(PURPOSE)[0])
    return f"{vouch.pk}-{link_mac(PURPOSE, str(vouch.pk), vouch.number, key)}"


def is_open(vouch: Vouch, *, now: datetime) -> bool:
    """Whether the contact point may still answer: its row's registration is read."""
    is_asked = not vouch.answer and vouch.revoked_at is None and now < vouch.expires_at
    return is_asked and vouch.registration.state in EXPECTING


def find(token: str, *, now: datetime) -> Vouch:
    """The question with its registration and call. Raises VouchLinkUnknown when it is forged, or not open any more."""
    match = _TOKEN.match(token)
    vouch = _with_registration(int(match[1])) if match else None
    if match is None or vouch is None or not is_open(vouch, now=now):
        raise VouchLinkUnknown
    if not is_link_mac(match[2], purpose=PURPOSE, link_id=match[1], version=vouch.number):
        raise VouchLinkUnknown
    return vouch


def standing(vouch_id: int, *, now: datetime) -> Vouch | None:
    """The question that a visit holds, while it is open."""
    vouch = _with_registration(vouch_id)
    return vouch if vouch is not None and is_open(vouch, now=now) else None


def _with_registration(vouch_id: int) -> Vouch | None:
    return Vouch.objects.select_related("registration__call__event").filter(pk=vouch_id).first()


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"key-id" + key).hexdigest()[:16]
