"""Writes the access log: who of the staff looked at whom. Rows are only added, each bound to the one before."""

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.timezone import localtime

from accounts.models import User
from ranportal.shared.crypto import keyed_digest
from registrations import access_reports
from registrations.enums import LookKind, MailKind
from registrations.looks import Look
from registrations.mail import outbox
from registrations.mail.outbox import Letter
from registrations.models import AccessCheckpoint, AccessEntry, Registration

logger = logging.getLogger(__name__)

#: So often a row is tried again whose number somebody else took at the same moment.
_TRIES = 50
_CHUNK = 1000
#: Whoever works through the biggest call stays below; who takes everything away does not.
USUAL_IN_AN_HOUR, USUAL_IN_A_DAY = 300, 1000
#: For whoever looks at few, much is less: so many times what is usual on one's own days, but no fewer than these.
TIMES_ONES_OWN, MUCH_FOR_ANYBODY = 10, 100


@dataclass(frozen=True)
class Chain:
    """What a reading of the whole log found. `broken_at` is the first number that is changed or missing, or None."""

    entries: int
    broken_at: int | None


def enter_look(*, look: Look, user: User, page: str, call_id: int | None, usual: LookKind, now: datetime) -> bool:
    """Write down what a request saw; whether there was anything to write.

    `usual` is what the page's address says of it, where the page said nothing itself. Three statements, or two where
    the rows of all that it saw were read. Raises what `enter` raises.
    """
    seen = look.seen
    if not seen and look.kind is None:
        return False
    known = {pk: look.rows[pk] for pk in seen if pk in look.rows}
    known |= _looked_up(seen - set(known))
    # Whoever was seen is found by the call: people of several stand under none.
    calls: set[int | None] = {call for _, call in known.values()} or {call_id}
    enter(
        user=user,
        kind=look.kind or usual,
        page=page,
        call_id=calls.pop() if len(calls) == 1 else None,
        references=[reference for reference, _ in known.values()],
        purpose=look.purpose,
        now=now,
    )
    return True


def enter(
    *,
    user: User | None,
    kind: LookKind,
    page: str,
    call_id: int | None,
    references: Iterable[str],
    now: datetime,
    purpose: str = "",
) -> AccessEntry:
    """Add one look and return it; `user` None is the command line. To be called outside a transaction.

    The number after the last one is the lock: of two who take it at once, the second finds it taken and tries the next.
    Raises DatabaseError where nothing can be written: then nothing may be shown either.
    """
    entry = AccessEntry(
        at=now,
        user=user,
        kind=kind,
        page=page[:100],
        call_id=call_id,
        subjects=sorted(map(access_reports.subject_of, references)),
        purpose=purpose[:300],
    )
    for _ in range(_TRIES - 1):
        try:
            return _append(entry)
        except IntegrityError:
            if connection.in_atomic_block:
                raise
    return _append(entry)


def verify() -> Chain:
    """Read the whole log in order and say whether each row is as it was written and none is missing in between.

    That the newest rows were taken away cannot be seen here; the database lets nobody do that.
    """
    number, digest = _checkpoint()
    count = 0
    for entry in _in_order():
        if entry.number != number + 1 or entry.digest != _digest(entry, after=digest):
            return Chain(entries=count, broken_at=number + 1)
        number, digest, count = entry.number, entry.digest, count + 1
    return Chain(entries=count, broken_at=None)


def cut(*, before: datetime, now: datetime) -> int:
    """Let the oldest looks go, all before the first one that is not older; returns how many.

    A checkpoint remembers where the chain goes on. What is younger than two years by the database's own clock stays,
    whatever `before` says: PostgreSQL cuts no further, and SQLite raises DatabaseError. Safe to run twice.
    """
    if connection.vendor == "postgresql":
        return _cut_by_owner(before)
    with transaction.atomic():
        kept = AccessEntry.objects.filter(at__gte=before).order_by("number").values_list("number", flat=True).first()
        old = AccessEntry.objects.all() if kept is None else AccessEntry.objects.filter(number__lt=kept)
        last, number = old.order_by("-number").first(), old.count()
        if last is None:
            return 0
        AccessCheckpoint.objects.create(up_to=last.number, digest=last.digest, entries=number, cut_at=now)
        AccessEntry.objects.filter(number__lte=last.number).delete()
        return number


def alarm(*, now: datetime) -> int:
    """Tell the data protection officers of each account that looked at unusually many people; returns how many mails.

    Once a day for each account; safe to run again. The limits count different people. Where there is no officer, the
    log of the worker says it.
    """
    volumes = access_reports.volumes(now=now)
    asked = [one.user_id for one in volumes if one.in_day >= MUCH_FOR_ANYBODY]
    usual = access_reports.usual_days(asked, now=now)
    many = [one for one in volumes if _is_much(one, usual.get(one.user_id))]
    if many and not access_reports.officers().exists():
        _say_untold(many)
    put = 0
    for volume in many:
        with transaction.atomic():
            for officer in access_reports.officers():
                put += outbox.put(_letter(volume, officer, now=now), about=None, now=now) is not None
    return put


def _is_much(volume: access_reports.Volume, usual: float | None) -> bool:
    """`usual` is how many people the account looks at on a usual day, or None where that is not known yet."""
    if volume.in_hour > USUAL_IN_AN_HOUR or volume.in_day > USUAL_IN_A_DAY:
        return True
    return usual is not None and volume.in_day >= max(MUCH_FOR_ANYBODY, TIMES_ONES_OWN * usual)


def _say_untold(many: Iterable[access_reports.Volume]) -> None:
    for one in many:
        logger.warning(
            "Account %s looked at unusually many people (%s in one hour, %s in one day), and there is no data "
            "protection officer to tell.",
            one.user_id,
            one.in_hour,
            one.in_day,
        )


def _letter(volume: access_reports.Volume, officer: User, *, now: datetime) -> Letter:
    day = localtime(now).date()
    says = {
        "counts": [["most in one hour", volume.in_hour], ["in one day", volume.in_day]],
        "admin_link": f"{settings.SITE_URL}/admin/registrations/accessentry/?account={volume.user_id}",
    }
    return Letter(MailKind.MANY_LOOKS, f"{volume.user_id}:{day.isoformat()}", user=officer, says=says)


def _append(entry: AccessEntry) -> AccessEntry:
    last = AccessEntry.objects.order_by("-number").values_list("number", "digest").first() or _checkpoint()
    entry.number = last[0] + 1
    entry.digest = _digest(entry, after=last[1])
    entry.save(force_insert=True)
    return entry


def _checkpoint() -> tuple[int, str]:
    return AccessCheckpoint.objects.order_by("-up_to").values_list("up_to", "digest").first() or (0, "")


def _digest(entry: AccessEntry, *, after: str) -> str:
    said = [
        after,
        entry.number,
        entry.at.astimezone(UTC).isoformat(),
        entry.user_id,
        str(entry.kind),
        entry.page,
        entry.call_id,
        entry.subjects,
        entry.purpose,
    ]
    return keyed_digest("look chain", json.dumps(said, separators=(",", ":")))


def _in_order() -> Iterator[AccessEntry]:
    return AccessEntry.objects.order_by("number").iterator(chunk_size=_CHUNK)


def _looked_up(pks: set[int]) -> dict[int, tuple[str, int]]:
    """Reference and call of those whose rows were not read."""
    found: dict[int, tuple[str, int]] = {}
    ids = sorted(pks)
    for start in range(0, len(ids), _CHUNK):
        rows = Registration.objects.filter(pk__in=ids[start : start + _CHUNK]).order_by()
        found |= {pk: (reference, call) for pk, reference, call in rows.values_list("pk", "reference", "call_id")}
    return found


def _cut_by_owner(before: datetime) -> int:
    """The role that runs the portal may delete nothing here; this function, which is its owner's, may."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT cut_access_log(%s)", [before])
        return int(cursor.fetchone()[0])
