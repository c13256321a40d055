"""Writes on events. Whatever registered people must be told about makes the event's `revision` grow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from events import times
from events.models import Call, Event, Session
from events.policies import may_change_zone
from ranportal.shared.refusals import Refused

TOLD_FIELDS = ("timezone", "format", "platform", "city", "country", "venue")
"""What people plan by, beside the sessions: a change of it is told to everyone who registered."""


class NoSessions(Refused):
    """An event without a date cannot be saved."""


class AlreadyCancelled(Refused):
    """The event was cancelled before."""


class ZoneOfOpenCall(Refused):
    """The call has opened: its deadline was announced on the clocks of the old time zone."""


@dataclass(frozen=True, order=True)
class Stretch:
    """A session to be: aware instants, the end exclusive. A whole day runs from its local midnight to the next."""

    starts_at: datetime
    ends_at: datetime
    is_whole_day: bool = False


def revise(
    *,
    event: Event,
    sessions: Sequence[Stretch],
    by: User | None,
    now: datetime,
    keeps_private: bool = False,
) -> bool:
    """Save the event with its fields as they are on the object, new or known, and with exactly these sessions.

    Returns whether something changed that registered people must be told; then `revision` has grown by one. Sessions
    that stay as they are keep their rows. `cancelled_at` and `is_hidden` are not touched: see `cancel`, `hide`, `show`;
    nor, with `keeps_private`, are `venue` and `join_link` of a known event, whatever the object says. `by` None means
    an import. With a new time zone, a deadline that was given as a day becomes the end of that day there. Raises
    NoSessions, and ZoneOfOpenCall for a new zone once the call has opened.
    """
    if not sessions:
        raise NoSessions("An event needs a date: please add at least one session.")
    with transaction.atomic():
        before = Event.objects.select_for_update().filter(pk=event.pk).first() if event.pk else None
        if before is not None and keeps_private:
            event.venue, event.join_link = before.venue, before.join_link
        is_told = before is not None and (_facts(before) != _facts(event) or _stretches(before) != sorted(sessions))
        if before is not None:
            event.revision = before.revision + is_told
            event.cancelled_at, event.cancelled_by = before.cancelled_at, before.cancelled_by
            event.is_hidden = before.is_hidden
            if event.timezone != before.timezone:
                _move_deadline(event, by, now)
        _save(event, by)
        _keep_only(event, sorted(sessions))
    return is_told


def cancel(*, event: Event, by: User, now: datetime) -> Event:
    """Record that the event will not take place; its pages say so from now on. Raises AlreadyCancelled.

    Telling the registered people is another layer's work: this only writes the event.
    """
    with transaction.atomic():
        locked = Event.objects.select_for_update().get(pk=event.pk)
        if locked.is_cancelled:
            raise AlreadyCancelled("This event is cancelled already.")
        locked.cancelled_at, locked.cancelled_by = now, by
        _save(locked, by)
    return locked


def hide(*, event: Event, by: User, now: datetime) -> Event:
    """Take every public trace of the event away at once. Hiding a hidden event changes nothing."""
    return _set_hidden(event, by, is_hidden=True)


def show(*, event: Event, by: User, now: datetime) -> Event:
    """Undo `hide`: the event is as public again as its status and date say."""
    return _set_hidden(event, by, is_hidden=False)


def _set_hidden(event: Event, by: User, *, is_hidden: bool) -> Event:
    with transaction.atomic():
        locked = Event.objects.select_for_update().get(pk=event.pk)
        if locked.is_hidden != is_hidden:
            locked.is_hidden = is_hidden
            _save(locked, by)
    return locked


def _move_deadline(event: Event, by: User | None, now: datetime) -> None:
    call = Call.objects.select_for_update().filter(event=event).first()
    if call is None:
        return
    if not may_change_zone(call, now):
        raise ZoneOfOpenCall(
            "The call has opened, and its deadline was announced in the old time zone: the zone can no longer change."
        )
    if call.closes_on is not None:
        call.closes_at = times.day_end(call.closes_on, event.zone)
        call._history_user = by
        call.save(update_fields=["closes_at"])


def _save(event: Event, by: User | None) -> None:
    event._history_user = by
    event.save()


def _facts(event: Event) -> tuple[str, ...]:
    return tuple(getattr(event, field) for field in TOLD_FIELDS)


def _stretches(event: Event) -> list[Stretch]:
    return [
        Stretch(*row)
        for row in event.sessions.order_by("starts_at").values_list("starts_at", "ends_at", "is_whole_day")
    ]


def _keep_only(event: Event, sessions: Sequence[Stretch]) -> None:
    wanted = list(sessions)
    for row in event.sessions.all():
        stretch = Stretch(row.starts_at, row.ends_at, row.is_whole_day)
        if stretch in wanted:
            wanted.remove(stretch)
        else:
            row.delete()
    Session.objects.bulk_create(
        Session(event=event, starts_at=new.starts_at, ends_at=new.ends_at, is_whole_day=new.is_whole_day)
        for new in wanted
    )
