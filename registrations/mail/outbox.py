"""Puts mails into the outbox and lets people act on them. No mail without a row, no row without its transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import OuterRef, Q, QuerySet

from accounts.models import User
from events.models import Call
from ranportal.shared.crypto import keyed_digest
from registrations import returned
from registrations.enums import MailKind, MailState, State
from registrations.mail import catalogue, facts, leases, restored, tasks
from registrations.models import MailGate, OutgoingMail, PrivateLink, Registration, Vouch
from registrations.states import MOVES, told_by

_P = OutgoingMail.Priority

PRIORITIES: Mapping[MailKind, OutgoingMail.Priority] = {
    MailKind.PROVE_ADDRESS: _P.AT_ONCE,
    MailKind.ADDRESS_CORRECTED: _P.AT_ONCE,
    MailKind.LINK_AGAIN: _P.AT_ONCE,
    MailKind.SAME_ADDRESS: _P.AT_ONCE,
    MailKind.RECEIVED: _P.AT_ONCE,
    MailKind.CONFIRMED: _P.AT_ONCE,
    MailKind.WAITING_LIST: _P.AT_ONCE,
    MailKind.GIVEN_UP: _P.AT_ONCE,
    MailKind.PROMOTED: _P.AT_ONCE,
    MailKind.JOIN_LINK_MISSING: _P.AT_ONCE,
    MailKind.UNSAFE_ALARM: _P.AT_ONCE,
    MailKind.VOUCH_ASKED: _P.AT_ONCE,
    MailKind.STAFF_RESET: _P.AT_ONCE,
    MailKind.STAFF_NOTICE: _P.AT_ONCE,
    MailKind.EVENT_REMINDER: _P.BULK,
    MailKind.OUTCOME_PUBLISHED: _P.BULK,
}

_NEWS = frozenset(move.mail for move in MOVES if move.mail)
_KNOWN = "The last mail that went out said the same already."

#: A statement of SQLite takes some thousands of values.
_AT_ONCE = 5000

#: What a person may still stop or send once more.
STOPPABLE = (MailState.QUEUED, MailState.HELD)
REPEATABLE = (MailState.REFUSED, MailState.UNRENDERABLE, MailState.CANCELLED, MailState.HELD, MailState.TOO_LATE)


class OutsideTransaction(Exception):
    """A mail was put outside the transaction of its cause: it could outlive a cause that never was."""


@dataclass(frozen=True)
class Letter:
    """One mail to be put: to a `user` of the staff, to the contact point of `vouch`, to the person of `registration`,
    or to the call's mailbox when none is named.

    `version` makes the key unique within registration and kind. `says` is added to the frozen facts.
    """

    kind: MailKind
    version: str
    registration: Registration | None = None
    says: Mapping[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None
    useless_after: datetime | None = None
    user: User | None = None
    vouch: Vouch | None = None

    def key(self, call: Call | None) -> str:
        """What the mail is about, once."""
        return f"{self._subject(call)}:{self.kind}:{self.version}"

    def _subject(self, call: Call | None) -> str:
        if self.user:
            return f"u{self.user.pk}"
        if self.vouch:
            return f"v{self.vouch.pk}"
        if self.registration:
            return f"r{self.registration.pk}"
        if call is None:
            raise ValueError("A mail about no call goes to a member of staff.")
        return f"c{call.pk}"


def put(letter: Letter, *, about: facts.CallFacts | None, now: datetime) -> OutgoingMail | None:
    """Insert one mail; None when a mail of this key is there already. Raises OutsideTransaction.

    `about` is None for a mail to staff that is about no call.
    """
    rows = put_many([letter], about=about, now=now)
    return rows[0] if rows else None


def put_many(letters: Sequence[Letter], *, about: facts.CallFacts | None, now: datetime) -> list[OutgoingMail]:
    """Insert the mails of one call, or of none, whose keys are new, and ring the doorbell after the commit.

    A bounded number of statements for each some thousands of letters. Raises OutsideTransaction outside a transaction.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction
    if not letters:
        return []
    call = about.call if about else None
    known = _known([letter.key(call) for letter in letters])
    fresh = [letter for letter in letters if letter.key(call) not in known]
    links = _newest_links([letter.registration for letter in fresh if letter.registration])
    common = facts.about_call(about) if about else {}
    rows = OutgoingMail.objects.bulk_create(
        [_row(letter, about=about, common=common, links=links, now=now) for letter in fresh], batch_size=500
    )
    if rows:
        transaction.on_commit(_ring, robust=True)
    return rows


def _ring() -> None:
    tasks.ring()


def _known(keys: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(keys), _AT_ONCE):
        rows = OutgoingMail.objects.filter(key__in=keys[start : start + _AT_ONCE])
        found.update(rows.values_list("key", flat=True))
    return found


def _newest_links(registrations: Sequence[Registration]) -> dict[int, int]:
    """The id of each person's newest link."""
    links: dict[int, int] = {}
    for start in range(0, len(registrations), _AT_ONCE):
        some = PrivateLink.objects.filter(registration__in=registrations[start : start + _AT_ONCE], revoked_at=None)
        links.update(some.order_by("version").values_list("registration_id", "pk"))
    return links


def _row(
    letter: Letter,
    *,
    about: facts.CallFacts | None,
    common: Mapping[str, Any],
    links: Mapping[int, int],
    now: datetime,
) -> OutgoingMail:
    call = about.call if about else None
    key = letter.key(call)
    own = facts.about_registration(letter.registration, about) if letter.registration and about else {}
    return OutgoingMail(
        key=key,
        kind=letter.kind,
        registration=letter.registration,
        call=call,
        user=letter.user,
        vouch=letter.vouch,
        link_id=links.get(letter.registration.pk) if letter.registration else None,
        priority=PRIORITIES.get(letter.kind, _P.NEWS),
        facts={**facts.DEFAULTS, **common, **own, **letter.says},
        template_version=catalogue.template_version(letter.kind),
        message_id=f"<{keyed_digest('message-id', key)[:40]}@{settings.MAIL_DOMAIN}>",
        date=now.replace(microsecond=0),
        due_at=letter.due_at or now,
        useless_after=letter.useless_after,
        created_at=now,
    )


def draft(letter: Letter, *, about: facts.CallFacts, now: datetime) -> OutgoingMail:
    """The mail as `put` would insert it, unsaved: to look at, never to send."""
    links = _newest_links([letter.registration] if letter.registration else [])
    return _row(letter, about=about, common=facts.about_call(about), links=links, now=now)


def cancel_unsent(
    *, registrations: Iterable[Registration], now: datetime, kinds: Iterable[MailKind] | None = None
) -> int:
    """Cancel what was not sent yet to these people (of all kinds, or of some), because its reason vanished.

    Of all kinds: also what was to ask the contact points whom they named.

    A worker that has prepared one loses its lease and does not hand it over; one that is on its way or was left behind
    is not repeated, by nobody. Returns how many were cancelled.
    """
    people = [registration.pk for registration in registrations]
    chunks = [people[start : start + _AT_ONCE] for start in range(0, len(people), _AT_ONCE)]
    return sum(_cancel_unsent_to(chunk, now=now, kinds=kinds) for chunk in chunks)


def carry(*, link: PrivateLink) -> None:
    """Let this link stand in every mail that carried another of its version, whenever that goes out, or once more.

    A worker that has prepared one loses its lease, and the mail waits for the next worker; one that is on its way at
    this moment arrives as it is.
    """
    OutgoingMail.objects.filter(registration=link.registration, link__version=link.version).update(link=link)
    OutgoingMail.objects.filter(link=link, state=MailState.LEASED).update(
        state=MailState.QUEUED, lease_token="", lease_until=None
    )


def cancel_question(*, vouch: Vouch, now: datetime) -> int:
    """Cancel the unsent question to a contact point, because it was taken back. Returns how many were cancelled."""
    return _cancel_unsent(OutgoingMail.objects.filter(vouch=vouch), now=now)


def _cancel_unsent_to(people: Sequence[int], *, now: datetime, kinds: Iterable[MailKind] | None) -> int:
    if kinds is not None:
        return _cancel_unsent(OutgoingMail.objects.filter(registration__in=people, kind__in=kinds), now=now)
    questions = OutgoingMail.objects.filter(vouch__in=Vouch.objects.filter(registration__in=people))
    about_them = OutgoingMail.objects.filter(registration__in=people)
    return _cancel_unsent(questions, now=now) + _cancel_unsent(about_them, now=now)


def _cancel_unsent(mails: QuerySet[OutgoingMail], *, now: datetime) -> int:
    mails.exclude(state=MailState.SENT).update(is_undone=True)
    is_waiting = Q(state__in=(*STOPPABLE, MailState.LEASED))
    is_left_behind = Q(state=MailState.HANDING_OVER, lease_until__lte=now)
    return mails.filter(is_waiting | is_left_behind).update(
        state=MailState.CANCELLED, lease_token="", lease_until=None, last_error=leases.UNDONE
    )


def spare_who_knows(*, registration: Registration, now: datetime) -> bool:
    """Cancel the newest unsent news of this person's state where the last that went out told the same.

    So who was decided about to and fro, while nothing left, hears nothing twice. What came back, or went to an earlier
    address, told nobody; and where other news may have gone out since, or may still arrive, nothing is spared. The row
    stays, since its cause does. Returns whether one was cancelled.
    """
    news = registration.mails.filter(kind__in=sorted(_NEWS)).order_by("-pk")
    fresh = news.filter(state=MailState.QUEUED, created_at=now).first()
    last = news.filter(state=MailState.SENT).annotate(is_back=returned.is_returned()).select_related("link").first()
    if fresh is None or last is None or last.is_back or not _tells_the_same(last, fresh, State(registration.state)):
        return False
    if last.link is not None and last.link.version != registration.version:
        return False
    if _may_tell_otherwise(news.exclude(pk__in=[last.pk, fresh.pk]), since=last):
        return False
    return bool(
        OutgoingMail.objects.filter(pk=fresh.pk).update(state=MailState.CANCELLED, is_undone=True, last_error=_KNOWN)
    )


def _may_tell_otherwise(news: QuerySet[OutgoingMail], *, since: OutgoingMail) -> bool:
    """Whether one of these mails is on its way, or was handed over after this one and not surely refused."""
    was_refused = Q(state=MailState.REFUSED, is_maybe_repeated=False)
    # The bytes are stored at the first hand-over, and stay where nobody knows what came of it.
    was_handed_over = Q(rendered__isnull=False) | Q(is_maybe_repeated=True)
    is_newer = Q(pk__gt=since.pk) & was_handed_over & ~was_refused
    return news.filter(Q(state=MailState.HANDING_OVER) | is_newer).exists()


def _tells_the_same(last: OutgoingMail, fresh: OutgoingMail, state: State) -> bool:
    if state not in told_by(MailKind(last.kind)):
        return False
    last_said, said = facts.said_in(last), facts.said_in(fresh)
    if last_said["must_answer"] != said["must_answer"]:
        return False
    return state != State.SELECTED or last_said["answer_by"] == said["answer_by"]


def cancel(*, mail: OutgoingMail, by: User) -> bool:
    """Stop one unsent mail, as its reader's organiser wishes. False when it is on its way, gone or always goes."""
    unsent = OutgoingMail.objects.filter(pk=mail.pk, state__in=STOPPABLE).exclude(kind__in=leases.GO_ALWAYS)
    return bool(unsent.update(state=MailState.CANCELLED, last_error=f"Cancelled by account {by.pk}."))


def may_retry(*, mail: OutgoingMail) -> bool:
    """Whether this mail may be sent once more."""
    return _repeatable().filter(pk=mail.pk).exists()


def _repeatable() -> QuerySet[OutgoingMail]:
    # The link of a STAFF_RESET is good for an hour from the row's date: who needs one asks for another.
    mails = OutgoingMail.objects.exclude(kind=MailKind.STAFF_RESET)
    return mails.filter(Q(state__in=REPEATABLE) | returned.may_go_again(), is_undone=False)


def retry(*, mail: OutgoingMail, now: datetime, by: User) -> bool:
    """Send a refused, cancelled or held mail, or one that came back, once more, with the same Message-ID.

    False in other states, and for a mail that tells of something that was undone.
    """
    with transaction.atomic():
        # Under its lock: whoever presses at the same moment finds it queued.
        stuck = _repeatable().filter(pk=mail.pk).select_for_update(of=("self",)).values_list("pk", flat=True)
        changed = OutgoingMail.objects.filter(pk__in=list(stuck)).update(
            state=MailState.QUEUED,
            due_at=now,
            attempts=0,
            tried_since=None,
            restored_at=None,
            useless_after=None,
            last_error=f"Repeated by account {by.pk}.",
        )
        transaction.on_commit(_ring, robust=True)
    return bool(changed)


def hold(*, mails: Iterable[OutgoingMail]) -> int:
    """Put unsent mails, but none that always goes, on hold until a person lets them go. Returns how many."""
    waiting = OutgoingMail.objects.filter(pk__in=[mail.pk for mail in mails], state=MailState.QUEUED)
    return waiting.exclude(kind__in=leases.GO_ALWAYS).update(state=MailState.HELD)


def release_restored(*, mails: Iterable[OutgoingMail] | None = None) -> int:
    """Let go what a restore put on hold (all, or of these mails), as it was: the same Message-ID, the same bytes.

    A mail whose time is over is noted as too late when its turn comes. Returns how many.
    """
    with transaction.atomic():
        waiting = restored.waiting()
        if mails is not None:
            waiting = waiting.filter(pk__in=[mail.pk for mail in mails])
        released = waiting.update(state=MailState.QUEUED, restored_at=None)
        transaction.on_commit(_ring, robust=True)
    return released


def sent_reminders(*, kind: MailKind, until: datetime) -> QuerySet[OutgoingMail]:
    """Mails of this kind sent by `until` about the present state of an outer query's registration, for Exists()."""
    return OutgoingMail.objects.filter(
        registration=OuterRef("pk"),
        kind=kind,
        state=MailState.SENT,
        created_at__gte=OuterRef("state_changed_at"),
        sent_at__lte=until,
    )


def pause(*, now: datetime, by: User | None = None, reason: str = "") -> MailGate:
    """Stop all outgoing mail; rows are still made and wait. `by` None means the command line."""
    return _set_gate(paused_at=now, paused_by=by, reason=reason)


def resume() -> MailGate:
    """Let mail go again, whatever had stopped it."""
    gate = _set_gate(paused_at=None, paused_by=None, closed_until=None, failures=0, reason="")
    _ring()
    return gate


def _set_gate(**values: Any) -> MailGate:
    gate, _ = MailGate.objects.update_or_create(pk=1, defaults=values)
    return gate
