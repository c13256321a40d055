"""How often something may come from one network, counted in the cache that all processes share.

Nothing that people came for needs the cache: while it is away nothing is counted, nobody is held up, and one line in
the log says so. What is counted names nobody: networks stand there as keyed digests.
"""

import hashlib
import hmac
import ipaddress
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from django.core.cache import cache
from redis.exceptions import RedisError

from ranportal.shared.crypto import derived_key

logger = logging.getLogger("portal.limits")

HOUR = timedelta(hours=1)
#: Seconds for which a cache that did not answer is not asked again: each try may cost a second.
AWAY_FOR = 30.0

_IPV6_NETWORK = 64
_Found = TypeVar("_Found")

_away_until = 0.0


def network_of(address: str) -> str:
    """Return the network of a client's address: an IPv4 address itself, the /64 of an IPv6 one; "" when unknown."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is None:
            return str(ipaddress.ip_network((ip, _IPV6_NETWORK), strict=False))
        ip = ip.ipv4_mapped
    return str(ip)


def this_hour(what: str, *, now: datetime) -> int:
    """Count one more in the hour of the clock in which `now` is; returns how many it are, 0 while the cache is away."""
    return _asked(lambda: _one_more(_key(what, now)), otherwise=0)


def within_an_hour(what: str, *, now: datetime) -> int:
    """Count one more; returns how many there were in this hour of the clock and the one before it, 0 as above.

    So no moment is found at which a burst counts twice. Never mixed with `this_hour` for the same `what`.
    """
    return _asked(lambda: (cache.get(_key(what, now - HOUR)) or 0) + _one_more(_key(what, now)), otherwise=0)


def until_next_hour(now: datetime) -> int:
    """Return the seconds until `this_hour` begins anew."""
    return 3600 - int(now.timestamp()) % 3600


def first(what: str, value: str, *, keep: timedelta) -> str:
    """Return the first value that was noted of this within the time `keep`: this one, if there was none before."""

    def noted() -> str:
        key = _digest(what)
        return value if cache.add(key, value, keep.total_seconds()) else cache.get(key) or value

    return _asked(noted, otherwise=value)


def ask_again() -> None:
    """Forget that the cache did not answer."""
    global _away_until
    _away_until = 0.0


def _one_more(key: str) -> int:
    cache.add(key, 0, 2 * HOUR.total_seconds())
    return cache.incr(key)


def _key(what: str, now: datetime) -> str:
    return _digest(f"{what} {int(now.timestamp()) // 3600}")


def _digest(text: str) -> str:
    return "limit-" + hmac.new(derived_key("limits"), text.encode(), hashlib.sha256).hexdigest()[:32]


def _asked(ask: Callable[[], _Found], *, otherwise: _Found) -> _Found:
    global _away_until
    if time.monotonic() < _away_until:
        return otherwise
    try:
        return ask()
    except (RedisError, OSError, ValueError):
        # A key may run out between two questions: that, too, is no reason to send anybody away.
        logger.warning("The cache does not answer: forms are not counted for %.0f seconds.", AWAY_FOR)
        _away_until = time.monotonic() + AWAY_FOR
        return otherwise
