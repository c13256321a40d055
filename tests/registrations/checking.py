"""A check noted as by somebody who has the person's page as it is now before them."""

from datetime import datetime

from accounts.models import User
from registrations import identity_checks
from registrations.enums import CheckResult
from registrations.models import Check, Registration
from registrations.services import reviewing
from tests.factories import NOW, UserFactory


def noted(
    registration: Registration,
    result: CheckResult = CheckResult.FINE,
    note: str = "",
    *,
    by: User | None = None,
    now: datetime = NOW,
) -> Check:
    """Note what was found out about this person."""
    shown = identity_checks.seen(registration)
    return reviewing.note_check(
        registration=registration, result=result, note=note, shown=shown, by=by or UserFactory(), now=now
    )
