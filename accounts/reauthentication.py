"""Whether somebody has shown just now who they are: by signing in, or by the password or a code asked for again."""

from datetime import datetime, timedelta

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest

#: So long a password or a code opens what is asked for again.
PROVEN_FOR = timedelta(minutes=5)


def recently_proven(request: HttpRequest, *, now: datetime) -> bool:
    """Whether this session's user gave the password, a code or a passkey within PROVEN_FOR."""
    if not request.user.is_authenticated:
        return False
    moments = [record["at"] for record in get_authentication_records(request, request.user)]
    return bool(moments) and now.timestamp() - max(moments) < PROVEN_FOR.total_seconds()
