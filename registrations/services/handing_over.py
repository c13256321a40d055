"""Writes who works on a call: its organisers, and who looks after rooms and food. Each change stands in its history."""

from datetime import datetime

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from accounts.enums import Role
from accounts.models import User
from accounts.queries import staff_with
from events.models import Call
from ranportal.shared.refusals import Refused
from registrations import queries, reports
from registrations.models import LogisticsAssignment
from registrations.services import workflow


class NotTheirs(Refused):
    """Only organisers of the call say who works on it."""


class NotOfThatRole(Refused):
    """The account has not the role that is needed, or is switched off."""


class LastOrganiser(Refused):
    """A call is not left without anybody who may see its people."""


def hand_over(*, call: Call, to: User, leaves: bool, by: User, now: datetime) -> Call:
    """Let another organiser organise the call, too; with `leaves` the one who hands it over organises it no longer.

    Undone by whoever organises it then. Somebody who organises it already is left as they are. Raises NotTheirs,
    NotOfThatRole.
    """
    with transaction.atomic():
        call = _locked(call, by)
        _require(to, Role.ORGANISER)
        call.organisers.add(to)
        words = f"Handed over to {to.email}."
        if leaves and to != by:
            call.organisers.remove(by)
            words = f"Handed over to {to.email}; {by.email} organises it no longer."
        _trace(call, words, by=by, now=now)
        return call


def take_back(*, call: Call, organiser: User, by: User, now: datetime) -> Call:
    """Let somebody, or oneself, organise the call no longer. Raises NotTheirs, LastOrganiser."""
    with transaction.atomic():
        call = _locked(call, by)
        if not reports.able_organisers().filter(organised_calls=call).exclude(pk=organiser.pk).exists():
            raise LastOrganiser("Somebody has to organise this call: hand it over to somebody first.")
        call.organisers.remove(organiser)
        _trace(call, f"{organiser.email} organises it no longer.", by=by, now=now)
        return call


def let_in(*, call: Call, logistics: User, by: User, now: datetime) -> Call:
    """Let somebody see what confirmed people of this call need. Raises NotTheirs, NotOfThatRole."""
    with transaction.atomic():
        call = _locked(call, by)
        _require(logistics, Role.LOGISTICS)
        _, is_new = LogisticsAssignment.objects.get_or_create(call=call, user=logistics)
        if is_new:
            _trace(call, f"{logistics.email} looks after rooms and food.", by=by, now=now)
        return call


def let_go(*, call: Call, logistics: User, by: User, now: datetime) -> Call:
    """Let somebody see no longer what confirmed people of this call need. Raises NotTheirs."""
    with transaction.atomic():
        call = _locked(call, by)
        if LogisticsAssignment.objects.filter(call=call, user=logistics).delete()[0]:
            _trace(call, f"{logistics.email} looks after rooms and food no longer.", by=by, now=now)
        return call


def _locked(call: Call, by: User) -> Call:
    call = workflow.locked(call)
    if not queries.organises(user=by, call=call):
        raise NotTheirs("Only the organisers of this call say who works on it.")
    return call


def _require(user: User, role: Role) -> None:
    if not staff_with(role).filter(pk=user.pk).exists():
        raise NotOfThatRole(f"{user} is no {role.label.lower()} at present: an administrator gives roles.")


def _trace(call: Call, words: str, *, by: User, now: datetime) -> None:
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(call),
        object_id=str(call.pk),
        object_repr=str(call)[:200],
        action_flag=CHANGE,
        change_message=words,
        action_time=now,
    )
