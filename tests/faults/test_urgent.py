"""Law 3: what a person waits for goes before what can wait, however much of that there is."""

from collections.abc import Sequence
from statistics import quantiles

import pytest

from ranportal.shared import clock
from registrations.enums import MailKind
from registrations.mail import delivery
from registrations.models import OutgoingMail, Registration
from registrations.services import intake
from tests.factories import person
from tests.faults import invariants, report
from tests.faults.mails import id_of, open_call, put_mails, wait_until_nothing_is_open
from tests.faults.scaling import SCALING
from tests.smtp_sink import SmtpSink

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
GOAL_SECONDS = 60


def test_a_confirmation_does_not_wait_behind_the_bulk(senders, smtp_sink):
    bulk, confirmed = (5000, 40) if report.is_full() else (300, 10)
    put_mails(bulk, kind=MailKind.EVENT_REMINDER, name="bulk")
    people = register(confirmed)
    smtp_sink.behaviour.delay_seconds = 0.005
    senders()
    for number, registration in enumerate(people):
        smtp_sink.wait_for_count(confirmed + bulk // 2 * number // confirmed, seconds=120)
        intake.prove(registration=registration, version=1, now=clock.now())
    behind = bulk - sum(message.recipients[0].startswith("bulk") for message in smtp_sink.messages)
    wait_until_nothing_is_open(seconds=280)

    waits = seconds_to_the_sink(smtp_sink, MailKind.CONFIRMED)
    p95 = quantiles(waits, n=20, method="inclusive")[-1]
    report.add(
        fault=f"{confirmed} confirmation mails put while {bulk} bulk mails drain ({behind} left after the last)",
        goal=f"p95 ≤ {GOAL_SECONDS} s from row to relay",
        reached=f"p95 {p95:.1f} s, longest {max(waits):.1f} s; the bulk waited up to"
        f" {max(seconds_to_the_sink(smtp_sink, MailKind.EVENT_REMINDER)):.0f} s ({SCALING})",
    )
    assert len(waits) == confirmed
    assert behind > 0
    assert mails_of(smtp_sink)[-1] == MailKind.EVENT_REMINDER
    if report.is_full():
        assert p95 <= GOAL_SECONDS
    invariants.check(now=clock.now())


def test_without_the_order_a_confirmation_waits_behind_the_bulk(smtp_sink):
    """The control: the same mails with one urgency for all."""
    put_mails(60, kind=MailKind.EVENT_REMINDER, name="bulk")
    (registration,) = register(1)
    intake.prove(registration=registration, version=1, now=clock.now())
    OutgoingMail.objects.update(priority=OutgoingMail.Priority.BULK)
    delivery.drain(clock=clock.now, seconds=60)
    assert len(smtp_sink.messages) == 61
    assert mails_of(smtp_sink)[-1] == MailKind.CONFIRMED


def register(count: int) -> list[Registration]:
    """So many people whose forms are in."""
    call, now = open_call(), clock.now()
    forms = [person(number) for number in range(count)]
    sent = [intake.submit(call=call, person=form, answers={}, now=now, received_at=now) for form in forms]
    return [one.link.registration for one in sent if one.link is not None]


def mails_of(sink: SmtpSink) -> list[str]:
    """The kinds of the mails as they came."""
    kinds = dict(OutgoingMail.objects.order_by().values_list("message_id", "kind"))
    return [kinds[id_of(message)] for message in sink.messages]


def seconds_to_the_sink(sink: SmtpSink, kind: MailKind) -> Sequence[float]:
    """From the moment of each row to that of its message."""
    made = dict(OutgoingMail.objects.filter(kind=kind).order_by().values_list("message_id", "created_at"))
    return [
        message.at - made[message_id].timestamp() for message in sink.messages if (message_id := id_of(message)) in made
    ]
