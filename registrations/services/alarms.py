"""Calls for help: a person who feels unsafe asks to be called, and somebody writes down that they did."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import User
from events.models import Call
from ranportal.shared.crypto import keyed_digest
from ranportal.shared.refusals import Refused
from registrations import reports
from registrations.enums import Act, Channel, MailKind
from registrations.mail import facts, outbox
from registrations.mail.outbox import Letter
from registrations.models import Alarm, Registration
from registrations.services import workflow

#: Organisers are reminded of a call for help that nobody has answered after so long, once.
REMIND_AFTER = timedelta(minutes=30)


class SaysOtherwise(Refused):
    """The number or the words are not those that the organiser saw."""


def seen(alarm: Alarm) -> str:
    """What stands for the number and the words of a call for help: 64 hexadecimal digits."""
    return keyed_digest("alarm", json.dumps([alarm.telephone, alarm.words]))


def sound(*, registration: Registration, telephone: str, words: str, now: datetime) -> Alarm:
    """Ask the organisers of the call, by mail and on every page of their admin, to call this number at once.

    While one is open, another replaces its number and its words, and they are told again where these are others: it
    stays as old and as open as it is.
    """
    with transaction.atomic():
        call = workflow.locked(registration.call)
        registration = workflow.again(registration, call=call)
        alarms = list(registration.alarms.order_by("number"))
        alarm = next((one for one in alarms if one.handled_at is None), None)
        before = None if alarm is None else seen(alarm)
        if alarm is None:
            alarm = Alarm(registration=registration, number=alarms[-1].number + 1 if alarms else 1, raised_at=now)
        alarm.registration, alarm.telephone, alarm.words = registration, telephone, words
        alarm.save()
        trace = workflow.record(registration=registration, act=Act.UNSAFE, now=now, channel=Channel.PORTAL)
        if before is None:
            _tell([alarm], call, version="", now=now)
        elif before != seen(alarm):
            _tell([alarm], call, version=f"-t{trace.pk}", says={"change": "number"}, now=now)
        return alarm


def handle(*, alarm: Alarm, shown: str, by: User, now: datetime) -> Alarm:
    """Write down that this user has called back; who was first stays.

    `shown` is `seen` of what the user was shown. Raises SaysOtherwise where another number or other words came since.
    """
    with transaction.atomic():
        call = workflow.locked(alarm.registration.call)
        alarm = Alarm.objects.select_related("registration__call", "handled_by").get(pk=alarm.pk)
        if alarm.handled_at is None and seen(alarm) != shown:
            raise SaysOtherwise(
                f"{alarm.registration.reference} has sent another number or other words since you opened this page, so "
                "nothing was written down. Please call the number that stands here now."
            )
        if alarm.handled_at is None:
            alarm.handled_at, alarm.handled_by = now, by
            alarm.save(update_fields=["handled_at", "handled_by"])
            registration = workflow.again(alarm.registration, call=call)
            workflow.record(registration=registration, act=Act.CALLED_BACK, now=now, by=by, channel=Channel.TELEPHONE)
        return alarm


def remind(*, now: datetime) -> int:
    """Remind the organisers of calls for help that nobody has answered for half an hour; returns how many mails."""
    waiting = Alarm.objects.filter(handled_at=None, raised_at__lte=now - REMIND_AFTER)
    made = 0
    for call in Call.objects.filter(pk__in=waiting.order_by().values("registration__call")):
        with transaction.atomic():
            call = workflow.locked(call)
            alarms = waiting.filter(registration__call=call).select_related("registration").order_by("pk")
            made += _tell(list(alarms), call, version="-again", says={"is_again": True}, now=now)
    return made


def _tell(
    alarms: Sequence[Alarm], call: Call, *, version: str, says: Mapping[str, Any] | None = None, now: datetime
) -> int:
    """To the mailbox of the call, which nobody may read at night, and to each organiser who may see its people."""
    readers: list[User | None] = [None, *reports.able_organisers().filter(organised_calls=call).order_by("pk")]
    letters = [
        Letter(MailKind.UNSAFE_ALARM, f"a{alarm.pk}{version}", user=reader, says=_said(alarm, says or {}))
        for alarm in alarms
        for reader in readers
    ]
    return len(outbox.put_many(letters, about=facts.of_call(call), now=now))


def _said(alarm: Alarm, says: Mapping[str, Any]) -> dict[str, Any]:
    page = f"/admin/registrations/registration/{alarm.registration_id}/alarms/"
    return {
        "reference": alarm.registration.reference,
        "admin_link": f"{settings.SITE_URL}{page}",
        **says,
    }
