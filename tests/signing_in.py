"""Signing in as staff, for tests: a session as it is after signing in, and codes as an app on a phone makes them."""

import time
from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.test import Client

from accounts.middleware import SEEN_AT, SIGNED_IN_AT
from accounts.models import User

PASSWORD = "a-long-test-password"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
_RECORDS, _WHOSE = "account_authentication_methods", "account_authentication_methods_user"


def with_proof(force_login: Callable[..., None]) -> Callable[..., None]:
    """`Client.force_login`, with what signing in leaves in a session: who has just signed in is not asked again."""

    def just_signed_in(client: Client, user: User, *args: Any, **kwargs: Any) -> None:
        force_login(client, user, *args, **kwargs)
        session = client.session
        session[_RECORDS], session[_WHOSE] = [{"method": "password", "at": time.time()}], str(user.pk)
        session[SIGNED_IN_AT] = session[SEEN_AT] = time.time()
        session.save()

    return just_signed_in


def signed_in(client: Client, *, seconds_ago: float = 0, proven_seconds_ago: float | None = None) -> Client:
    """Let this client have signed in so long ago, and have been seen since; and proved who it is so long ago."""
    session = client.session
    proven = seconds_ago if proven_seconds_ago is None else proven_seconds_ago
    session[_RECORDS] = [{"method": "password", "at": time.time() - proven}]
    session[SIGNED_IN_AT] = time.time() - seconds_ago
    session.save()
    return client


def idle(client: Client, *, seconds: float) -> Client:
    """Let nobody have touched this client's session for so long."""
    session = client.session
    session[SEEN_AT] = time.time() - seconds
    session.save()
    return client


def add_app(user: User) -> Authenticator:
    """Give the account an app that makes codes."""
    return TOTP.activate(user, SECRET).instance


def code(*, steps: int = 0, secret: str = SECRET) -> str:
    """What that app shows now, or so many half minutes later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))
