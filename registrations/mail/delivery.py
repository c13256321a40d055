"""Sends what is due: claims a batch, hands over mail by mail, writes down what came of each. Only here do mails leave.

SMTP runs outside any transaction; `handing over` is committed before the message goes, together with the result of
the mail before (law 3).
"""

import logging
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Case, Q, Value, When

from registrations.enums import MailState
from registrations.mail import addressees, addressing, leases, lines, shapes
from registrations.mail.relay import Envelope, Postponed, Rejected, Relay, RelayClosed, Stale
from registrations.models import MailGate, OutgoingMail

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
BATCH = 100
#: After so long the rest of a batch is put back: something more urgent may have come, and leases must not run out.
TURN = timedelta(seconds=10)
#: Minutes between attempts, the last one repeated.
RETRY_MINUTES = (1, 2, 5, 10, 20, 40, 60)
GIVE_UP_AFTER = timedelta(hours=72)
#: Seconds for which a refusing relay is left alone, doubling up to the last.
GATE_SECONDS = (30, 60, 120, 300)
#: A mail whose reader alone a relay refuses so stands back: longer than the gate is shut, so that the others go first.
STANDS_BACK = timedelta(minutes=10)
#: What commands say while no mail may leave.
STOPPED = "Outgoing mail is stopped at the moment: see the outbox in the admin, or resume_mail."


class LeaseLost(Exception):
    """Another worker has the mail by now, or it must not go any more."""


class GateShut(Exception):
    """No mail may leave at this moment."""


def drain(*, clock: Callable[[], datetime], seconds: float) -> int:
    """Send what is due, the most urgent first, until nothing is due, the gate closes or `seconds` are over.

    Returns how many mails were sent: none while others hold all connections that the relay allows. Any number of
    drainers may run at once.
    """
    until = clock() + timedelta(seconds=seconds)
    if not leases.due(now=clock()).exists():
        return 0
    sent = 0
    with lines.line(clock=clock, lease=LEASE) as line:
        while line is not None and clock() < until and line.renew(until=clock() + LEASE, now=clock()):
            mails = claim(now=clock())
            if not mails:
                break
            batch = Batch(mails, relay=line.relay, clock=clock)
            is_open = batch.send()
            if batch.sent:
                _note_taken(now=clock())
            if is_open and batch.sent and not sent:
                # The relay is known to work.
                MailGate.objects.filter(pk=1, failures__gt=0).update(failures=0, closed_until=None, reason="")
            sent += batch.sent
            if not is_open:
                break
    return sent


def claim(*, now: datetime) -> list[OutgoingMail]:
    """Lease the next mails that are due. Empty when the gate is closed."""
    return leases.claim(limit=BATCH, now=now, until=now + LEASE)


def is_gate_open(*, now: datetime) -> bool:
    """Whether mail may leave at this moment."""
    return not leases.shut_gate(now=now).exists()


@dataclass(frozen=True)
class _Message:
    """A mail's bytes: as they are stored, and in the envelope as they go out."""

    rendered: bytes
    envelope: Envelope


def _message_of(mail: OutgoingMail) -> _Message:
    rendered = bytes(mail.rendered) if mail.rendered is not None else shapes.render(mail)
    recipient = addressing.as_servers_read_it(addressees.address_of(mail))
    envelope = Envelope(
        name=f"{mail.date:%Y%m%dT%H%M%S}-{mail.pk:06}-{mail.kind}",
        sender=settings.ENVELOPE_FROM,
        recipient=recipient,
        message=addressing.filled_in(rendered, mail, recipient=recipient),
    )
    return _Message(rendered, envelope)


class Batch:
    """Mails of one claim on their way through one relay.

    That a mail is sent is written together with the next hand-over; so at any moment one mail of the batch at most is
    on its way or sent without a note of it.
    """

    def __init__(self, mails: Sequence[OutgoingMail], *, relay: Relay, clock: Callable[[], datetime]) -> None:
        self.sent = 0
        self._mails = deque(mails)
        self._relay = relay
        self._clock = clock
        self._unwritten: OutgoingMail | None = None
        self._ready: dict[int, _Message] = {}

    def send(self) -> bool:
        """Hand over mail by mail until the turn is over; False when the gate is shut. What did not go is put back."""
        turn_ends = self._clock() + TURN
        try:
            while self._mails and self._clock() < turn_ends:
                self.hand_over(self._mails[0])
                self._mails.popleft()
        except GateShut:
            return False
        except RelayClosed as closed:
            _close_gate(reason=str(closed), now=self._clock())
            return False
        finally:
            self.settle()
            leases.put_back(self._mails)
        return True

    def hand_over(self, mail: OutgoingMail) -> bool:
        """Send one leased mail; True when it was sent. Raises GateShut, and RelayClosed, which spends no attempt."""
        now = self._clock()
        if mail.useless_after is not None and mail.useless_after <= now:
            return self._ends(mail, state=MailState.TOO_LATE, last_error="Its time was over before it could be sent.")
        try:
            message = self._ready.pop(mail.pk, None) or _message_of(mail)
        except (SoftTimeLimitExceeded, DatabaseError):
            raise  # says nothing about the mail
        except Exception as error:  # any fault of a template concerns this one mail, and must not stop the others
            return self._ends(mail, state=MailState.UNRENDERABLE, last_error=f"{type(error).__name__} while rendering.")
        offer = partial(
            self._relay.hand_over,
            message.envelope,
            before_data=partial(self._begin, mail, rendered=message.rendered),
            meanwhile=self._look_ahead,
        )
        return self._sent(mail, offer)

    def _sent(self, mail: OutgoingMail, offer: Callable[[], None]) -> bool:
        try:
            try:
                offer()
            except Stale:
                # To connect again may take as long as the lease of the mail before.
                self.settle()
                offer()
        except LeaseLost:
            if not is_gate_open(now=self._clock()):
                raise GateShut from None
            return False
        except RelayClosed as closed:
            values = _stands_back(mail, self._clock()) if closed.is_for_reader else {}
            self._ends(mail, state=MailState.QUEUED, **values)
            raise
        except Rejected as refusal:
            return self._ends(mail, state=MailState.REFUSED, attempts=mail.attempts + 1, last_error=str(refusal))
        except Postponed as refusal:
            return self._ends(mail, **_try_later(mail, refusal, now=self._clock()))
        mail.sent_at = self._clock()
        self._unwritten = mail
        self.sent += 1
        return True

    def settle(self) -> None:
        """Write the result that waits for the next hand-over."""
        mail, self._unwritten = self._unwritten, None
        if mail is not None:
            values = {"attempts": mail.attempts + 1, "sent_at": mail.sent_at, "last_error": "", "rendered": None}
            leases.finish(mail, state=MailState.SENT, **values)

    def _look_ahead(self) -> None:
        """Make the next mail ready; what is wrong with it is found when its turn comes."""
        if len(self._mails) > 1:
            following = self._mails[1]
            try:
                self._ready[following.pk] = _message_of(following)
            except SoftTimeLimitExceeded:
                raise
            except Exception:  # noqa: S110 - tried again, and noted, in its own turn
                pass

    def _begin(self, mail: OutgoingMail, *, rendered: bytes) -> None:
        now = self._clock()
        may_go, is_written = leases.hand_over(mail, rendered=rendered, sent=self._unwritten, now=now, until=now + LEASE)
        if is_written:
            self._unwritten = None
        self.settle()
        if not may_go:
            raise LeaseLost

    def _ends(self, mail: OutgoingMail, **values: Any) -> bool:
        self.settle()
        leases.finish(mail, **values)
        return False


def _stands_back(mail: OutgoingMail, now: datetime) -> dict[str, Any]:
    return {"due_at": now + STANDS_BACK, "tried_since": mail.tried_since or now}


def _try_later(mail: OutgoingMail, refusal: Postponed, *, now: datetime) -> dict[str, Any]:
    """What to write about a mail that was not taken this time."""
    tried_since = mail.tried_since or now
    spent: dict[str, Any] = {"attempts": mail.attempts + 1}
    if refusal.is_uncertain:
        spent["is_maybe_repeated"] = True
    if now - tried_since >= GIVE_UP_AFTER:
        return {"state": MailState.REFUSED, "last_error": f"Given up: {refusal}", **spent}
    minutes = RETRY_MINUTES[min(mail.attempts, len(RETRY_MINUTES) - 1)]
    return {
        "state": Case(When(is_undone=True, then=Value(MailState.CANCELLED)), default=Value(MailState.QUEUED)),
        "tried_since": tried_since,
        "due_at": now + timedelta(minutes=minutes * random.uniform(0.8, 1.2)),  # noqa: S311 - spreads load, guards nothing
        "last_error": str(refusal),
        **spent,
    }


def _note_taken(*, now: datetime) -> None:
    """Note that the relay takes mail, once a minute."""
    is_old = Q(taken_at=None) | Q(taken_at__lte=now - timedelta(minutes=1))
    MailGate.objects.filter(is_old, pk=1).update(taken_at=now)


def _close_gate(*, reason: str, now: datetime) -> None:
    """Leave the relay alone for a while, longer each time."""
    with transaction.atomic():
        gate, _ = MailGate.objects.select_for_update().get_or_create(pk=1)
        seconds = GATE_SECONDS[min(gate.failures, len(GATE_SECONDS) - 1)]
        gate.closed_until, gate.failures, gate.reason = now + timedelta(seconds=seconds), gate.failures + 1, reason
        gate.save(update_fields=["closed_until", "failures", "reason"])
    logger.warning("%s All mail waits for %s s; no attempt is spent.", reason, seconds)
