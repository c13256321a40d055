"""What a provider of OpenID Connect says about who signs in, and whose account here that is."""

import hmac
from collections.abc import Collection, Mapping
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.db.models import Q

from accounts.models import User


class NotOurs(Exception):
    """Not an answer to what we asked, no proven address, or nobody's active account: a stranger learns no more."""


def account_for(said: Mapping[str, Any], *, nonce: str) -> User:
    """The active account of staff whose address the provider has proven. Raises NotOurs.

    `said` holds `id_token` and `userinfo`; `nonce` is the one that this sign-in was begun with.
    """
    about, proof = said.get("userinfo") or {}, said.get("id_token") or {}
    if not nonce or not hmac.compare_digest(str(proof.get("nonce", "")).encode(), nonce.encode()):
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
