"""Where a registration is written to: its private links, a corrected address, the link once more."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Prefetch

from accounts.models import User
from events.models import Session
from ranportal.shared.refusals import Refused
from registrations import links, queries
from registrations.enums import Act, MailKind, State
from registrations.mail import facts, outbox
from registrations.mail.outbox import Letter
from registrations.models import PrivateLink, Registration
from registrations.people import address_index
from registrations.services import workflow
from registrations.states import NOT_LIVE


class AddressTaken(Refused):
    """Another registration of the call has this address."""


class IllegalCorrection(Refused):
    """The registration has ended or was erased: its address is nobody's business any more."""


def make_link(registration: Registration, *, now: datetime) -> PrivateLink:
    """Insert the private link of the registration's present version."""
    return PrivateLink.objects.create(
        registration=registration, version=registration.version, key_id=links.new_key_id(), created_at=now
    )


def correct_address(*, registration: Registration, email: str, by: User, channel: str, now: datetime) -> Registration:
    """Correct a mistyped address: old links end, unsent mail is cancelled, the new address is to be proven.

    Raises AddressTaken, IllegalCorrection.
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
        registration.identity.email = email
        registration.identity.save(update_fields=["email"])
        make_link(registration, now=now)
        trace = workflow.record(registration=registration, act=Act.CORRECT_ADDRESS, now=now, by=by, channel=channel)
        kind = MailKind.PROVE_ADDRESS if registration.state == State.UNPROVEN else MailKind.ADDRESS_CORRECTED
        says = facts.about_proving(call, asked_at=now)
        outbox.put(Letter(kind, f"t{trace.pk}", registration, says=says), about=facts.of_call(call), now=now)
        return registration


def send_link_again(*, email: str, now: datetime) -> None:
    """Mail each living private link of this address again, one transaction a call; at most one mail in ten minutes."""
    recent = now - timedelta(days=400)
    sessions = Prefetch("call__event__sessions", queryset=Session.objects.all())
    found = (
        Registration.objects.filter(address_index=address_index(email), sent_at__gt=recent)
        .exclude(state__in=NOT_LIVE)
        .select_related("call__event")
        .prefetch_related(sessions)
        .order_by("pk")
    )
    for known in found:
        with transaction.atomic():
            # The call first, as everybody does: a second press finds the mail of the first, and nobody waits in a ring.
            workflow.locked(known.call)
            registration = found.filter(pk=known.pk).first()
            if registration is not None:
                _mail_link(registration, now=now)


def _mail_link(registration: Registration, *, now: datetime) -> None:
    about = facts.of_call(registration.call)
    if now < about.ends_at + links.LIFE_AFTER_EVENT:
        version = f"{int(now.timestamp()) // 600}"
        outbox.put(Letter(MailKind.LINK_AGAIN, version, registration), about=about, now=now)
