"""How often codes may be tried: by account and by where it is tried from, so that nobody locks the owner out."""

from datetime import timedelta

from django.core.cache import cache

from ranportal.shared.crypto import keyed_digest
from ranportal.shared.limits import network_of

MOST = 5
WITHIN = timedelta(minutes=15)
#: Longer than any code of an app is taken: no code opens twice.
_USED_FOR = timedelta(minutes=3)


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
