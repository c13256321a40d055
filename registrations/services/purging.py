"""What ends by itself: people when their time is over, then what is left of their call, and all that lies beside them.

Each step deletes in a transaction of its own that also notes it on the deletion certificate, and finds what is due by
looking: so a purge that is broken off has done what its certificate says, and the next one ends it.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet

from events.models import Call
from ranportal.shared import free_space
from registrations import retention, tallies
from registrations.attributes import ORGANISATION
from registrations.enums import Extra, KeptFor, State
from registrations.models import (
    AccessEntry,
    Alarm,
    Answer,
    CallNumbers,
    Check,
    Consent,
    Decision,
    DeletionCertificate,
    Identity,
    OutgoingMail,
    PrivateLink,
    Redaction,
    Registration,
    Review,
    SelectionRule,
    Vouch,
)
from registrations.models.registration import ERASED
from registrations.retention import Times
from registrations.services import call_keys, cards, certificates, left_behind, looking, privacy, uploads, workflow

logger = logging.getLogger(__name__)

_CHUNK = 1000
#: Where what was deleted or emptied had lain.
_EMPTIED = (
    *(Identity, Answer, Check, Consent, Vouch, Alarm),
    *(Review, Decision, Redaction, Registration, OutgoingMail, LogEntry),
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
        free_space.overwrite(_EMPTIED)
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
    return _calls().filter(had_some, ~has_some, numbers=None).order_by("pk")


def _times(call: Call, now: datetime) -> Times:
    return retention.times_of(call, ends_at=call.ends_at, now=now)  # type: ignore[attr-defined]


def _purge_people(call: Call, purged: Purged, *, now: datetime, is_dry_run: bool) -> None:
    times = _times(call, now)
    if is_dry_run:
        for kind, due in _due(call, times).items():
            purged.add(kind, due.count(), call)
        return
    with transaction.atomic():
        workflow.locked(call)
        # Found under the lock: who was chosen after all, or took the place back, is not among them.
        for kind, due in _due(call, times).items():
            number = _ENDS[kind](due, times)
            certificates.note(kind=kind, number=number, now=now)
            purged.add(kind, number, call)


def _due(call: Call, times: Times) -> dict[str, QuerySet]:
    """By kind, what is over in this call."""
    people = _known().filter(call=call)
    rows: dict[str, QuerySet] = {
        "unproven registrations": _unproven(people, times),
        "people without a place": people.filter(_is_without_place(times)),
        "people with a place": people.filter(_is_with_place(times)),
    }
    if times.is_after_event(times.rules.clearance_days):
        rows["answers for entering a building"] = _answers(call, KeptFor.CLEARANCE)
    if times.is_after_event(times.rules.sensitive_days):
        here = {"registration__call": call}
        rows["sensitive answers"] = _answers(call, KeptFor.SENSITIVE)
        details = Consent.objects.filter(extra__in=(Extra.DIET, Extra.ACCESS), **here)
        rows["details of food and access"] = details.exclude(sealed=b"")
        rows["calls for help"] = Alarm.objects.filter(**here).exclude(sealed=b"")
        rows["contact points"] = Vouch.objects.filter(**here).exclude(sealed=b"")
    return rows


def _unproven(people: QuerySet[Registration], times: Times) -> QuerySet[Registration]:
    asked_late = PrivateLink.objects.filter(
        registration=OuterRef("pk"),
        created_at__gt=times.now - retention.ASKED_KEPT,
        created_at__gte=F("registration__call__closes_at"),
    )
    limit = times.before(times.rules.unproven_days)
    return people.filter(~Exists(asked_late), state=State.UNPROVEN, call__closes_at__lte=limit)


def _is_without_place(times: Times) -> Q:
    limit = times.before(times.rules.declined_days)
    over = Q(state__in=retention.WITHOUT_PLACE, state_changed_at__lte=limit)
    if times.is_after_event(times.rules.declined_days):
        over |= Q(state__in=retention.NEVER_DECIDED, state_changed_at__lte=limit)
    return over


def _is_with_place(times: Times) -> Q:
    is_over = times.is_after_event(times.rules.selected_days)
    return Q(state__in=retention.WITH_PLACE) if is_over else Q(pk__in=[])


def _answers(call: Call, kept: KeptFor) -> QuerySet[Answer]:
    keys = retention.keys_kept(call.questions.all(), kept)
    return Answer.objects.filter(registration__call=call, question__key__in=keys)


def _end_unproven(due: QuerySet, times: Times) -> int:
    people = Registration.objects.filter(pk__in=list(due.values_list("pk", flat=True)))
    privacy.delete_admin_history(ids=[one.pk for one in people])
    privacy.delete_answers(Answer.objects.filter(registration__in=people))
    number = people.count()
    people.delete()
    return number


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


_ENDS: dict[str, Callable[[QuerySet, Times], int]] = {
    "unproven registrations": _end_unproven,
    "people without a place": _end_people,
    "people with a place": _end_people,
    "answers for entering a building": _delete_answers,
    "sensitive answers": _delete_answers,
    "details of food and access": _empty,
    "calls for help": _empty,
    "contact points": _empty,
}


def _finish_call(call: Call, purged: Purged, *, now: datetime, is_dry_run: bool) -> None:
    """Of a past call in which nobody is left: keep what may be counted, and destroy its key."""
    if not _times(call, now).is_event_over:
        return
    if is_dry_run:
        purged.add("calls of which only numbers stay", 1, call)
        return
    try:
        with transaction.atomic():
            blanked, keys = _keep_numbers(call, now=now)
    except call_keys.StillNeeded:
        # Something of somebody was left behind: this call waits for a person to look, the others do not.
        logger.exception("Nobody is left in the call of event %s, but its key is needed still.", call.event.slug)
        return
    purged.add("countries and professions of small groups", blanked, call)
    purged.add("calls of which only numbers stay", 1, call)
    purged.add("keys of calls", keys, call)


def _keep_numbers(call: Call, *, now: datetime) -> tuple[int, int]:
    call = workflow.locked(call)
    CallNumbers.objects.get_or_create(call=call, defaults={"counts": tallies.numbers_of(call), "counted_at": now})
    blanked = _blank_small_groups(call)
    SelectionRule.objects.filter(call=call, attribute=ORGANISATION).delete()
    keys = int(call_keys.destroy(call=call, now=now))
    certificates.note(kind="countries and professions of small groups", number=blanked, now=now, keys=keys)
    return blanked, keys


def _blank_small_groups(call: Call) -> int:
    blanked = 0
    for country, profession in tallies.small_groups(call):
        group = Registration.objects.filter(call=call, country=country, profession=profession)
        blanked += group.update(country="", profession="")
    return blanked


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
