"""The daily check: was everyone told, and once, of what happened to their registration?

What was promised follows from the trail alone (which mail a move sends stands in states.py); what was written is read
from the outbox. The two are made in one transaction, so each difference is somebody's mistake or a lost row.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import get_current_timezone

from events.models import Call
from registrations import returned
from registrations.enums import Act, Finding, MailKind, MailState, State
from registrations.models import NotTold, OutgoingMail, Reconciliation, Registration, Transition
from registrations.models.registration import ERASED
from registrations.states import MOVES, find_move

#: What happened longer ago was looked at on each day since.
LOOKS_BACK = timedelta(days=35)
#: What happened in the last minutes may not be committed yet; the next check sees it.
SETTLED_AFTER = timedelta(minutes=10)
#: Mail that is due for so long at the time of the check is worth a look.
LATE_AFTER = timedelta(hours=1)

_ASKS = frozenset({MailKind.PROVE_ADDRESS, MailKind.ADDRESS_CORRECTED})
#: The kinds of mail that tell of the trail. Reminders and news of the event come from scans and are not its business.
KINDS = frozenset({move.mail for move in MOVES if move.mail} | _ASKS | {MailKind.ANSWERS_CHANGED})
#: What a corrected address hears when it is proven: how things stand.
_NEWS_OF = {
    State.SUBMITTED: MailKind.RECEIVED,
    State.SELECTED: MailKind.SELECTED,
    State.CONFIRMED: MailKind.CONFIRMED,
    State.RESERVE: MailKind.WAITING_LIST,
}
_ON_ITS_WAY = frozenset({MailState.QUEUED, MailState.LEASED, MailState.HANDING_OVER, MailState.HELD})


@dataclass
class Trace:
    """One line of the trail, with the form's version that it left behind."""

    pk: int
    registration_id: int
    act: Act
    source: State | None
    target: State
    at: datetime
    version: int


@dataclass
class Found:
    """The counts of one call, and the mails that somebody should look at."""

    told: int = 0
    waiting: int = 0
    replaced: int = 0
    stopped: int = 0
    missing: int = 0
    doubled: int = 0
    repeated: int = 0
    untold: list[NotTold] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """The values of the row of this day."""
        parts = {name: getattr(self, name) for name in ("told", "waiting", "replaced", "stopped", "missing")}
        return {**parts, "promised": sum(parts.values()), "doubled": self.doubled, "repeated": self.repeated}


def reconcile(*, now: datetime) -> dict[str, int]:
    """Check every call in which something happened lately, and keep what was found; returns the sums.

    One transaction a call. A second run of the same day replaces the first; what is to be looked at is kept of the
    newest check alone.
    """
    sums = dict.fromkeys(Found().counts, 0)
    lately = _people().filter(transitions__at__gt=now - LOOKS_BACK)
    for call in Call.objects.filter(pk__in=lately.order_by().values("call")).order_by("pk"):
        for name, number in _reconcile_call(call, now=now).counts.items():
            sums[name] += number
    return sums


def promised(trail: Iterable[Trace]) -> dict[str, tuple[int, MailKind]]:
    """The mail that each line of the trail promises, by its key: whose it is and its kind."""
    mails = {}
    for trace in trail:
        kind = _mail_of(trace)
        if kind is not None:
            is_asked = kind == MailKind.PROVE_ADDRESS and trace.act in (Act.SEND, Act.SEND_AGAIN)
            version = f"v{trace.version}" if is_asked else f"t{trace.pk}"
            mails[f"r{trace.registration_id}:{kind}:{version}"] = (trace.registration_id, kind)
    return mails


def _reconcile_call(call: Call, *, now: datetime) -> Found:
    with transaction.atomic():
        found = _compare(call, now=now)
        day = now.astimezone(get_current_timezone()).date()
        NotTold.objects.filter(reconciliation__call=call).delete()
        row, _ = Reconciliation.objects.update_or_create(
            day=day, call=call, defaults={"checked_at": now, **found.counts}
        )
        for untold in found.untold:
            untold.reconciliation = row
        NotTold.objects.bulk_create(found.untold, batch_size=500)
        return found


def _compare(call: Call, *, now: datetime) -> Found:
    since, until = now - LOOKS_BACK, now - SETTLED_AFTER
    people = _people().filter(call=call)
    written = {mail.key: mail for mail in _written(people, since=since)}
    wanted = promised(trace for trace in _trail(people) if since < trace.at <= until)
    found = Found()
    for key, (registration_id, kind) in wanted.items():
        _note(found, written.pop(key, None), registration_id=registration_id, kind=kind, now=now)
    for mail in written.values():
        # What was cancelled tells nobody a second time.
        if mail.state != MailState.CANCELLED and mail.created_at <= until:
            found.doubled += 1
            found.untold.append(_look_at(Finding.DOUBLED, mail.registration_id, MailKind(mail.kind), mail))
    return found


def _note(found: Found, mail: Any | None, *, registration_id: int, kind: MailKind, now: datetime) -> None:
    if mail is None:
        found.missing += 1
        found.untold.append(_look_at(Finding.MISSING, registration_id, kind, None))
    elif mail.state == MailState.SENT and mail.is_back:
        found.stopped += 1
        found.untold.append(_look_at(Finding.RETURNED, registration_id, kind, mail))
    elif mail.state == MailState.SENT:
        found.told += 1
        found.repeated += mail.is_maybe_repeated
    elif mail.state in _ON_ITS_WAY and not (mail.is_undone and mail.state == MailState.HELD):
        found.waiting += 1
        # Each try in vain puts the due time off.
        if min(mail.due_at, mail.tried_since or mail.due_at) <= now - LATE_AFTER:
            found.untold.append(_look_at(Finding.LATE, registration_id, kind, mail))
    elif mail.is_undone:
        found.replaced += 1
    else:
        found.stopped += 1
        found.untold.append(_look_at(Finding.STOPPED, registration_id, kind, mail))


def _look_at(finding: Finding, registration_id: int | None, kind: MailKind, mail: OutgoingMail | None) -> NotTold:
    return NotTold(registration_id=registration_id, mail=mail, kind=kind, finding=finding)


def _people() -> QuerySet[Registration]:
    """Everyone but those who were erased: their mails went with them."""
    return Registration.objects.exclude(address_index__startswith=ERASED)


def _written(people: QuerySet[Registration], *, since: datetime) -> Iterator[Any]:
    mails = OutgoingMail.objects.filter(registration__in=people, kind__in=sorted(KINDS), created_at__gt=since)
    moments = ("due_at", "tried_since", "created_at")
    fields = ("key", "registration_id", "kind", "state", *moments, "is_undone", "is_maybe_repeated")
    yield from mails.order_by().only(*fields).annotate(is_back=returned.is_returned()).iterator()


def _trail(people: QuerySet[Registration]) -> Iterator[Trace]:
    """Every line from the first form on, since only from there the versions can be counted."""
    rows = Transition.objects.filter(registration__in=people).order_by("registration_id", "at", "pk")
    version, whose = 1, None
    for pk, registration_id, act, source, target, at in rows.values_list(
        "pk", "registration_id", "act", "source", "target", "at"
    ).iterator():
        version = 1 if registration_id != whose else version + (act in (Act.SEND_AGAIN, Act.CORRECT_ADDRESS))
        whose = registration_id
        yield Trace(pk, registration_id, Act(act), State(source) if source else None, State(target), at, version)


def _mail_of(trace: Trace) -> MailKind | None:
    if trace.act == Act.SEND_AGAIN:
        return MailKind.PROVE_ADDRESS
    if trace.act == Act.CHANGE_ANSWERS:
        return MailKind.ANSWERS_CHANGED
    if trace.act == Act.CORRECT_ADDRESS:
        return MailKind.PROVE_ADDRESS if trace.target == State.UNPROVEN else MailKind.ADDRESS_CORRECTED
    if trace.act == Act.PROVE and trace.source == trace.target:
        return _NEWS_OF.get(trace.target)
    if trace.source == State.UNPROVEN and trace.act in (Act.WITHDRAW, Act.CANCEL):
        # Who never proved the address gave nothing up.
        return None
    move = find_move(source=trace.source, target=trace.target, act=trace.act)
    return move.mail if move else None
