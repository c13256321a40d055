"""What an operator and an organiser must see before it hurts: whether beat is heard, and how long mail waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Q, QuerySet, Subquery

from registrations.enums import MailState
from registrations.models import BeatPulse, MailGate, OutgoingMail

#: Beat beats every minute: after so long without, nothing that follows a date happens any more.
SILENT_AFTER = timedelta(minutes=3)
#: Mail that was due so long ago is late, whatever the reason.
LATE_AFTER = timedelta(minutes=5)

OPEN = (MailState.QUEUED, MailState.LEASED, MailState.HANDING_OVER)


@dataclass(frozen=True)
class Seen:
    """What one look found: moments, so that it may be kept for some seconds. None: there is no such moment."""

    beat_at: datetime | None = None
    oldest_due_at: datetime | None = None
    paused_at: datetime | None = None
    closed_until: datetime | None = None

    def is_beat_silent(self, now: datetime) -> bool:
        """Whether beat was not heard for too long, or never."""
        return self.beat_at is None or now - self.beat_at > SILENT_AFTER

    def is_mail_late(self, now: datetime) -> bool:
        """Whether the oldest mail that is due has waited too long."""
        return self.oldest_due_at is not None and now - self.oldest_due_at > LATE_AFTER

    def is_gate_closed(self, now: datetime) -> bool:
        """Whether the relay is left alone after it refused."""
        return self.closed_until is not None and self.closed_until > now


def look(*, now: datetime) -> Seen:
    """Look at everything that is watched: one statement, or three until beat was heard for the first time."""
    gate = MailGate.objects.filter(pk=OuterRef("pk"))
    found = (
        BeatPulse.objects.filter(pk=1)
        .annotate(
            oldest_due_at=Subquery(due_mails(now).order_by("due_at").values("due_at")[:1]),
            paused_at=Subquery(gate.values("paused_at")),
            closed_until=Subquery(gate.values("closed_until")),
        )
        .values_list("at", "oldest_due_at", "paused_at", "closed_until")
        .first()
    )
    if found is not None:
        return Seen(*found)
    oldest = due_mails(now).order_by("due_at").values_list("due_at", flat=True).first()
    stands = MailGate.objects.filter(pk=1).values_list("paused_at", "closed_until").first()
    return Seen(None, oldest, *(stands or ()))


def health(now: datetime) -> Mapping[str, str]:
    """Say of beat and of the mail whether they are well, in one word each: for the page of health."""
    seen = look(now=now)
    return {
        "beat": "silent" if seen.is_beat_silent(now) else "ok",
        "mail": "late" if seen.is_mail_late(now) else "ok",
    }


def due_mails(now: datetime) -> QuerySet[OutgoingMail]:
    """Mails that should have left by now and have not."""
    return OutgoingMail.objects.filter(Q(state__in=OPEN), due_at__lte=now)
