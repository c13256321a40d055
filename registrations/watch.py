"""What an operator and an organiser must see before it hurts: whether beat is heard, and how long mail waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Sum, When

from events.models import Call
from registrations.enums import MailState
from registrations.models import Alarm, BeatPulse, MailGate, NotTold, OutgoingMail, Reconciliation, Release

#: Beat beats every minute: after so long without, nothing that follows a date happens any more.
SILENT_AFTER = timedelta(minutes=3)
#: Mail that was due so long ago is late, whatever the reason.
LATE_AFTER = timedelta(minutes=5)

#: Mail that was tried for so long is late too, where the relay has taken none since: each try puts its due time off.
IN_VAIN_AFTER = timedelta(hours=1)

#: A daily check older than this says nothing about today.
CHECK_SHOWN = timedelta(days=7)
#: How many findings a page shows.
FINDINGS_SHOWN = 200

OPEN = (MailState.QUEUED, MailState.LEASED, MailState.HANDING_OVER)


@dataclass(frozen=True)
class Seen:
    """What one look found: moments, so that it may be kept for some seconds. None: there is no such moment.

    `has_alarm`: somebody asked to be called, and nobody has written down that they called.
    """

    beat_at: datetime | None = None
    oldest_due_at: datetime | None = None
    paused_at: datetime | None = None
    closed_until: datetime | None = None
    release_due_at: datetime | None = None
    has_alarm: bool = False

    def is_beat_silent(self, now: datetime) -> bool:
        """Whether beat was not heard for too long, or never."""
        return self.beat_at is None or now - self.beat_at > SILENT_AFTER

    def is_mail_late(self, now: datetime) -> bool:
        """Whether the oldest mail that is due has waited too long."""
        return self.oldest_due_at is not None and now - self.oldest_due_at > LATE_AFTER

    def is_release_late(self, now: datetime) -> bool:
        """Whether a release that was given should have been carried out by now, and was not."""
        return self.release_due_at is not None and now - self.release_due_at > LATE_AFTER

    def is_gate_closed(self, now: datetime) -> bool:
        """Whether the relay is left alone after it refused."""
        return self.closed_until is not None and self.closed_until > now


def look(*, now: datetime) -> Seen:
    """Look at everything that is watched: one statement, or five until beat was heard for the first time."""
    gate = MailGate.objects.filter(pk=OuterRef("pk"))
    open_releases = Release.objects.filter(recalled_at=None, done_at=None).order_by("due_at")
    open_alarms = Alarm.objects.filter(handled_at=None)
    found = (
        BeatPulse.objects.filter(pk=1)
        .annotate(
            oldest_due_at=Subquery(due_mails(now).order_by("since").values("since")[:1]),
            paused_at=Subquery(gate.values("paused_at")),
            closed_until=Subquery(gate.values("closed_until")),
            release_due_at=Subquery(open_releases.values("due_at")[:1]),
            has_alarm=Exists(open_alarms),
        )
        .values_list("at", "oldest_due_at", "paused_at", "closed_until", "release_due_at", "has_alarm")
        .first()
    )
    if found is not None:
        return Seen(*found)
    oldest = due_mails(now).order_by("since").values_list("since", flat=True).first()
    stands = MailGate.objects.filter(pk=1).values_list("paused_at", "closed_until").first()
    release_due_at = open_releases.values_list("due_at", flat=True).first()
    return Seen(None, oldest, *(stands or (None, None)), release_due_at, open_alarms.exists())


def open_alarms(calls: QuerySet[Call]) -> list[Alarm]:
    """Calls for help in these calls that nobody has answered, the oldest first, with their registrations."""
    alarms = Alarm.objects.filter(handled_at=None, registration__call__in=calls.order_by().values("pk"))
    return list(alarms.defer("sealed").select_related("registration").order_by("raised_at", "pk"))


def health(now: datetime) -> Mapping[str, str]:
    """Say of beat, of the mail and of releases whether they are well, in one word each: for the page of health."""
    seen = look(now=now)
    return {
        "beat": "silent" if seen.is_beat_silent(now) else "ok",
        "mail": "late" if seen.is_mail_late(now) else "ok",
        "releases": "late" if seen.is_release_late(now) else "ok",
    }


def due_mails(now: datetime) -> QuerySet[Any]:
    """Mails that should have left by now and have not, each with the moment `since` which that is so."""
    has_been_taking = Exists(MailGate.objects.filter(taken_at__gte=OuterRef("tried_since")))
    is_in_vain = Q(tried_since__lte=now - IN_VAIN_AFTER) & ~has_been_taking
    mails = OutgoingMail.objects.filter(Q(due_at__lte=now) | is_in_vain, state__in=OPEN)
    return mails.annotate(since=Case(When(is_in_vain, then=F("tried_since")), default=F("due_at")))


@dataclass(frozen=True)
class Summary:
    """The newest checks of several calls in one: when, how many mails were promised, went out, and need a look."""

    checked_at: datetime
    promised: int
    told: int
    to_look_at: int


def last_checks(calls: QuerySet[Call], *, now: datetime) -> list[Any]:
    """The newest check of each of these calls within a week, with call and event, those with most to look at first.

    `findings_number` is how many findings there are, `shown` the first of them: FINDINGS_SHOWN of all calls together.
    """
    newest = _newest(calls, now).annotate(findings_number=Count("findings")).select_related("call__event")
    checks: list[Any] = list(newest.order_by("-findings_number", "-call__closes_at", "pk"))
    findings = NotTold.objects.filter(reconciliation__in=checks).select_related("registration", "mail")
    shown: dict[int, list[NotTold]] = {}
    for one in findings.defer("mail__rendered", "mail__facts").order_by("finding", "pk")[:FINDINGS_SHOWN]:
        shown.setdefault(one.reconciliation_id, []).append(one)
    for check in checks:
        check.shown = shown.get(check.pk, [])
    return checks


def last_check(calls: QuerySet[Call], *, now: datetime) -> Summary | None:
    """The same as sums, in one statement; None where nothing was checked within a week."""
    sums = _newest(calls, now).aggregate(
        at=Max("checked_at"),
        promised=Sum("promised", default=0),
        told=Sum("told", default=0),
        found=Sum(Subquery(_findings_of("pk")), default=0),
    )
    return Summary(sums["at"], sums["promised"], sums["told"], sums["found"]) if sums["at"] else None


def _newest(calls: QuerySet[Call], now: datetime) -> QuerySet[Reconciliation]:
    same_call = Reconciliation.objects.filter(call=OuterRef("call")).order_by("-day")
    recent = Reconciliation.objects.filter(checked_at__gt=now - CHECK_SHOWN)
    return recent.filter(call__in=calls.order_by().values("pk"), pk=Subquery(same_call.values("pk")[:1]))


def _findings_of(reconciliation: str) -> QuerySet[Any, Any]:
    of_it = NotTold.objects.filter(reconciliation=OuterRef(reconciliation)).order_by()
    return of_it.values("reconciliation").annotate(number=Count("pk")).values("number")
