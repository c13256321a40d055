"""Where a registration is written to: its private links, a corrected address, the link once more."""

from bisect import bisect_right
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, OuterRef, Prefetch, Subquery

from accounts.models import User
from events import times
from events.models import Session
from ranportal.shared.refusals import Refused
from registrations import links, policies, queries
from registrations.enums import Act, Channel, MailKind, MailState, State
from registrations.mail import facts, outbox
from registrations.mail.outbox import Letter
from registrations.models import OutgoingMail, PrivateLink, Registration
from registrations.people import address_index
from registrations.services import identities, workflow
from registrations.states import NOT_LIVE

#: No stranger fills a mailbox: of the mails that anybody can cause who types an address, so many go to it in so long.
MOST_MAILS = ((3, timedelta(hours=1)), (6, timedelta(days=1)))
STRANGERS_MAILS = (MailKind.PROVE_ADDRESS, MailKind.PROVE_REMINDER, MailKind.SAME_ADDRESS, MailKind.LINK_AGAIN)
#: A first mail waits at most so long for its turn.
LONGEST_WAIT = timedelta(days=1)


class AddressTaken(Refused):
    """Another registration of the call has this address."""


class IllegalCorrection(Refused):
    """The registration has ended or was erased: its address is nobody's business any more."""


class LinkStays(Refused):
    """The private link is not closed, since no new one could be sent now, or none would open anything."""


def make_link(registration: Registration, *, now: datetime) -> PrivateLink:
    """Insert the private link of the registration's present version."""
    return PrivateLink.objects.create(
        registration=registration, version=registration.version, key_id=links.new_key_id(), created_at=now
    )


def correct_address(*, registration: Registration, email: str, by: User, channel: str, now: datetime) -> Registration:
    """Correct a mistyped address: old links end, unsent mail is cancelled, the new address is to be proven.

    What was found out about who this is was found out with the old address. Raises AddressTaken, IllegalCorrection.
    """
    with transaction.atomic():
        call = workflow.locked(registration.call)
        registration = workflow.again(registration, call=call)
        if registration.state in NOT_LIVE or registration.state == State.DECLINED or registration.is_erased:
            raise IllegalCorrection(
                f"{registration.reference} has ended, so there is nothing to send to a new address."
            )
        index = address_index(email)
        others = [r for r in queries.live_with_address(call, address_index=index) if r.pk != registration.pk]
        if others:
            raise AddressTaken(f"This address is registered already, as {others[0].reference}.")
        outbox.cancel_unsent(registrations=[registration], now=now)
        registration.links.filter(revoked_at=None).update(revoked_at=now)
        registration.address_index, registration.proven_at = index, None
        registration.same_address_number = 0
        registration.version += 1
        registration.save(update_fields=["address_index", "proven_at", "same_address_number", "version"])
        identities.rewrite(registration=registration, said={"email": email}, now=now, by=by, channel=channel)
        make_link(registration, now=now)
        trace = workflow.record(registration=registration, act=Act.CORRECT_ADDRESS, now=now, by=by, channel=channel)
        kind = MailKind.PROVE_ADDRESS if registration.state == State.UNPROVEN else MailKind.ADDRESS_CORRECTED
        says = facts.about_proving(call, asked_at=now)
        outbox.put(Letter(kind, f"t{trace.pk}", registration, says=says), about=facts.of_call(call), now=now)
        return registration


def close_link(
    *, link: PrivateLink, now: datetime, by: User | None = None, channel: str = Channel.PORTAL
) -> PrivateLink | None:
    """End all private links of this link's registration and mail a new one, which is returned, to its proven address.

    Mails that wait carry the new one. None, and nothing changes, where this link has ended already. Raises LinkStays:
    also where MOST_MAILS leaves the person no room for the mail at this moment; an organiser's goes at once.
    """
    with transaction.atomic():
        call = workflow.locked(link.registration.call)
        registration = workflow.again(link.registration, call=call)
        standing = registration.links.filter(revoked_at=None)
        if not standing.filter(pk=link.pk).exists():
            return None
        _refuse_to_close(link, registration, now=now, is_own=by is None)
        standing.update(revoked_at=now)
        fresh = make_link(registration, now=now)
        outbox.carry(link=fresh)
        trace = workflow.record(registration=registration, act=Act.CLOSE_LINK, now=now, by=by, channel=channel)
        letter = Letter(MailKind.LINK_AGAIN, f"t{trace.pk}", registration, says={"is_new_link": True})
        outbox.put(letter, about=facts.of_call(call), now=now)
        return fresh


def _refuse_to_close(link: PrivateLink, registration: Registration, *, now: datetime, is_own: bool) -> None:
    if not policies.may_close_link(registration):
        raise LinkStays("The address is not confirmed yet, so there is nowhere to send a new link.")
    if now >= links.expires_at(link):
        raise LinkStays("The links of this registration have ended by themselves, 30 days after the event.")
    at = next_mail_at(address_index=registration.address_index, now=now) if is_own else now
    if at > now:
        call = registration.call
        raise LinkStays(
            "So many mails went to your address lately that no new link can be sent now, so nothing was changed: "
            f"your link still works. Please try again after {times.moment_words(at, call.event.zone)} "
            f"({times.zone_words(call.event.zone)}), or write to {call.reply_to}: an organiser can close it at once."
        )


def next_mail_at(*, address_index: str, now: datetime) -> datetime:
    """Return the first moment, now or later, at which one more mail that a stranger causes may go to this address.

    All calls count together; what was cancelled before it was handed over gives its turn back. Until the transaction
    ends, nobody else gets an answer for the same address.
    """
    _lock_address(address_index)
    longest = max(window for _, window in MOST_MAILS)
    rows = OutgoingMail.objects.filter(
        registration__address_index=address_index, kind__in=STRANGERS_MAILS, due_at__gt=now - longest
    ).exclude(state=MailState.CANCELLED, rendered=None, is_maybe_repeated=False)
    to_contacts = OutgoingMail.objects.filter(
        vouch__address_index=address_index, kind=MailKind.VOUCH_ASKED, due_at__gt=now - longest
    )
    taken = sorted([*rows.values_list("due_at", flat=True), *to_contacts.values_list("due_at", flat=True)])
    ends = [moment + window for moment in taken for _, window in MOST_MAILS]
    return next(at for at in [now, *sorted(ends)] if at >= now and _has_room(at, taken))


def _has_room(at: datetime, taken: list[datetime]) -> bool:
    moments = [*taken]
    place = bisect_right(moments, at)
    moments.insert(place, at)
    runs = [
        (moments[first + most] - moments[first], window)
        for most, window in MOST_MAILS
        for first in range(max(0, place - most), min(place, len(moments) - 1 - most) + 1)
    ]
    return all(length >= window for length, window in runs)


def _lock_address(address_index: str) -> None:
    """There may be no row to lock yet. SQLite has one writer at a time anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [address_index])


def send_link_again(*, email: str, now: datetime) -> None:
    """Mail each living private link of this address again, one transaction a call; at most one mail in ten minutes.

    Where MOST_MAILS leaves no room for all, those come first that were mailed longest ago: the rest at the next try.
    """
    recent = now - timedelta(days=400)
    sessions = Prefetch("call__event__sessions", queryset=Session.objects.all())
    index = address_index(email)
    mailed = OutgoingMail.objects.filter(registration=OuterRef("pk"), kind=MailKind.LINK_AGAIN).order_by("-created_at")
    found = (
        Registration.objects.filter(address_index=index, sent_at__gt=recent)
        .exclude(state__in=NOT_LIVE)
        .select_related("call__event")
        .prefetch_related(sessions)
        .annotate(mailed_at=Subquery(mailed.values("created_at")[:1]))
        .order_by(F("mailed_at").asc(nulls_first=True), "-pk")
    )
    for known in found:
        with transaction.atomic():
            # The call first, as everybody does: a second press finds the mail of the first, and nobody waits in a ring.
            workflow.locked(known.call)
            registration = found.filter(pk=known.pk).first()
            if registration is not None and next_mail_at(address_index=index, now=now) <= now:
                _mail_link(registration, now=now)


def _mail_link(registration: Registration, *, now: datetime) -> None:
    about = facts.of_call(registration.call)
    if now < about.ends_at + links.LIFE_AFTER_EVENT:
        version = f"{int(now.timestamp()) // 600}"
        outbox.put(Letter(MailKind.LINK_AGAIN, version, registration), about=about, now=now)
