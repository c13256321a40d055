"""What people and organisers do with places: offer, confirm, give up, roles, attendance."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import User
from ranportal.shared.refusals import Refused
from registrations import policies, queries
from registrations.enums import Act, Actor, Channel, ParticipantRole, State
from registrations.mail import facts
from registrations.models import Registration
from registrations.services import workflow


class NothingToAnswer(Refused):
    """The registration does not wait for an answer."""


class OnlyByTelephone(Refused):
    """So near to the event nobody is offered a place by mail."""


class NotOnList(Refused):
    """The registration waits on no list, so it cannot leave one."""


class OutOfOrder(Refused):
    """Somebody else is next on the list, and no reason was given."""


def offer(*, registration: Registration, reason: str, by: User, now: datetime) -> Registration:
    """Offer a free place to somebody on the list, who is told by mail; who is not the next takes a reason.

    An offer takes its place at once, so there are never more of them than free places. Raises workflow.CallFull,
    workflow.ReleaseWaits, workflow.IllegalMove, OnlyByTelephone, OutOfOrder.
    """
    with transaction.atomic():
        call = workflow.locked(registration.call)
        registration = workflow.again(registration, call=call)
        about = facts.of_call(call)
        if policies.is_telephone_time(queries.selection_settings(call), starts_at=about.starts_at, now=now):
            raise OnlyByTelephone("The event is so near that a place is given by telephone only.")
        return _promote(
            registration, target=workflow.given_state(call), channel="", reason=reason, by=by, now=now, about=about
        )


def note_call(*, registration: Registration, comes: bool, reason: str, by: User, now: datetime) -> Registration:
    """Note what somebody on the list said on the telephone: the place is confirmed at once, or they leave the list.

    Raises as `offer`, but for OnlyByTelephone; NotOnList for somebody who leaves it.
    """
    with transaction.atomic():
        call = workflow.locked(registration.call)
        registration = workflow.again(registration, call=call)
        if not comes:
            _refuse_off_list(registration)
            return withdraw(registration=registration, now=now, by=by, channel=Channel.TELEPHONE)
        about, target = facts.of_call(call), State.CONFIRMED
        return _promote(
            registration, target=target, channel=Channel.TELEPHONE, reason=reason, by=by, now=now, about=about
        )


def _refuse_off_list(registration: Registration) -> None:
    if registration.state != State.RESERVE:
        state = registration.get_state_display()
        raise NotOnList(f"{registration.reference} is “{state}” and not on the list any more. Nothing was changed.")


def _promote(
    registration: Registration,
    *,
    target: State,
    channel: str,
    reason: str,
    by: User,
    now: datetime,
    about: facts.CallFacts,
) -> Registration:
    call = registration.call
    workflow.refuse_while_release_waits(call)
    if policies.free_places(call) == 0:
        raise workflow.CallFull("No place is free any more: each free place is offered to one person at a time.")
    first = queries.on_list(call).filter(is_counted=True).first()
    if first is not None and first.pk != registration.pk and not reason.strip():
        raise OutOfOrder(f"{first.reference} is the next on the list. Please give a reason for taking somebody else.")
    return workflow.move(
        registration=registration,
        target=target,
        act=Act.PROMOTE,
        actor=Actor.ORGANISER,
        now=now,
        by=by,
        reason=reason,
        channel=channel,
        about=about,
    )


def confirm(
    *, registration: Registration, now: datetime, by: User | None = None, channel: str = "portal"
) -> Registration:
    """Say yes to a place. Confirming twice is confirming once. Raises NothingToAnswer when no place is on offer."""
    with transaction.atomic():
        call = workflow.locked(registration.call)
        registration = workflow.again(registration, call=call)
        if registration.state == State.CONFIRMED:
            return registration
        if not policies.may_confirm(registration):
            raise NothingToAnswer("There is no place waiting for your answer.")
        return workflow.move(
            registration=registration,
            target=State.CONFIRMED,
            act=Act.CONFIRM,
            actor=Actor.ORGANISER if by else Actor.PERSON,
            now=now,
            by=by,
            channel=channel,
        )


def withdraw(
    *, registration: Registration, now: datetime, by: User | None = None, channel: str = "portal"
) -> Registration:
    """Give up the place or the application; the next on the list moves up in the same transaction. Twice is once.

    Raises NothingToAnswer when there is nothing to give up.
    """
    with transaction.atomic():
        call = workflow.locked(registration.call)
        registration = workflow.again(registration, call=call)
        if registration.state == State.WITHDRAWN:
            return registration
        if not policies.may_withdraw(registration):
            raise NothingToAnswer("There is no place to give up any more.")
        workflow.move(
            registration=registration,
            target=State.WITHDRAWN,
            act=Act.WITHDRAW,
            actor=Actor.ORGANISER if by else Actor.PERSON,
            now=now,
            by=by,
            channel=channel,
        )
        workflow.fill_places(call=call, now=now)
        return registration


def change_role(
    *, registration: Registration, role: ParticipantRole, is_counted: bool, by: User, now: datetime
) -> Registration:
    """Change the part that someone plays and whether it counts as a place.

    Raises workflow.CallFull, workflow.ReleaseWaits (where another number of places would be taken).
    """
    with transaction.atomic():
        call = workflow.locked(registration.call)
        registration = workflow.again(registration, call=call)
        is_recounted = registration.is_counted != is_counted
        if is_recounted:
            workflow.refuse_while_release_waits(call)
        workflow.change_counting(registration=registration, is_counted=is_counted)
        registration.role = role
        registration.save(update_fields=["role"])
        workflow.record(registration=registration, act=Act.CHANGE_ROLE, now=now, by=by, reason=f"Now {role.label}.")
        if registration.state == State.RESERVE and not is_counted:
            # Who takes no place waits for none.
            workflow.move(
                registration=registration,
                target=State.CONFIRMED,
                act=Act.PROMOTE,
                actor=Actor.ORGANISER,
                now=now,
                by=by,
            )
        if is_recounted:
            workflow.fill_places(call=call, now=now)
        return registration


def mark_attendance(
    *, registrations: Sequence[Registration], state: State, by: User, now: datetime, is_excused: bool = False
) -> int:
    """Mark people of one call as attended or absent (excused or not), or back to confirmed; returns how many.

    Raises workflow.IllegalMove when one of them had no place.
    """
    if not registrations:
        return 0
    with transaction.atomic():
        call = workflow.locked(registrations[0].call)
        fresh = list(call.registrations.filter(pk__in=[registration.pk for registration in registrations]))
        for registration in fresh:
            registration.call = call
        ids = [registration.pk for registration in fresh]
        call.registrations.filter(pk__in=ids).update(is_excused=is_excused and state == State.ABSENT)
        workflow.move_many(
            call=call, registrations=fresh, target=state, act=Act.ATTENDANCE, actor=Actor.ORGANISER, now=now, by=by
        )
        return len(fresh)
