"""The few lines to the relay: all drainers of all machines together hold at most MAIL_CONNECTIONS of them.

Each is a row with an end, so that what a killed process held is free again after a minute.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import DatabaseError, transaction

from registrations.mail.relay import Relay, open_relay, where
from registrations.models import MailConnection, MailGate

#: Seconds for which a process keeps a line that it does not need, for the next mails.
IDLE_SECONDS = 20.0
#: The row outlives the idle connection by this.
_MARGIN = timedelta(seconds=5)


class Line:
    """One relay's connection and the row that allows it."""

    def __init__(self) -> None:
        self.relay: Relay = open_relay()
        self.leads_to = where()
        self.timer: threading.Timer | None = None
        self._token = uuid4().hex

    def take_row(self, *, until: datetime, now: datetime) -> bool:
        """Whether one of the connections was free; it is ours now."""
        with transaction.atomic():
            # One at a time, so that what was counted stays true.
            MailGate.objects.select_for_update().get_or_create(pk=1)
            MailConnection.objects.filter(held_until__lte=now).delete()
            if MailConnection.objects.count() >= settings.MAIL_CONNECTIONS:
                return False
            MailConnection.objects.create(token=self._token, held_until=until)
        return True

    def renew(self, *, until: datetime, now: datetime) -> bool:
        """Whether the line is ours still; if so, until then."""
        ours = MailConnection.objects.filter(token=self._token, held_until__gt=now)
        return bool(ours.update(held_until=until))

    def give_up(self) -> None:
        """Hang up, and let others have the row."""
        self.relay.hang_up()
        MailConnection.objects.filter(token=self._token).delete()


_lock = threading.Lock()
_idle: list[Line] = []


@contextmanager
def line(*, clock: Callable[[], datetime], lease: timedelta) -> Iterator[Line | None]:
    """A line for the time of the context, None when others hold them all. Renew it before the lease is over.

    Afterwards it is kept for a few seconds, if one is left for somebody else; after a fault of ours it is cut.
    """
    now = clock()
    taken = _kept(until=now + lease, now=now) or _new(until=now + lease, now=now)
    if taken is None:
        yield None
        return
    try:
        yield taken
    except BaseException:
        taken.relay.cut()
        with suppress(DatabaseError):
            taken.give_up()
        raise
    _leave(taken, now=clock())


def _kept(*, until: datetime, now: datetime) -> Line | None:
    kept = _pick_up()
    if kept is None:
        return None
    if kept.leads_to == where() and kept.renew(until=until, now=now):
        return kept
    kept.give_up()
    return None


def _new(*, until: datetime, now: datetime) -> Line | None:
    fresh = Line()
    return fresh if fresh.take_row(until=until, now=now) else None


def _leave(taken: Line, *, now: datetime) -> None:
    # Who keeps the last free line for later would keep it from the others.
    has_others = MailConnection.objects.filter(held_until__gt=now).count() < settings.MAIL_CONNECTIONS
    idle_until = now + timedelta(seconds=IDLE_SECONDS) + _MARGIN
    if taken.relay.is_connected and has_others and taken.renew(until=idle_until, now=now):
        _lay_down(taken)
    else:
        taken.give_up()


def _lay_down(taken: Line) -> None:
    taken.timer = threading.Timer(IDLE_SECONDS, _hang_up, [taken])
    taken.timer.daemon = True
    with _lock:
        _idle.append(taken)
    taken.timer.start()


def _pick_up() -> Line | None:
    with _lock:
        kept = _idle.pop() if _idle else None
    if kept is not None and kept.timer is not None:
        kept.timer.cancel()
    return kept


def _hang_up(idle: Line) -> None:
    """In a thread of its own, which leaves the row to its end."""
    with _lock:
        if idle not in _idle:
            return
        _idle.remove(idle)
    idle.relay.hang_up()
