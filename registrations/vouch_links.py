"""Links for contact points: what they are made of and whether one holds. Tokens are stored nowhere."""

from datetime import datetime, timedelta

from registrations import signed_links
from registrations.models import Vouch
from registrations.states import EXPECTING

PURPOSE = "vouch-link"
#: A contact point has so long to answer.
LIFETIME = timedelta(days=14)


class VouchLinkUnknown(Exception):
    """No such link. Answered, withdrawn and old ones raise the same: a stranger learns nothing."""


def new_key_id() -> str:
    """The name of the key that signs new links: 16 hex digits that say nothing about the key."""
    return signed_links.new_key_id(PURPOSE)


def token_of(vouch: Vouch) -> str:
    """The token of a contact point's link, signed by the key that its row names, or by the newest when that is gone."""
    return signed_links.token(purpose=PURPOSE, pk=vouch.pk, version=vouch.number, key_id=vouch.key_id)


def is_open(vouch: Vouch, *, now: datetime) -> bool:
    """Whether the contact point may still answer: its row's registration is read."""
    is_asked = not vouch.answer and vouch.revoked_at is None and now < vouch.expires_at
    return is_asked and vouch.registration.state in EXPECTING


def find(token: str, *, now: datetime) -> Vouch:
    """The question with its registration and call. Raises VouchLinkUnknown when it is forged, or not open any more."""
    given = signed_links.parsed(token)
    vouch = _with_registration(int(given.number)) if given else None
    if given is None or vouch is None or not is_open(vouch, now=now):
        raise VouchLinkUnknown
    if not given.is_of(purpose=PURPOSE, version=vouch.number):
        raise VouchLinkUnknown
    return vouch


def standing(vouch_id: int, *, now: datetime) -> Vouch | None:
    """The question that a visit holds, while it is open."""
    vouch = _with_registration(vouch_id)
    return vouch if vouch is not None and is_open(vouch, now=now) else None


def _with_registration(vouch_id: int) -> Vouch | None:
    return Vouch.objects.select_related("registration__call__event").filter(pk=vouch_id).first()
