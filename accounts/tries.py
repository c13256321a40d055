"""How often codes and passwords may be tried: by account and by network, so that nobody locks the owner out."""

from copy import copy
from datetime import timedelta
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from django.core.cache import cache
from django.http import HttpRequest, QueryDict

from ranportal.shared.crypto import keyed_digest
from ranportal.shared.limits import network_of

MOST = 5
WITHIN = timedelta(minutes=15)
#: Longer than any code of an app is taken: no code opens twice.
_USED_FOR = timedelta(minutes=3)
#: What axes tells of a refused sign-in, and looks for when it answers.
_SAID_BY_AXES = ("axes_locked_out", "axes_credentials", "axes_failures_since_start")


class KeepsNothingTyped(AxesDatabaseHandler):
    """Counts refused sign-ins without what was typed: the form of a new password carries more than the refused one."""

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **more: Any
    ) -> None:
        """Count one; the row says from where, when and for which account."""
        bare = copy(request)
        if bare is not None:
            bare.GET = bare.POST = QueryDict()
        super().user_login_failed(sender, credentials, bare, **more)
        for name in _SAID_BY_AXES if request is not None else ():
            setattr(request, name, getattr(bare, name))


def counted_network(request: HttpRequest) -> str | None:
    """The first address of the network from which passwords are tried; None where it is not known."""
    return network_of(request.META.get("REMOTE_ADDR", "")).partition("/")[0] or None


def may_try(user_id: int, *, address: str) -> bool:
    """Count one more try of a code from this network for this account; False when there were too many."""
    key = _key("code-tries", f"{user_id} {network_of(address)}")
    cache.add(key, 0, WITHIN.total_seconds())
    try:
        return cache.incr(key) <= MOST
    except ValueError:  # ran out between the two
        return True


def forget(user_id: int, *, address: str) -> None:
    """Begin to count anew: a code was right."""
    cache.delete(_key("code-tries", f"{user_id} {network_of(address)}"))


def is_first_use(user_id: int, code: str) -> bool:
    """Whether this code of this account was not used within the last minutes; now it was."""
    return bool(cache.add(_key("code-used", f"{user_id} {_plain(code)}"), 1, _USED_FOR.total_seconds()))


def _plain(code: str) -> str:
    return "".join(letter for letter in code if letter.isalnum()).casefold()


def _key(what: str, about: str) -> str:
    return f"{what}-{keyed_digest(what, about)[:32]}"
