"""How long a call keeps its people: what its organisers may change."""

from collections.abc import Mapping
from datetime import datetime

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction

from accounts.models import User
from events.models import Call
from ranportal.shared.refusals import Refused
from registrations import retention
from registrations.models import KeepingRules
from registrations.services import workflow


class LongerThanTold(Refused):
    """People registered and were told how long their data are kept: it does not become longer for them."""


def change(*, call: Call, days: Mapping[str, int], by: User, now: datetime) -> KeepingRules:
    """Keep the people of a call for so many days, by name of the rule; the administration's log tells what was before.

    Shorter at any time; longer only while nobody has registered. Raises LongerThanTold, ValidationError for days beyond
    the limits.
    """
    with transaction.atomic():
        call = workflow.locked(call)
        rules = KeepingRules.objects.filter(call=call).first() or KeepingRules(call=call)
        before = {name: getattr(rules, name) for name in retention.RULES}
        wanted = {**before, **days}
        if call.registrations.exists() and retention.is_longer(rules, wanted):
            raise LongerThanTold(
                "People have registered already, and were told how long we keep what they say. It can become shorter."
            )
        if wanted == before:
            return rules
        for name, number in wanted.items():
            setattr(rules, name, number)
        rules.full_clean()
        rules.save()
        words = ", ".join(f"{name} {before[name]} to {wanted[name]}" for name in wanted if wanted[name] != before[name])
        told = f"How long people are kept: {words}."
        entry = LogEntry.objects.log_actions(by.pk, [call], CHANGE, told, single_object=True)
        LogEntry.objects.filter(pk=entry.pk).update(action_time=now)
        return rules
