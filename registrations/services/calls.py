"""What organisers change about a call that has people in it: capacity, over-invitation, deadline, selection."""

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction

from accounts.models import User
from accounts.queries import is_administrator
from events.models import Call
from ranportal.shared.refusals import Refused
from registrations import queries
from registrations.models import CallNumbers, SelectionSettings
from registrations.services import workflow

#: What the mails of a release promise and no act of its own changes.
PROMISED = frozenset({"confirm_within_days", "list_closes_at", "gives_on_unanswered"})


class CapacityBelowPlaces(Refused):
    """More places are taken than the new capacity has."""


class AlreadyReleased(Refused):
    """Decisions of the call were released."""


class NotLater(Refused):
    """The new deadline is not later than the old one."""


class BeforeOpening(Refused):
    """The new deadline lies before the call opens."""


class SecondPersonStays(Refused):
    """Somebody wants to do without the second person who may not say that."""


class AfterPromise(Refused):
    """The new deadline lies after the day by which everyone was promised an answer."""


def change_capacity(*, call: Call, capacity: int | None, now: datetime, by: User | None) -> Call:
    """Set the number of places (None: no limit) and give new ones to the list, in order.

    As many people more than there are places may be invited as before.

    Raises CapacityBelowPlaces with the numbers, workflow.ReleaseWaits.
    """
    with transaction.atomic():
        call = workflow.locked(call)
        workflow.refuse_while_release_waits(call)
        more = (call.places_limit or 0) - (call.capacity or 0)
        if capacity is not None and capacity + more < call.places_taken:
            raise CapacityBelowPlaces(
                f"{call.places_taken} places are taken, so the capacity cannot be {capacity}. "
                f"It can be {call.places_taken - more} or more."
            )
        call.capacity, call.places_limit = capacity, None if capacity is None else capacity + more
        call._history_user = by
        call.save(update_fields=["capacity", "places_limit"])
        workflow.fill_places(call=call, now=now)
        return call


def over_invite(*, call: Call, places_limit: int, now: datetime, by: User | None) -> Call:
    """Allow inviting more people than there are places.

    Raises CapacityBelowPlaces below capacity or places taken, workflow.ReleaseWaits.
    """
    with transaction.atomic():
        call = workflow.locked(call)
        workflow.refuse_while_release_waits(call)
        least = max(call.capacity or 0, call.places_taken)
        if call.capacity is None or places_limit < least:
            raise CapacityBelowPlaces(f"The limit must be {least} or more, and the call must have a capacity.")
        call.places_limit = places_limit
        call._history_user = by
        call.save(update_fields=["places_limit"])
        return call


def set_selection(
    *,
    call: Call,
    needs_second_person: bool,
    deputy: User | None,
    promotes_by_itself: bool,
    telephone_hours: int,
    now: datetime,
    by: User,
) -> SelectionSettings:
    """Say how the people of this call are selected; free places go to the list where that may happen by itself now.

    Raises workflow.ReleaseWaits, and SecondPersonStays: an administrator with no hand in the present decisions switches
    the second person off, nobody else.
    """
    with transaction.atomic():
        call = workflow.locked(call)
        workflow.refuse_while_release_waits(call)
        if not needs_second_person:
            _refuse_alone(call, by)
        settings, _ = SelectionSettings.objects.update_or_create(
            call=call,
            defaults={
                "needs_second_person": needs_second_person,
                "deputy": deputy,
                "promotes_by_itself": promotes_by_itself,
                "telephone_hours": telephone_hours,
            },
        )
        workflow.fill_places(call=call, now=now)
        return settings


def extend_deadline(*, call: Call, closes_at: datetime, closes_on: date | None, now: datetime, by: User | None) -> Call:
    """Move the deadline to a later moment; who waits longer is found by the scans again.

    Raises AlreadyReleased, workflow.ReleaseWaits, AfterPromise, NotLater (it must lie after the old one and in the
    future).
    """
    with transaction.atomic():
        call = workflow.locked(call)
        _refuse_released(call)
        if closes_at <= max(call.closes_at, now):
            raise NotLater("The new deadline must be later than the old one, and in the future.")
        _refuse_after_promise(call, closes_at)
        call._history_user = by
        return _with_deadline(call, closes_at=closes_at, closes_on=closes_on)


def correct_deadline(*, call: Call, closes_at: datetime, closes_on: date | None, reason: str, now: datetime) -> Call:
    """Set a deadline right that was moved by mistake: to an earlier moment too, even to one that is over.

    For whoever runs the portal, not for its screens. Forms that came in time by the deadline of their moment count.
    The reason, of 100 characters at most, stands in the call's history with this moment. Raises AlreadyReleased,
    workflow.ReleaseWaits, BeforeOpening, AfterPromise.
    """
    with transaction.atomic():
        call = workflow.locked(call)
        _refuse_released(call)
        if closes_at <= call.opens_at:
            opens_at = call.opens_at.astimezone(call.event.zone)
            raise BeforeOpening(f"The call opens on {opens_at:%d %B %Y, %H:%M}: it can only close after that.")
        _refuse_after_promise(call, closes_at)
        call._history_user, call._change_reason, call._history_date = None, reason, now
        return _with_deadline(call, closes_at=closes_at, closes_on=closes_on)


def refuse_new_promises(*, call: Call, changed: Collection[str]) -> None:
    """Keep these fields of the call, if PROMISED has one of them, as a release that waits was reviewed.

    In the caller's transaction: until it ends the call stays locked, so that no release is given meanwhile. Raises
    workflow.ReleaseWaits.
    """
    if not PROMISED.isdisjoint(changed):
        workflow.refuse_while_release_waits(workflow.locked(call))


def _refuse_alone(call: Call, by: User) -> None:
    if not queries.selection_settings(call).needs_second_person:
        return
    # Who decides could else switch it off, release alone, and switch it on again.
    if not is_administrator(by):
        raise SecondPersonStays("Only an administrator switches the second person of a call off.")
    if queries.hands_in_decisions(call)[by.pk]:
        raise SecondPersonStays(
            "You staged or undid decisions that are not released yet. Please ask another administrator to switch the "
            "second person off."
        )


def _refuse_released(call: Call) -> None:
    if queries.is_released(call):
        raise AlreadyReleased("Decisions were released, so the deadline can no longer move.")
    if CallNumbers.objects.filter(call=call).exists():
        raise AlreadyReleased("The people of this call are deleted for good, so the deadline can no longer move.")
    workflow.refuse_while_release_waits(call)


def _refuse_after_promise(call: Call, closes_at: datetime) -> None:
    if call.decision_by is not None and closes_at.astimezone(call.event.zone).date() > call.decision_by:
        raise AfterPromise(
            f"Everyone was promised an answer by {call.decision_by:%d %B %Y}: the deadline must be before."
        )


def _with_deadline(call: Call, *, closes_at: datetime, closes_on: date | None) -> Call:
    call.closes_at, call.closes_on, call.deadline_handled_at = closes_at, closes_on, None
    call.save(update_fields=["closes_at", "closes_on", "deadline_handled_at"])
    return call
