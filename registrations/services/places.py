"""What people and organisers do with places: confirm, give up, roles, attendance."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import User
from ranportal.shared.refusals import Refused
from registrations import policies
from registrations.enums import Act, Actor, ParticipantRole, State
from registrations.models import Registration
from registrations.services import workflow


class NothingToAnswer(Refused):
    """The registration does not wait for an answer."""


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
    """Change the part that someone plays and whether it counts as a place. Raises workflow.CallFull."""
    with transaction.atomic():
        call = workflow.locked(registration.call)
        registration = workflow.again(registration, call=call)
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
