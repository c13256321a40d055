"""Law 3: the relay refuses, hangs, cuts the line, is away or does not know us. Nothing is lost and few come twice."""

import random
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from django.test import Client

from accounts.enums import Role
from ranportal.shared import clock
from registrations.enums import MailState
from registrations.mail import delivery, relay
from registrations.models import MailGate, OutgoingMail
from tests.factories import UserFactory
from tests.faults import invariants, report
from tests.faults.mails import Count, count, open_call, put_mails, states, wait_until, wait_until_nothing_is_open
from tests.faults.scaling import SCALING
from tests.smtp_sink import Mishap, SmtpSink

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

DURING_OUTAGE = 20
REFUSED = "550 5.1.1 no such mailbox"
NO_SIGN_IN = "535 5.7.8 authentication failed"
RELAY_REFUSES = "The mail relay does not take our mail."
OUTBOX = "/admin/registrations/outgoingmail/"


@pytest.fixture
def sign_in(smtp_sink: SmtpSink, settings: Any) -> None:
    """The relay wants a name and a password, and is told them."""
    smtp_sink.behaviour.offers_auth = True
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "portal", "secret"


def test_whatever_the_relay_does_no_mail_is_lost(worker, smtp_sink, sign_in):
    mails = 500 if report.is_full() else 60
    organiser = UserFactory(role=Role.ORGANISER)
    call = open_call(organisers=[organiser])
    put_mails(mails, call=call)
    expected = befall(smtp_sink, mails)
    start = time.monotonic()
    worker(concurrency=2, has_beat=True, app="tests.faults.impatient")

    for number in range(1, expected["before the banner"] + 1):
        smtp_sink.wait_for_count(mails // 3 * number // expected["before the banner"], seconds=120)
        smtp_sink.behaviour.hangs_before_banner += 1
    wait_until_nothing_is_open(seconds=240)
    seconds = time.monotonic() - start
    smtp_sink.behaviour.hangs_before_banner = 0

    found = count(smtp_sink)
    most_repeats = expected["after the dot"] + expected["cut"]
    gone_in_vain = [smtp_sink.tried[address] for address in smtp_sink.behaviour.recipients]
    report.add(
        fault=f"SMTP, {mails} mails: 30 % 451, 5 % 550, 5 % hang ({smtp_sink.hung_before_banner} before the banner,"
        f" {expected['after the dot']} after the dot), {expected['cut']} cut after DATA, {expected['not kept']} of"
        " them not kept",
        goal=f"lost 0, repeats ≤ {most_repeats}, permanent ones tried once and shown to the organiser",
        reached=f"lost {found.lost}, repeats {found.repeats}, differing {found.differing}, {len(gone_in_vain)}"
        f" permanent ones tried {max(gone_in_vain)} time, {seconds:.0f} s ({SCALING})",
    )
    assert states() == {MailState.SENT: mails - len(gone_in_vain), MailState.REFUSED: len(gone_in_vain)}
    assert found == Count(lost=0, repeats=found.repeats, differing=0, unmarked=0, strange=0)
    assert found.repeats <= most_repeats
    assert set(gone_in_vain) == {1}
    check_the_organiser_sees(organiser, len(gone_in_vain))
    invariants.check(now=clock.now(), made=mails)


def test_a_relay_that_is_away_or_does_not_know_us_spends_no_attempts(senders, smtp_sink, sign_in):
    senders()
    spent = {}

    smtp_sink.go_down()
    put_mails(DURING_OUTAGE, name="away")
    spent["refused connections"] = attempts_after_two_failures()
    smtp_sink.open_port()
    wait_until_nothing_is_open(seconds=120)

    smtp_sink.behaviour.auth = NO_SIGN_IN
    smtp_sink.drop_sessions()
    put_mails(DURING_OUTAGE, name="unknown")
    spent["535"] = attempts_after_two_failures()
    staff = signed_in_as(UserFactory(administrator=True))
    wait_until(lambda: RELAY_REFUSES in staff.get("/admin/").content.decode(), seconds=60)
    smtp_sink.behaviour.auth = "235 2.7.0 fine"
    wait_until_nothing_is_open(seconds=120)

    found = count(smtp_sink)
    report.add(
        fault=f"SMTP: connections refused for a while, then 535, with {DURING_OUTAGE} mails waiting in each",
        goal="lost 0, no attempts spent, staff see it",
        reached=f"lost {found.lost}, repeats {found.repeats}, attempts spent {spent} ({SCALING})",
    )
    assert set(spent.values()) == {0}
    assert states() == {MailState.SENT: 2 * DURING_OUTAGE}
    assert found == Count(lost=0, repeats=0, differing=0, unmarked=0, strange=0)
    invariants.check(now=clock.now(), made=2 * DURING_OUTAGE)


def test_where_a_refused_sign_in_is_taken_for_a_busy_mailbox_each_mail_pays_for_it(smtp_sink, scaled, monkeypatch):
    """The control: without the gate, every mail spends an attempt on a relay that takes none."""
    monkeypatch.setattr(relay, "RelayClosed", relay.Postponed)
    smtp_sink.behaviour.greeting = "554 5.7.1 go away"
    put_mails(5)
    delivery.drain(clock=clock.now, seconds=5)
    assert set(attempts()) != {0}


def test_where_a_permanent_refusal_is_taken_for_a_passing_one_it_is_tried_again(smtp_sink, scaled, monkeypatch):
    """The control: the count of tries sees it."""
    monkeypatch.setattr(relay, "Rejected", relay.Postponed)
    put_mails(1)
    smtp_sink.behaviour.recipients["to0@example.org"] = REFUSED
    wait_until(lambda: drained() and smtp_sink.tried["to0@example.org"] > 1, seconds=30)


def test_where_silence_after_the_message_is_taken_for_yes_a_mail_is_lost(smtp_sink, scaled, monkeypatch):
    """The control: the comparison with what arrived sees it."""
    hand_over = relay.SmtpRelay.hand_over

    def hopeful(self: relay.SmtpRelay, envelope: relay.Envelope, **details: Any) -> None:
        with suppress(relay.Postponed):
            hand_over(self, envelope, **details)

    monkeypatch.setattr(relay.SmtpRelay, "hand_over", hopeful)
    put_mails(3)
    smtp_sink.behaviour.mishaps["to1@example.org"] = [Mishap.LOST_AFTER_DATA]
    wait_until(lambda: drained() and states() == {MailState.SENT: 3}, seconds=30)
    assert count(smtp_sink).lost == 1


def befall(sink: SmtpSink, mails: int) -> dict[str, int]:
    """Draw what befalls whom, always the same; returns how many hang and are cut."""
    numbers = list(range(mails))
    random.Random(3).shuffle(numbers)
    hang, cut = max(1, mails * 5 // 200), max(2, mails // 100)

    def some(count: int) -> Sequence[str]:
        return [f"to{numbers.pop()}@example.org" for _ in range(count)]

    plan = sink.behaviour.mishaps
    for address in some(mails * 5 // 100):
        sink.behaviour.recipients[address] = REFUSED
    for number, address in enumerate(some(mails * 30 // 100)):
        plan[address] = [Mishap.POSTPONED] * (1 + number % 2)
    for address in some(hang):
        plan[address] = [Mishap.HANGS_AFTER_DOT]
    for number, address in enumerate(some(cut)):
        plan[address] = [Mishap.LOST_AFTER_DATA if number % 2 else Mishap.CUT_AFTER_DATA]
    return {"after the dot": hang, "before the banner": hang, "cut": cut, "not kept": cut // 2}


def drained() -> bool:
    delivery.drain(clock=clock.now, seconds=5)
    return True


def attempts_after_two_failures() -> int:
    """How many attempts the waiting mails have spent when the relay has failed twice."""
    wait_until(lambda: MailGate.objects.filter(failures__gte=2).exists(), seconds=60)
    return sum(attempts())


def attempts() -> list[int]:
    return list(OutgoingMail.objects.exclude(state=MailState.SENT).order_by("pk").values_list("attempts", flat=True))


def check_the_organiser_sees(organiser: Any, refused: int) -> None:
    browser = signed_in_as(organiser)
    assert f"{refused} mails did not go out." in browser.get("/admin/").content.decode()
    page = browser.get(OUTBOX, {"state__exact": MailState.REFUSED}).content.decode()
    assert page.count("Refused for good (550).") == refused


def signed_in_as(user: Any) -> Client:
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser
