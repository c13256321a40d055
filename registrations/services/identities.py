"""The only writer of who somebody is, once that was said: another name, organisation or address is looked at again."""

from collections.abc import Mapping
from datetime import datetime

from accounts.models import User
from registrations import identity_checks
from registrations.enums import Act, Channel, CheckResult
from registrations.models import Registration
from registrations.models.identity import LENGTHS
from registrations.people import PersonDetails
from registrations.services import workflow


def parts_of(person: PersonDetails) -> Mapping[str, str]:
    """All parts of the identity, as a form says them."""
    return {part: getattr(person, part) for part in LENGTHS}


def rewrite(
    *,
    registration: Registration,
    said: Mapping[str, str],
    now: datetime,
    by: User | None = None,
    channel: str = Channel.PORTAL,
) -> set[str]:
    """Put these parts of the identity in place of the old, in the caller's transaction; returns which of them changed.

    Nobody is let in under one name and comes under another: “Fine” was said of who it was then, so it falls, in every
    call. “Ask back” and “Refused” stand until somebody of the staff says otherwise.
    """
    identity = registration.identity
    changed = {part for part, value in said.items() if getattr(identity, part) != value}
    for part in changed:
        identity.say(part, said[part])
    if changed:
        # All parts are sealed together.
        identity.save()
    if changed.intersection(identity_checks.LOOKED_AT):
        _look_again(registration, now=now, by=by, channel=channel)
    return changed


def _look_again(registration: Registration, *, now: datetime, by: User | None, channel: str) -> None:
    if registration.check_result == CheckResult.NOT_LOOKED_AT and not registration.vouches.exists():
        return
    if registration.check_result == CheckResult.FINE:
        registration.check_result = CheckResult.NOT_LOOKED_AT
        registration.checked_at, registration.checked_by = None, None
        registration.save(update_fields=["check_result", "checked_at", "checked_by"])
    reason = identity_checks.CHANGED
    workflow.record(registration=registration, act=Act.CHECK, now=now, by=by, reason=reason, channel=channel)
