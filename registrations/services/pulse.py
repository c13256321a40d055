"""Beat's pulse: one row that says when beat was last heard."""

from datetime import datetime

from django.db import transaction

from registrations.models import BeatPulse


def beat(*, now: datetime) -> None:
    """Note that beat is heard now. An older moment never overwrites a newer one."""
    with transaction.atomic():
        pulse, _ = BeatPulse.objects.select_for_update().get_or_create(pk=1, defaults={"at": now})
        if pulse.at < now:
            pulse.at = now
            pulse.save(update_fields=["at"])
