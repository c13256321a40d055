"""A decision that is changed afterwards: the person hears what holds in the end, once."""

from datetime import timedelta

import pytest

from registrations.enums import Channel, Finding, MailKind, MailState, Outcome, State
from registrations.mail import leases, outbox
from registrations.models import Bounce, NotTold, OutgoingMail, Reconciliation, Registration, SelectionSettings
from registrations.services import addresses, intake, reconciling, selection
from tests.factories import NOW, CallFactory, DecisionFactory, RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db
OUT = (State.DECLINED, State.LAPSED, State.RESERVE)
IN = (State.SELECTED, State.CONFIRMED)
#: Each pair of a decision and the one that it is changed into.
PAIRS = [(one, other) for one in OUT for other in IN] + [(one, other) for one in IN for other in OUT]
MAILS = {
    State.DECLINED: MailKind.NOT_SELECTED,
    State.LAPSED: MailKind.PLACE_GIVEN_ON,
    State.RESERVE: MailKind.RESERVE,
    State.SELECTED: MailKind.PROMOTED,
    State.CONFIRMED: MailKind.PROMOTED,
}


@pytest.fixture
def organiser():
    return UserFactory()


def decided(state, other, organiser):
    """Somebody of a selective call who was released as, and then changed into, `state`; no mail has left."""
    asks = {"asks_to_confirm": True} if State.SELECTED in (state, other) else {}
    call = CallFactory(selective=True, closed=True, capacity=3, **asks)
    registration = RegistrationFactory(call=call, submitted=True)
    outcome = {State.DECLINED: Outcome.DECLINE, State.RESERVE: Outcome.RESERVE}.get(state, Outcome.SELECT)
    SelectionSettings.objects.create(call=call, promotes_by_itself=False)
    selection.stage(registrations=[registration], outcome=outcome, reason="Fits.", by=organiser, now=NOW)
    selection.release(call=call, by=organiser, now=NOW)
    return change(registration, state, organiser, minutes=1) if state == State.LAPSED else fresh(registration)


def fresh(registration):
    return Registration.objects.select_related("call").get(pk=registration.pk)


def change(registration, target, by, *, minutes, channel=Channel.TELEPHONE):
    now = NOW + timedelta(minutes=minutes)
    selection.reconsider(registration=registration, target=target, reason="why", by=by, channel=channel, now=now)
    return fresh(registration)


def send_all(registration):
    """What waits leaves; returns the kinds."""
    waiting = registration.mails.filter(state=MailState.QUEUED).order_by("pk")
    kinds = list(waiting.values_list("kind", flat=True))
    OutgoingMail.objects.filter(pk__in=[mail.pk for mail in waiting]).update(state=MailState.SENT, sent_at=NOW)
    return kinds


def check_that_everyone_was_told(*, replaced, told):
    reconciling.reconcile(now=NOW + timedelta(hours=2))
    found = Reconciliation.objects.get()
    assert (found.replaced, found.told, found.missing, found.doubled, found.stopped) == (replaced, told, 0, 0, 0)
    assert not NotTold.objects.exclude(finding=Finding.LATE).exists()


@pytest.mark.parametrize(("first", "then"), PAIRS)
def test_changed_before_anything_left_only_the_truth_is_heard(first, then, organiser):
    registration = decided(first, then, organiser)
    change(registration, then, organiser, minutes=5)
    assert send_all(registration) == [MAILS[then]]
    check_that_everyone_was_told(replaced=registration.mails.count() - 1, told=1)


@pytest.mark.parametrize(("first", "then"), PAIRS)
def test_changed_after_the_mail_left_exactly_one_correction_follows(first, then, organiser):
    registration = decided(first, then, organiser)
    assert len(send_all(registration)) == 1
    change(registration, then, organiser, minutes=5)
    assert send_all(registration) == [MAILS[then]]


@pytest.mark.parametrize(("first", "then"), PAIRS)
def test_changed_to_and_fro_before_anything_left_one_mail_tells_the_end(first, then, organiser):
    registration = decided(first, then, organiser)
    registration = change(registration, then, organiser, minutes=5)
    change(registration, first, organiser, minutes=6)
    assert send_all(registration) == [MAILS[first]]


@pytest.mark.parametrize(("first", "then"), [pair for pair in PAIRS if pair[0] != State.SELECTED])
def test_changed_to_and_fro_after_the_mail_left_nothing_more_is_sent(first, then, organiser):
    registration = decided(first, then, organiser)
    send_all(registration)
    before = registration.mails.count()
    registration = change(registration, then, organiser, minutes=5)
    change(registration, first, organiser, minutes=6)
    assert send_all(registration) == []
    assert registration.mails.count() == before + 2
    check_that_everyone_was_told(replaced=before + 1, told=1)


@pytest.mark.parametrize("then", OUT)
def test_who_is_asked_again_hears_the_new_day_to_answer_by(then, organiser):
    registration = decided(State.SELECTED, then, organiser)
    send_all(registration)
    registration = change(registration, then, organiser, minutes=5)
    change(registration, State.SELECTED, organiser, minutes=6)
    assert send_all(registration) == [MailKind.PROMOTED]


def test_what_left_in_between_is_corrected(organiser):
    registration = decided(State.DECLINED, State.CONFIRMED, organiser)
    send_all(registration)
    registration = change(registration, State.CONFIRMED, organiser, minutes=5)
    assert send_all(registration) == [MailKind.PROMOTED]
    change(registration, State.DECLINED, organiser, minutes=6)
    assert send_all(registration) == [MailKind.NOT_SELECTED]


def test_what_came_back_told_nobody(organiser):
    registration = decided(State.DECLINED, State.CONFIRMED, organiser)
    send_all(registration)
    Bounce.objects.create(mail=registration.mails.get(), digest="", is_permanent=True, status="5.1.1", at=NOW)
    registration = change(registration, State.CONFIRMED, organiser, minutes=5)
    change(registration, State.DECLINED, organiser, minutes=6)
    assert send_all(registration) == [MailKind.NOT_SELECTED]


def test_what_went_to_an_earlier_address_told_nobody(organiser):
    registration = decided(State.CONFIRMED, State.RESERVE, organiser)
    send_all(registration)
    corrected = addresses.correct_address(
        registration=registration, email="right@example.org", by=organiser, channel="telephone", now=NOW
    )
    intake.prove(registration=corrected, version=corrected.version, now=NOW)
    OutgoingMail.objects.filter(state=MailState.QUEUED).update(state=MailState.CANCELLED)
    registration = change(fresh(registration), State.RESERVE, organiser, minutes=5)
    change(registration, State.CONFIRMED, organiser, minutes=6)
    assert send_all(registration) == [MailKind.PROMOTED]


#: What may have become of a mail that was undone: whoever handed it over says so, was killed, or was never answered.
MAYBE_GONE = {
    "on its way": {"state": MailState.HANDING_OVER, "lease_until": NOW + timedelta(hours=1), "rendered": b"x"},
    "left behind": {"state": MailState.HANDING_OVER, "lease_until": NOW, "rendered": b"x"},
    "tried without an answer": {"state": MailState.QUEUED, "is_maybe_repeated": True, "rendered": b"x"},
    "perhaps sent before a restore": {"state": MailState.HELD, "is_maybe_repeated": True},
    "given up without an answer": {"state": MailState.REFUSED, "is_maybe_repeated": True, "rendered": b"x"},
}
SURELY_NOT_GONE = {
    "waiting": {},
    "leased": {"state": MailState.LEASED, "lease_until": NOW + timedelta(hours=1)},
    "refused": {"state": MailState.REFUSED, "rendered": b"x"},
}


def thought_better_of(organiser, **became):
    """Somebody who was told of a place, then refused one with a mail that became so, and has the place again."""
    registration = decided(State.CONFIRMED, State.DECLINED, organiser)
    send_all(registration)
    registration = change(registration, State.DECLINED, organiser, minutes=5)
    registration.mails.filter(kind=MailKind.NOT_SELECTED).update(**became)
    return change(registration, State.CONFIRMED, organiser, minutes=6)


@pytest.mark.parametrize("became", MAYBE_GONE.values(), ids=MAYBE_GONE)
def test_what_may_have_gone_out_in_between_is_corrected(became, organiser):
    registration = thought_better_of(organiser, **became)
    kinds = registration.mails.filter(state=MailState.QUEUED).exclude(kind=MailKind.NOT_SELECTED)
    assert [mail.kind for mail in kinds] == [MailKind.PROMOTED]


@pytest.mark.parametrize("became", SURELY_NOT_GONE.values(), ids=SURELY_NOT_GONE)
def test_what_surely_did_not_go_out_needs_no_correction(became, organiser):
    assert send_all(thought_better_of(organiser, **became)) == []


def test_what_a_worker_handed_over_before_it_died_is_corrected(organiser):
    registration = decided(State.CONFIRMED, State.DECLINED, organiser)
    send_all(registration)
    registration = change(registration, State.DECLINED, organiser, minutes=5)
    times = {"now": NOW + timedelta(minutes=5), "until": NOW + timedelta(minutes=6)}
    [mail] = leases.claim(limit=9, **times)
    leases.hand_over(mail, rendered=b"x", sent=None, **times)
    change(registration, State.CONFIRMED, organiser, minutes=7)
    mail.refresh_from_db()
    assert mail.state == MailState.CANCELLED
    assert send_all(registration) == [MailKind.PROMOTED]


def test_what_may_still_arrive_is_corrected_whatever_was_sent_since(organiser):
    registration = decided(State.DECLINED, State.CONFIRMED, organiser)
    registration.mails.update(**MAYBE_GONE["on its way"])
    registration = change(registration, State.CONFIRMED, organiser, minutes=5)
    assert send_all(registration) == [MailKind.PROMOTED]
    registration = change(registration, State.DECLINED, organiser, minutes=6)
    change(registration, State.CONFIRMED, organiser, minutes=7)
    assert send_all(registration) == [MailKind.PROMOTED]


@pytest.mark.parametrize(("became", "told", "replaced"), [("on its way", 3, 0), ("left behind", 2, 1)])
def test_the_daily_check_finds_the_correction_neither_missing_nor_twice(became, told, replaced, organiser):
    registration = thought_better_of(organiser, **MAYBE_GONE[became])
    assert send_all(registration) == [MailKind.PROMOTED]
    registration.mails.filter(state=MailState.HANDING_OVER).update(state=MailState.SENT, sent_at=NOW)
    check_that_everyone_was_told(replaced=replaced, told=told)


def test_so_near_to_the_event_a_place_is_given_only_to_whom_one_has_spoken_to(organiser):
    call = CallFactory(selective=True, closed=True)
    SelectionSettings.objects.create(call=call, telephone_hours=720)
    registration = RegistrationFactory(call=call, declined=True)
    DecisionFactory(registration=RegistrationFactory(call=call), released=True)
    with pytest.raises(selection.OnlyByTelephone):
        change(registration, State.CONFIRMED, organiser, minutes=1, channel=Channel.MAIL)
    assert change(registration, State.CONFIRMED, organiser, minutes=1).state == State.CONFIRMED


def test_without_looking_at_what_left_the_same_would_be_said_twice(organiser, monkeypatch):
    monkeypatch.setattr(outbox, "spare_who_knows", lambda **_: False)
    registration = decided(State.DECLINED, State.CONFIRMED, organiser)
    send_all(registration)
    registration = change(registration, State.CONFIRMED, organiser, minutes=5)
    change(registration, State.DECLINED, organiser, minutes=6)
    assert send_all(registration) == [MailKind.NOT_SELECTED]
