"""Claims rows of the outbox, hands them over, writes down what came of it. Only here do mails leave.

A short transaction claims (SKIP LOCKED, or SQLite's one writer); SMTP runs outside any transaction; `handing over` is
committed before the message goes; each write names the lease's token, so a late worker cannot overwrite a newer
attempt (law 3).
"""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parseaddr
from uuid import uuid4

import idna
from django.conf import settings
from django.core.validators import validate_email
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from registrations import links
from registrations.enums import MailState
from registrations.mail import catalogue
from registrations.mail.relay import Postponed, Rejected, Relay, RelayClosed, open_relay
from registrations.models import MailGate, OutgoingMail

LEASE = timedelta(seconds=60)
BATCH = 20
#: Minutes between attempts, the last one repeated.
RETRY_MINUTES = (1, 2, 5, 10, 20, 40, 60)
GIVE_UP_AFTER = timedelta(hours=72)
#: Seconds for which a refusing relay is left alone, doubling up to the last.
GATE_SECONDS = (30, 60, 120, 300)

_LEASED = (MailState.LEASED, MailState.HANDING_OVER)


class LeaseLost(Exception):
    """Another worker has the mail by now."""


def drain(*, clock: Callable[[], datetime], seconds: float) -> int:
    """Send what is due, the most urgent first, until nothing is due, the gate closes or `seconds` are over.

    Returns how many mails were sent. Any number of drainers may run at once.
    """
    until = clock() + timedelta(seconds=seconds)
    sent = 0
    is_known_to_work = False
    with open_relay() as relay:
        while clock() < until:
            mails = claim(now=clock())
            if not mails:
                break
            for mail in mails:
                if not is_gate_open(now=clock()):
                    _put_back(mails)
                    return sent
                try:
                    sent += hand_over(mail, relay=relay, clock=clock)
                except RelayClosed as closed:
                    _close_gate(reason=str(closed), now=clock())
                    _put_back(mails)
                    return sent
                if sent and not is_known_to_work:
                    is_known_to_work = True
                    MailGate.objects.filter(pk=1, failures__gt=0).update(failures=0, closed_until=None, reason="")
    return sent


def claim(*, now: datetime) -> list[OutgoingMail]:
    """Lease the next mails that are due, in one short transaction. Empty when the gate is closed."""
    token = uuid4().hex
    with transaction.atomic():
        if not is_gate_open(now=now):
            return []
        due = _due(now)
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True, of=("self",))
        mails = list(due.select_related("registration__identity", "call", "link")[:BATCH])
        uncertain = [mail.pk for mail in mails if mail.state == MailState.HANDING_OVER]
        OutgoingMail.objects.filter(pk__in=uncertain).update(is_maybe_repeated=True)
        OutgoingMail.objects.filter(pk__in=[mail.pk for mail in mails]).update(
            state=MailState.LEASED, lease_token=token, lease_until=now + LEASE
        )
    for mail in mails:
        mail.state, mail.lease_token = MailState.LEASED, token
    return mails


def hand_over(mail: OutgoingMail, *, relay: Relay, clock: Callable[[], datetime]) -> bool:
    """Send one leased mail and write down what came of it; True when it was sent. Raises RelayClosed."""
    now = clock()
    if mail.useless_after is not None and mail.useless_after <= now:
        return _finish(mail, state=MailState.TOO_LATE, last_error="Its time was over before it could be sent.")
    try:
        rendered = bytes(mail.rendered) if mail.rendered is not None else catalogue.render(mail)
        message = _fill_in(rendered, mail)
    except Exception as error:  # any fault of a template concerns this one mail, and must not stop the others
        return _finish(mail, state=MailState.UNRENDERABLE, last_error=f"{type(error).__name__} while rendering.")

    def commit_before_data() -> None:
        _mark_handing_over(mail, rendered=rendered, now=clock())

    try:
        relay.hand_over(
            name=f"{mail.date:%Y%m%dT%H%M%S}-{mail.pk:06}-{mail.kind}",
            sender=parseaddr(settings.MAIL_FROM)[1],
            recipient=_recipient(mail),
            message=message,
            before_data=commit_before_data,
        )
    except LeaseLost:
        return False
    except Rejected as refusal:
        return _finish(mail, state=MailState.REFUSED, attempts=mail.attempts + 1, last_error=str(refusal))
    except Postponed as refusal:
        return _try_later(mail, refusal, now=clock())
    _finish(mail, state=MailState.SENT, attempts=mail.attempts + 1, sent_at=clock(), last_error="")
    return True


def is_gate_open(*, now: datetime) -> bool:
    """Whether mail may leave at this moment."""
    gate = MailGate.objects.filter(pk=1).first()
    return gate is None or (gate.paused_at is None and (gate.closed_until is None or gate.closed_until <= now))


def _due(now: datetime) -> QuerySet[OutgoingMail]:
    is_waiting = Q(state=MailState.QUEUED, due_at__lte=now)
    is_left_behind = Q(state__in=_LEASED, lease_until__lte=now)
    return OutgoingMail.objects.filter(is_waiting | is_left_behind).order_by("priority", "due_at", "pk")


def _fill_in(rendered: bytes, mail: OutgoingMail) -> bytes:
    filled = rendered
    if mail.link is not None:
        code = links.code_of(mail.link)
        filled = filled.replace(catalogue.LINK_MARK.encode(), links.token_of(mail.link).encode())
        filled = filled.replace(catalogue.CODE_MARK.encode(), f"{code[:4]} {code[4:]}".encode())
    # Last: an address may look like one of the other marks.
    return filled.replace(catalogue.ADDRESS_MARK.encode(), _recipient(mail).encode("ascii"))


def _recipient(mail: OutgoingMail) -> str:
    address = mail.registration.identity.email if mail.registration else mail.call.reply_to
    # Whatever wrote the row: a line break in it would write headers.
    validate_email(address)
    local, _, domain = address.rpartition("@")
    return f"{local}@{idna.encode(domain, uts46=True).decode()}"


def _mark_handing_over(mail: OutgoingMail, *, rendered: bytes, now: datetime) -> None:
    ours = OutgoingMail.objects.filter(pk=mail.pk, state=MailState.LEASED, lease_token=mail.lease_token)
    if not ours.filter(lease_until__gt=now).update(
        state=MailState.HANDING_OVER, rendered=rendered, lease_until=now + LEASE
    ):
        raise LeaseLost


def _try_later(mail: OutgoingMail, refusal: Postponed, *, now: datetime) -> bool:
    tried_since = mail.tried_since or now
    if now - tried_since >= GIVE_UP_AFTER:
        return _finish(mail, state=MailState.REFUSED, attempts=mail.attempts + 1, last_error=f"Given up: {refusal}")
    if OutgoingMail.objects.filter(pk=mail.pk, is_undone=True).exists():
        return _finish(mail, state=MailState.CANCELLED, attempts=mail.attempts + 1, last_error=str(refusal))
    minutes = RETRY_MINUTES[min(mail.attempts, len(RETRY_MINUTES) - 1)]
    return _finish(
        mail,
        state=MailState.QUEUED,
        attempts=mail.attempts + 1,
        tried_since=tried_since,
        due_at=now + timedelta(minutes=minutes * random.uniform(0.8, 1.2)),  # noqa: S311 - spreads load, guards nothing
        is_maybe_repeated=mail.is_maybe_repeated or refusal.is_uncertain,
        last_error=str(refusal),
    )


def _finish(mail: OutgoingMail, **values: object) -> bool:
    ours = OutgoingMail.objects.filter(pk=mail.pk, state__in=_LEASED, lease_token=mail.lease_token)
    ours.update(lease_token="", lease_until=None, **values)
    return False


def _close_gate(*, reason: str, now: datetime) -> None:
    """Leave the relay alone for a while, longer each time."""
    with transaction.atomic():
        gate, _ = MailGate.objects.select_for_update().get_or_create(pk=1)
        seconds = GATE_SECONDS[min(gate.failures, len(GATE_SECONDS) - 1)]
        gate.closed_until, gate.failures, gate.reason = now + timedelta(seconds=seconds), gate.failures + 1, reason
        gate.save(update_fields=["closed_until", "failures", "reason"])


def _put_back(mails: list[OutgoingMail]) -> None:
    """Let go of those that were not handed over, as they were: no attempt is spent."""
    ours = OutgoingMail.objects.filter(pk__in=[mail.pk for mail in mails], lease_token=mails[0].lease_token)
    ours.filter(state__in=_LEASED).update(state=MailState.QUEUED, lease_token="", lease_until=None)
