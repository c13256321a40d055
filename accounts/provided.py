"""What a provider of OpenID Connect says about who signs in, and whose account here that is."""

import hmac
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.db.models import Q

from accounts.models import User
from accounts.reauthentication import PROVEN_FOR

#: By so much the provider's clock may differ from ours.
CLOCKS_DIFFER = timedelta(minutes=1)


class NotOurs(Exception):
    """Not an answer to what we asked, no fresh proof, no proven address, or nobody's open account: no more is told."""


def account_for(said: Mapping[str, Any], *, nonce: str, now: datetime) -> User:
    """The active account of staff whose address the provider has proven. Raises NotOurs.

    `said` holds `id_token` and `userinfo`; `nonce` is the one that this sign-in was begun with. A sign-in counts as
    fresh proof here, so the provider's own question must be as fresh: `max_age` asks for it, and who asks so must look
    at `auth_time` (OpenID Connect Core 1.0, 3.1.2.1 and 3.1.3.7).
    """
    about, proof = said.get("userinfo") or {}, said.get("id_token") or {}
    if not nonce or not hmac.compare_digest(str(proof.get("nonce", "")).encode(), nonce.encode()):
        raise NotOurs
    if not _is_fresh(proof.get("auth_time"), now=now):
        raise NotOurs
    if not proof.get("sub") or (about and about.get("sub") != proof["sub"]):
        raise NotOurs
    source = about or proof
    address = str(source.get("email", "")).strip().lower()
    if not address or source.get("email_verified") is not True:
        raise NotOurs
    user = User.objects.filter(email=address, is_active=True, is_staff=True).first()
    if user is None:
        raise NotOurs
    return user


def _is_fresh(asked_at: object, *, now: datetime) -> bool:
    """Whether this number of seconds since 1970 is a moment of the last PROVEN_FOR."""
    if isinstance(asked_at, bool) or not isinstance(asked_at, int | float):
        return False
    return -CLOCKS_DIFFER.total_seconds() <= now.timestamp() - asked_at <= (PROVEN_FOR + CLOCKS_DIFFER).total_seconds()


def refuse_another_person(user: User, *, provider: str, uid: str) -> None:
    """Raise NotOurs where this account, or this person at the provider, is bound to another one already.

    An address that was given to somebody else there opens nothing here.
    """
    bound = SocialAccount.objects.filter(Q(user=user) | Q(uid=uid), provider=provider)
    if bound.exclude(user=user, uid=uid).exists():
        raise NotOurs


def has_asked_twice(said: Mapping[str, Any], *, trusted: Collection[str]) -> bool:
    """Whether the provider says, in one of these classes (acr), that it has asked for a second factor itself."""
    return str((said.get("id_token") or {}).get("acr", "")) in set(trusted)
