"""Who may send which row of the outbox, and until when: short transactions, none of which waits for another's rows.

Each write names the lease's token, so a late worker cannot overwrite a newer attempt (law 3).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4
from weakref import WeakSet

from django.db import connection, transaction
from django.db.models import Exists, Q, QuerySet

from registrations.enums import MailKind, MailState
from registrations.mail import addressees
from registrations.models import MailGate, OutgoingMail

#: What warns of a stranger in an account, or calls for help: nobody stops or pauses it, whoever that is.
GO_ALWAYS = frozenset({MailKind.UNSAFE_ALARM, MailKind.STAFF_RESET, MailKind.STAFF_NOTICE, MailKind.MANY_LOOKS})

UNDONE = "What it told of was undone before it was sent."

_LEASED = (MailState.LEASED, MailState.HANDING_OVER)
#: What a drainer needs of a row, and of its private link; who it goes to comes with it.
_READ = (
    *("kind", "facts", "message_id", "date", "state", "useless_after", "attempts", "tried_since", "is_undone"),
    *("lease_token", "rendered", "link__version", "link__key_id"),
)

#: One result and the next hand-over, for one commit. Both rows or either may be somebody else's by now; a row that is
#: locked at this moment (who undoes a decision locks many) is passed over: waiting for one while holding the other
#: could wait for ever. Written by hand and prepared: each mail costs this one statement, and to build it with the query
#: builder or to plan it each time takes longer than to run it.
_HAND_OVER = """
    UPDATE registrations_outgoingmail SET
        state = CASE WHEN id = %(sent)s THEN 'sent' ELSE 'handing_over' END,
        sent_at = CASE WHEN id = %(sent)s THEN %(sent_at)s ELSE sent_at END,
        attempts = CASE WHEN id = %(sent)s THEN attempts + 1 ELSE attempts END,
        last_error = CASE WHEN id = %(sent)s THEN '' ELSE last_error END,
        lease_token = CASE WHEN id = %(sent)s THEN '' ELSE lease_token END,
        lease_until = CASE WHEN id = %(sent)s THEN NULL ELSE %(until)s END,
        rendered = CASE
            WHEN id = %(sent)s THEN NULL WHEN rendered IS NULL THEN %(rendered)s ELSE rendered
        END
    WHERE id IN (
        SELECT id FROM registrations_outgoingmail
        WHERE id IN (%(sent)s, %(next)s) AND lease_token = %(token)s AND CASE
            WHEN id = %(sent)s THEN state = 'handing_over'
            ELSE state IN ('leased', 'handing_over') AND NOT is_undone AND lease_until > %(now)s AND NOT EXISTS (
                SELECT 1 FROM registrations_mailgate
                WHERE closed_until > %(now)s OR paused_at IS NOT NULL AND kind NOT IN (%(always)s)
            )
        END %(locking)s
    )
    RETURNING id
"""
_ALWAYS = ", ".join(f"'{kind.value}'" for kind in sorted(GO_ALWAYS))
_TYPES = {
    "next": "bigint",
    "sent": "bigint",
    "token": "text",
    "rendered": "bytea",
    "now": "timestamptz",
    "until": "timestamptz",
    "sent_at": "timestamptz",
}
_PREPARE = f"PREPARE mail_hand_over ({', '.join(_TYPES.values())}) AS " + _HAND_OVER % {
    **{name: f"${number}" for number, name in enumerate(_TYPES, start=1)},
    "always": _ALWAYS,
    "locking": "FOR UPDATE SKIP LOCKED",
}
_PLAIN = _HAND_OVER % {**{name: f"%({name})s" for name in _TYPES}, "always": _ALWAYS, "locking": ""}
_EXECUTE = f"EXECUTE mail_hand_over ({', '.join(f'%({name})s' for name in _TYPES)})"
#: Connections to PostgreSQL that know the statement.
_prepared: WeakSet[Any] = WeakSet()


def due(*, now: datetime) -> QuerySet[OutgoingMail]:
    """What may leave at this moment and is in nobody's hands, the most urgent first.

    Nothing while the relay is left alone; only GO_ALWAYS while a person has paused all mail.
    """
    is_waiting = Q(state=MailState.QUEUED, due_at__lte=now)
    is_left_behind = Q(state__in=_LEASED, lease_until__lte=now)
    may_leave = ~Exists(shut_gate(now=now)) | Q(kind__in=GO_ALWAYS) & ~Exists(_tired_relay(now=now))
    open_mails = OutgoingMail.objects.filter(is_waiting | is_left_behind).filter(may_leave)
    return open_mails.order_by("priority", "due_at", "pk")


def shut_gate(*, now: datetime) -> QuerySet[MailGate]:
    """The gate, if it is shut for most mail at this moment."""
    return MailGate.objects.filter(Q(paused_at__isnull=False) | Q(closed_until__gt=now))


def _tired_relay(*, now: datetime) -> QuerySet[MailGate]:
    return MailGate.objects.filter(closed_until__gt=now)


def claim(*, limit: int, now: datetime, until: datetime) -> list[OutgoingMail]:
    """Lease the next mails that are due, each with its receiver, in one short transaction."""
    token = uuid4().hex
    with transaction.atomic():
        # The rows alone: joined with readers and links, all that waits may be joined, however few are asked for.
        ours = list(_unlocked(due(now=now)).values_list("pk", flat=True)[:limit])
        found = list(_these_in_full(ours)) if ours else []
        mails = [mail for mail in found if not mail.is_undone]
        undone = [mail for mail in found if mail.is_undone]
        if undone:
            _these(undone).update(state=MailState.CANCELLED, lease_token="", lease_until=None, last_error=UNDONE)
        uncertain = [mail for mail in mails if mail.state == MailState.HANDING_OVER]
        if uncertain:
            _these(uncertain).update(is_maybe_repeated=True)
        if mails:
            _these(mails).update(state=MailState.LEASED, lease_token=token, lease_until=until)
    for mail in mails:
        mail.state, mail.lease_token = MailState.LEASED, token
    return mails


def hand_over(
    mail: OutgoingMail, *, rendered: bytes, sent: OutgoingMail | None, now: datetime, until: datetime
) -> tuple[bool, bool]:
    """Write in one commit that `sent` is sent and that `mail` goes now, with the bytes of its first rendering.

    Both are of one claim. Returns whether `mail` may go (its lease holds, the gate is open, nothing was undone), and
    whether `sent` is written.
    """
    moment = connection.ops.adapt_datetimefield_value
    values = {
        "next": mail.pk,
        "sent": None if sent is None else sent.pk,
        "sent_at": None if sent is None else moment(sent.sent_at),
        "rendered": None if mail.rendered else rendered,
        "token": mail.lease_token,
        "now": moment(now),
        "until": moment(until),
    }
    with connection.cursor() as cursor:
        cursor.execute(_statement(cursor), values)
        written = {pk for (pk,) in cursor.fetchall()}
    return mail.pk in written, sent is None or sent.pk in written


def _statement(cursor: Any) -> str:
    if connection.vendor != "postgresql":
        return _PLAIN
    if connection.connection not in _prepared:
        cursor.execute(_PREPARE)
        _prepared.add(connection.connection)
    return _EXECUTE


def finish(mail: OutgoingMail, **values: Any) -> None:
    """Write what came of a mail, unless it is in other hands by now."""
    ours = OutgoingMail.objects.filter(pk=mail.pk, state__in=_LEASED, lease_token=mail.lease_token)
    ours.update(lease_token="", lease_until=None, **values)


def put_back(mails: Sequence[OutgoingMail]) -> None:
    """Let go of those that are leased still, as they were: no attempt is spent."""
    if not mails:
        return
    ours = _these(mails).filter(lease_token=mails[0].lease_token)
    with transaction.atomic():
        held = list(_unlocked(ours.filter(state=MailState.LEASED)).values_list("pk", flat=True))
        ours.filter(pk__in=held).update(state=MailState.QUEUED, lease_token="", lease_until=None)


def _these_in_full(ids: Sequence[int]) -> QuerySet[OutgoingMail]:
    return addressees.with_addressees(OutgoingMail.objects.filter(pk__in=ids), *_READ).order_by(
        "priority", "due_at", "pk"
    )


def _these(mails: Sequence[OutgoingMail]) -> QuerySet[OutgoingMail]:
    return OutgoingMail.objects.filter(pk__in=[mail.pk for mail in mails])


def _unlocked(mails: QuerySet[OutgoingMail]) -> QuerySet[OutgoingMail]:
    """These rows, locked by us, without those that others have locked; SQLite has one writer at a time."""
    can_skip = connection.features.has_select_for_update_skip_locked
    return mails.select_for_update(skip_locked=True, of=("self",)) if can_skip else mails
