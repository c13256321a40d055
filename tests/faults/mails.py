"""Many mails for the fault tests, and what became of them."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.parser import BytesHeaderParser
from typing import Any

from celery import current_app
from django.db import transaction

from events.models import Call
from ranportal.shared import clock
from registrations import links
from registrations.enums import Act, MailKind, MailState, State
from registrations.mail import facts, outbox
from registrations.mail.outbox import Letter
from registrations.models import Identity, OutgoingMail, PrivateLink, Registration, Transition
from tests.factories import CallFactory, EventFactory, RegistrationFactory
from tests.smtp_sink import Received, SmtpSink

OPEN = (MailState.QUEUED, MailState.LEASED, MailState.HANDING_OVER)


def put_mails(
    count: int, *, kind: MailKind = MailKind.PROVE_ADDRESS, call: Call | None = None, name: str = "to"
) -> list[OutgoingMail]:
    """So many mails in the outbox, each to another new person, with private links and codes; returns them.

    They go to ``<name><number>@example.org``, numbered from 0. Each person has sent the form, as its record says where
    that promises a mail of this kind.
    """
    now = clock.now()
    call = call or open_call()
    people = _people_of(call, [f"{name}{n}@example.org" for n in range(count)], now=now)
    if kind == MailKind.PROVE_ADDRESS:
        sent = {"act": Act.SEND, "target": State.UNPROVEN, "at": now, "channel": "portal"}
        Transition.objects.bulk_create(Transition(registration=person, **sent) for person in people)
    letters = [Letter(kind, "v1", person, says={"has_code": True}) for person in people]
    with transaction.atomic():
        return outbox.put_many(letters, about=facts.of_call(call), now=now)


def open_call(**traits: Any) -> Call:
    """A call that takes as many people as come, from yesterday until the week after next: no scan finds it due."""
    now = clock.now()
    starts_at = now + timedelta(days=30)
    event = EventFactory(published_at=now - timedelta(days=1), sessions=[(starts_at, starts_at + timedelta(hours=2))])
    opens_at, closes_at = now - timedelta(days=1), now + timedelta(days=9)
    return CallFactory(event=event, unlimited=True, opens_at=opens_at, closes_at=closes_at, **traits)


def _people_of(call: Call, addresses: Sequence[str], *, now: datetime) -> list[Registration]:
    batch = RegistrationFactory.build_batch(len(addresses), unproven=True, call=call, sent_at=now, state_changed_at=now)
    people = Registration.objects.bulk_create(batch)
    Identity.objects.bulk_create(
        Identity(registration=person, given_name="A", family_name="B", display_name="C", email=address)
        for person, address in zip(people, addresses, strict=True)
    )
    PrivateLink.objects.bulk_create(
        PrivateLink(registration=person, version=1, key_id=links.new_key_id(), created_at=now) for person in people
    )
    return people


@dataclass(frozen=True)
class Count:
    """What came of the mails of the outbox, as the sink saw it."""

    lost: int
    """Rows that say sent, or are open, of which no copy came."""
    repeats: int
    differing: int
    """Messages whose copies are not the same byte for byte."""
    unmarked: int
    """Messages that came twice and whose row does not say that they may have."""
    strange: int
    """Messages of which no row knows."""


def count(sink: SmtpSink) -> Count:
    """Compare the rows with what the sink received."""
    copies: dict[str, list[Received]] = defaultdict(list)
    for message in sink.messages:
        copies[id_of(message)].append(message)
    rows = {mail.message_id: mail for mail in OutgoingMail.objects.only("message_id", "state", "is_maybe_repeated")}
    expected = {message_id for message_id, mail in rows.items() if mail.state in (*OPEN, MailState.SENT)}
    repeated = {message_id: same for message_id, same in copies.items() if len(same) > 1}
    return Count(
        lost=len(expected - set(copies)),
        repeats=sum(len(same) - 1 for same in repeated.values()),
        differing=sum(len({message.data for message in same}) > 1 for same in repeated.values()),
        unmarked=sum(not rows[message_id].is_maybe_repeated for message_id in repeated if message_id in rows),
        strange=len(set(copies) - set(rows)),
    )


def id_of(message: Received) -> str:
    """The message's Message-ID."""
    return str(BytesHeaderParser().parsebytes(message.data)["Message-ID"])


def forget_everything() -> None:
    """The broker loses all that it holds."""
    with current_app.connection_for_write() as connection:
        connection.default_channel.client.flushall()


def wait_until(is_so: Callable[[], bool], *, seconds: float) -> None:
    """Ask five times a second until it is so; raises TimeoutError."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError(f"not so after {seconds} s; mails: {states()}")
        time.sleep(0.2)


def wait_until_nothing_is_open(*, seconds: float) -> None:
    """Until each row has its end; what a killed worker held has to wait for the end of its lease."""
    wait_until(lambda: not OutgoingMail.objects.filter(state__in=OPEN).exists(), seconds=seconds)


def states() -> dict[str, int]:
    """How many mails are in each state."""
    found: dict[str, int] = defaultdict(int)
    for state in OutgoingMail.objects.order_by().values_list("state", flat=True):
        found[state] += 1
    return dict(found)
