"""What ends by itself: people when their time is over, then what is left of their call, and all that lies beside them.

Each step deletes in a transaction of its own that also notes it on the deletion certificate, and finds what is due by
looking: so a purge that is broken off has done what its certificate says, and the next one ends it.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet

from accounts.models import Draft
from events.models import Call
from ranportal.shared import free_space
from registrations import policies, retention, tallies
from registrations.attributes import ORGANISATION
from registrations.enums import Act, Extra, KeptFor, State
from registrations.models import (
    AccessEntry,
    Alarm,
    Answer,
    CallKey,
    CallNumbers,
    Check,
    Consent,
    CounterCard,
    Decision,
    DeletionCertificate,
    Identity,
    OutgoingMail,
    Pin,
    PrivateLink,
    Proposal,
    ProposalLine,
    Redaction,
    Registration,
    Release,
    Review,
    SelectionRule,
    Transition,
    Vouch,
)
from registrations.models.registration import ERASED
from registrations.retention import Times
from registrations.services import call_keys, cards, certificates, left_behind, looking, privacy, uploads, workflow

logger = logging.getLogger(__name__)

_CHUNK = 1000
_ROWS, _FINISHED = "rows of people who were erased", "calls of which only numbers stay"
#: Where what was deleted or emptied had lain.
_EMPTIED = (
    *(Identity, Answer, Check, Consent, Vouch, Alarm),
    *(Review, Decision, Redaction, Registration, OutgoingMail, LogEntry),
    *(Transition, Proposal, ProposalLine, Release, Pin, CounterCard, PrivateLink, Session, Draft, AccessEntry),
)


@dataclass
class Purged:
    """How much was deleted, or in a dry run would be: by kind, and of people's data by call (its event's slug) too."""

    counts: Counter[str] = field(default_factory=Counter)
    by_call: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    certificate: DeletionCertificate | None = None

    def add(self, kind: str, number: int, call: Call | None = None) -> None:
        self.counts[kind] += number
        if number and call is not None:
            self.by_call[call.event.slug][kind] += number


def purge_expired(*, now: datetime, is_dry_run: bool = False) -> Purged:
    """Delete what is kept no longer, and sign a certificate of it. A dry run only counts. Safe to run twice, at once.

    Afterwards the bytes are overwritten where the database leaves them lying. A store of files that is away keeps
    nobody from being erased: StoreDown is raised at the end, and the certificate stays open for the next purge.
    """
    purged = Purged()
    for call in _calls_with_people():
        _purge_people(call, purged, now=now, is_dry_run=is_dry_run)
    for call in _calls_without_people(now):
        _finish_call(call, purged, now=now, is_dry_run=is_dry_run)
    for kind in left_behind.KINDS:
        _purge_left_behind(kind, purged, now=now, is_dry_run=is_dry_run)
    _cut_looks(purged, now=now, is_dry_run=is_dry_run)
    if is_dry_run:
        purged.add("files without an answer", len(uploads.unnamed(now=now)))
        return purged
    if sum(purged.counts.values()):
        free_space.overwrite(_EMPTIED, written_anew=(CallKey,))
    files = uploads.delete_unnamed(now=now)
    with transaction.atomic():
        certificates.note(kind="files without an answer", number=files, now=now)
    purged.add("files without an answer", files)
    purged.certificate = certificates.finish(now=now)
    return purged


def _known() -> QuerySet[Registration]:
    return Registration.objects.exclude(address_index__startswith=ERASED)


def _calls() -> QuerySet[Call]:
    return Call.objects.annotate(ends_at=Max("event__sessions__ends_at")).select_related("event", "keeping_rules")


def _calls_with_people() -> QuerySet[Call]:
    return _calls().filter(Exists(_known().filter(call=OuterRef("pk")))).order_by("pk")


def _calls_without_people(now: datetime) -> QuerySet[Call]:
    is_key_old = Q(key__destroyed_at=None, key__made_at__lte=now - retention.UNUSED_KEPT)
    had_some = Exists(Registration.objects.filter(call=OuterRef("pk"))) | is_key_old
    has_some = Exists(_known().filter(call=OuterRef("pk")))
    return _calls().filter(had_some, ~has_some).order_by("pk")


def _times(call: Call, now: datetime) -> Times:
    return retention.times_of(call, ends_at=call.ends_at, now=now)  # type: ignore[attr-defined]


def _purge_people(call: Call, purged: Purged, *, now: datetime, is_dry_run: bool) -> None:
    times = _times(call, now)
    if is_dry_run:
        for kind in KINDS:
            purged.add(kind.name, kind.due(call, times).count(), call)
        return
    with transaction.atomic():
        workflow.locked(call)
        # Found under the lock: who was chosen after all, or took the place back, is not among them.
        for kind in KINDS:
            number = kind.end(kind.due(call, times), times)
            certificates.note(kind=kind.name, number=number, now=now)
            purged.add(kind.name, number, call)


def _unproven(call: Call, times: Times) -> QuerySet[Registration]:
    """Who did not prove the address: still waiting for it, or given up or cancelled before anybody had."""
    asked_late = PrivateLink.objects.filter(
        registration=OuterRef("pk"),
        created_at__gt=times.now - policies.UNPROVEN_KEPT,
        created_at__gte=F("registration__call__closes_at"),
    )
    once_proven = Transition.objects.filter(registration=OuterRef("pk"), act=Act.PROVE)
    left = Q(~Exists(once_proven), state__in=retention.LEFT, proven_at=None)
    limit = times.before(times.rules.unproven_days)
    people = _known().filter(Q(state=State.UNPROVEN) | left, call=call, call__closes_at__lte=limit)
    return people.filter(~Exists(asked_late))


def _without_place(call: Call, times: Times) -> QuerySet[Registration]:
    limit = times.before(times.rules.declined_days)
    over = Q(state__in=retention.WITHOUT_PLACE, state_changed_at__lte=limit)
    if times.is_after_event(times.rules.declined_days):
        over |= Q(state__in=retention.NEVER_DECIDED, state_changed_at__lte=limit)
    return _known().filter(over, call=call)


def _with_place(call: Call, times: Times) -> QuerySet[Registration]:
    if not times.is_after_event(times.rules.selected_days):
        return Registration.objects.none()
    return _known().filter(call=call, state__in=retention.WITH_PLACE)


def _for_entering(call: Call, times: Times) -> QuerySet[Answer]:
    is_due = times.is_after_event(times.rules.clearance_days)
    return _answers(call, KeptFor.CLEARANCE) if is_due else Answer.objects.none()


def _sensitive(call: Call, times: Times) -> QuerySet[Answer]:
    is_due = times.is_after_event(times.rules.sensitive_days)
    return _answers(call, KeptFor.SENSITIVE) if is_due else Answer.objects.none()


def _answers(call: Call, kept: KeptFor) -> QuerySet[Answer]:
    keys = retention.keys_kept(call.questions.all(), kept)
    return Answer.objects.filter(registration__call=call, question__key__in=keys)


def _details(call: Call, times: Times) -> QuerySet[Consent]:
    if not times.is_after_event(times.rules.sensitive_days):
        return Consent.objects.none()
    details = Consent.objects.filter(registration__call=call, extra__in=(Extra.DIET, Extra.ACCESS))
    return details.exclude(sealed=b"")


def _calls_for_help(call: Call, times: Times) -> QuerySet[Alarm]:
    """Those that somebody answered, some days after that and the event; open ones when the last link is long over."""
    days = times.rules.sensitive_days
    over = Q(pk__in=[])
    if times.is_after_event(days):
        over |= Q(handled_at__lte=times.before(days))
    if times.is_after_event(retention.OPEN_ALARMS_KEPT.days):
        over |= Q(handled_at=None)
    return Alarm.objects.filter(over, registration__call=call)


def _contact_points(call: Call, times: Times) -> QuerySet[Vouch]:
    is_due = times.is_after_event(times.rules.sensitive_days)
    return Vouch.objects.filter(registration__call=call) if is_due else Vouch.objects.none()


def _end_unproven(due: QuerySet, times: Times) -> int:
    return _delete_registrations(list(due.values_list("pk", flat=True)))


def _end_people(due: QuerySet, times: Times) -> int:
    ids = list(due.values_list("pk", flat=True))
    if not ids:
        return 0
    cards.count(registrations=ids, last_on=times.over_at.date())
    privacy.erase(ids=ids, by=None, now=times.now)
    return len(ids)


def _delete_answers(due: QuerySet, times: Times) -> int:
    return privacy.delete_answers(due)


def _empty(due: QuerySet, times: Times) -> int:
    return due.update(sealed=b"")


def _delete(due: QuerySet, times: Times) -> int:
    # With what hangs on them, as the mails to contact points.
    number = due.count()
    due.delete()
    return number


def _delete_registrations(ids: Sequence[int]) -> int:
    """Delete these rows with all that hangs on them, files and lines of the administration's log included."""
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        privacy.delete_admin_history(ids=chunk)
        privacy.delete_answers(Answer.objects.filter(registration__in=chunk))
        Registration.objects.filter(pk__in=chunk).delete()
    return len(ids)


@dataclass(frozen=True)
class Kind:
    """One kind of what is over in a call some time: which rows are, and how they end; that says how many there were."""

    name: str
    due: Callable[[Call, Times], QuerySet[Any]]
    end: Callable[[QuerySet[Any], Times], int]


KINDS = (
    Kind("unproven registrations", _unproven, _end_unproven),
    Kind("people without a place", _without_place, _end_people),
    Kind("people with a place", _with_place, _end_people),
    Kind("answers for entering a building", _for_entering, _delete_answers),
    Kind("sensitive answers", _sensitive, _delete_answers),
    Kind("details of food and access", _details, _empty),
    Kind("calls for help", _calls_for_help, _delete),
    Kind("contact points", _contact_points, _delete),
)


def _finish_call(call: Call, purged: Purged, *, now: datetime, is_dry_run: bool) -> None:
    """Of a past call in which nobody is left: keep what may be counted, delete the rest, and destroy its key."""
    if not _times(call, now).is_event_over:
        return
    if is_dry_run:
        purged.add(_ROWS, Registration.objects.filter(call=call).count(), call)
        purged.add(_FINISHED, 1, call)
        return
    try:
        with transaction.atomic():
            rows, keys = _keep_numbers(call, now=now)
    except call_keys.StillNeeded:
        # Something of somebody was left behind: this call waits for a person to look, the others do not.
        logger.exception("Nobody is left in the call of event %s, but its key is needed still.", call.event.slug)
        return
    purged.add(_ROWS, rows, call)
    purged.add(_FINISHED, 1, call)
    purged.add("keys of calls", keys, call)


def _keep_numbers(call: Call, *, now: datetime) -> tuple[int, int]:
    call = workflow.locked(call)
    CallNumbers.objects.get_or_create(call=call, defaults={"counts": tallies.numbers_of(call), "counted_at": now})
    # Whatever was written on a row after its person was erased goes with it.
    rows = _delete_registrations(list(Registration.objects.filter(call=call).values_list("pk", flat=True)))
    for model in (Proposal, Release):
        model._default_manager.filter(call=call).delete()
    SelectionRule.objects.filter(call=call, attribute=ORGANISATION).delete()
    keys = int(call_keys.destroy(call=call, now=now))
    certificates.note(kind=_ROWS, number=rows, now=now, keys=keys)
    return rows, keys


def _purge_left_behind(kind: left_behind.Kind, purged: Purged, *, now: datetime, is_dry_run: bool) -> None:
    due = kind.due(now)
    if is_dry_run:
        purged.add(kind.name, due.count())
        return
    while ids := list(due.values_list("pk", flat=True)[:_CHUNK]):
        with transaction.atomic():
            number = _end(kind, due.model._default_manager.filter(pk__in=ids), ids)
            certificates.note(kind=kind.name, number=number, now=now)
            purged.add(kind.name, number)


def _cut_looks(purged: Purged, *, now: datetime, is_dry_run: bool) -> None:
    before = now - retention.HISTORY_KEPT
    if is_dry_run:
        purged.add("looks of staff", AccessEntry.objects.filter(at__lt=before).count())
        return
    with transaction.atomic():
        number = looking.cut(before=before, now=now)
        certificates.note(kind="looks of staff", number=number, now=now)
        purged.add("looks of staff", number)


def _end(kind: left_behind.Kind, rows: QuerySet, ids: Sequence[object]) -> int:
    if kind.emptied:
        return rows.update(**kind.emptied)
    rows.delete()
    return len(ids)
