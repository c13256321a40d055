"""After a restore, what was unfinished waits for a person: it may have gone out after the backup was made.

A restore by `manage.py restore` holds it there and then. For one by other means (a disk's snapshot, a dump of the
database's own) a mark outside the database, in the private storage, tells what moment the database has seen: when the
database has not, it was turned back.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import Q, QuerySet

from ranportal.shared.keeping import database
from registrations.enums import MailState
from registrations.models import MailGate, OutgoingMail

logger = logging.getLogger(__name__)

#: The folder of the mark in the private storage; the mark is a file's name.
MARKS = "database-has-seen"
#: A mark is made so often, and tells of a restore when the database is older by more than this.
MARK_EVERY = timedelta(seconds=30)
TURNED_BACK = timedelta(minutes=2)

#: What a restore put on hold and nobody has let go.
IS_WAITING = Q(state=MailState.HELD, restored_at__isnull=False)

_UNFINISHED = (MailState.QUEUED, MailState.LEASED, MailState.HANDING_OVER)
_FORM = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Held:
    """How many mails a restore put on hold, and how many of them may have gone out before."""

    mails: int
    maybe_sent: int


def waiting() -> QuerySet[OutgoingMail]:
    """The mails that a restore put on hold and nobody has let go."""
    return OutgoingMail.objects.filter(IS_WAITING)


def hold_unfinished(*, now: datetime) -> Held:
    """Put all unfinished mail on hold; what was due or on its way is marked, since it may have arrived already."""
    with transaction.atomic():
        unfinished = OutgoingMail.objects.filter(state__in=_UNFINISHED)
        is_doubtful = Q(state=MailState.HANDING_OVER) | Q(due_at__lte=now)
        maybe_sent = unfinished.filter(is_doubtful).update(is_maybe_repeated=True)
        mails = unfinished.update(state=MailState.HELD, restored_at=now, lease_token="", lease_until=None)
        _see(now)
    return Held(mails=mails, maybe_sent=maybe_sent)


def hold_if_turned_back(*, now: datetime) -> int:
    """Hold all unfinished mail when the database has not seen what the mark says; returns how many.

    Never raises for a storage that does not answer: mail goes on without this net.
    """
    try:
        # Before the database is read, which has seen each mark by then.
        marks = _marks()
    except Exception:  # each kind of storage has faults of its own
        logger.warning("The private storage does not answer; whether the database was restored cannot be seen.")
        return 0
    last = max(marks.values(), default=None)
    seen = MailGate.objects.filter(pk=1).values_list("seen_at", flat=True).first()
    held = 0
    if last is not None and (seen is None or seen < last - TURNED_BACK):
        database.keeper().skip_numbers({})
        held = hold_unfinished(now=now).mails
        # Once for each restore, even where the mark is of a machine whose clock ran ahead.
        _see(last)
        logger.error("The database is older than its mark: it was restored. %s mails are on hold in the outbox.", held)
    if last is None or held or now - last >= MARK_EVERY:
        _make_mark(_see(now), former=marks)
    return held


@cache
def look_once(clock: Callable[[], datetime]) -> None:
    """The same, the first time that a process is about to send; the sweep looks again and again."""
    hold_if_turned_back(now=clock())


def _see(now: datetime) -> datetime:
    """Note in the database that it has seen this moment; returns the latest that it has seen, whosever clock ran."""
    with transaction.atomic():
        gate, _ = MailGate.objects.select_for_update().get_or_create(pk=1)
        gate.seen_at = max(filter(None, (now.replace(microsecond=0), gate.seen_at)))
        gate.save(update_fields=["seen_at"])
    return gate.seen_at


def _marks() -> dict[str, datetime]:
    """The moments of the marks, by their names."""
    try:
        _, names = storages["private"].listdir(MARKS)
    except FileNotFoundError:
        return {}
    moments = {name: _moment_of(name) for name in names}
    return {name: moment for name, moment in moments.items() if moment is not None}


def _moment_of(name: str) -> datetime | None:
    try:
        # Two machines that make one at the same second: the storage adds to the name of the second.
        return datetime.strptime(name.partition("_")[0], _FORM).replace(tzinfo=UTC)
    except ValueError:
        # Another's file in the folder is no mark.
        return None


def _make_mark(moment: datetime, *, former: dict[str, datetime]) -> None:
    storage = storages["private"]
    try:
        if moment not in former.values():
            storage.save(f"{MARKS}/{moment.strftime(_FORM)}", ContentFile(b"The database has seen this moment.\n"))
        for name, mark in former.items():
            if mark < moment:
                storage.delete(f"{MARKS}/{name}")
    except Exception:  # as above
        logger.warning("The mark of the database could not be written to the private storage.")
