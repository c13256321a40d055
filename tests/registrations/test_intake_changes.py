"""Changing answers, correcting an address, registering by hand, asking for the link again."""

from datetime import timedelta

import pytest

from registrations import links
from registrations.enums import Act, Channel, MailKind, MailState, State
from registrations.models import Answer, OutgoingMail, PrivateLink, Registration
from registrations.people import address_index
from registrations.questions import GivenAnswer
from registrations.services import addresses, intake, notices, places, purging
from tests.factories import NOW, CallFactory, QuestionFactory, RegistrationFactory, UserFactory, person

pytestmark = pytest.mark.django_db
MOMENT = timedelta(microseconds=1)


def proven(call, number=1, answers=None):
    link = intake.submit(call=call, person=person(number), answers=answers or {}, now=NOW, received_at=NOW).link
    return intake.prove(registration=link.registration, version=link.version, now=NOW)


def change(registration, answers=None, now=NOW, **details):
    return intake.change_answers(
        registration=registration, person=person(1, **details), answers=answers or {}, now=now, received_at=now
    )


def mails(kind: MailKind):
    return OutgoingMail.objects.filter(kind=kind)


def test_answers_change_until_the_deadline_with_a_trace_and_a_mail():
    question = QuestionFactory()
    registration = proven(question.call, answers={question: GivenAnswer("one", "one")})
    last_moment = question.call.closes_at - MOMENT
    changed = change(registration, {question: GivenAnswer("two", "two")}, now=last_moment, country="EE")
    assert Answer.objects.get().value == "two"
    assert (changed.country, changed.state) == ("EE", State.CONFIRMED)
    assert registration.transitions.latest("pk").act == Act.CHANGE_ANSWERS
    assert mails(MailKind.ANSWERS_CHANGED).count() == 1
    with pytest.raises(intake.ChangesClosed):
        change(registration, now=question.call.closes_at)


def test_saving_the_same_answers_changes_nothing_and_mails_nobody():
    registration = proven(CallFactory())
    change(registration)
    assert not mails(MailKind.ANSWERS_CHANGED).exists()
    assert registration.transitions.count() == 2


def test_answers_to_questions_that_are_hidden_now_are_deleted():
    one, other = QuestionFactory.create_batch(2, call=CallFactory())
    registration = proven(one.call, answers={one: GivenAnswer("1", "1"), other: GivenAnswer("2", "2")})
    change(registration, {one: GivenAnswer("3", "3")})
    assert Answer.objects.get().question == one


def test_the_address_stays_whatever_a_form_says():
    registration = proven(CallFactory())
    change(registration, email="attacker@example.org", given_name="New")
    registration.refresh_from_db()
    assert registration.identity.email == "applicant1@example.org"
    assert registration.identity.given_name == "New"
    assert registration.address_index == address_index("applicant1@example.org")


def test_who_gave_up_has_nothing_to_change():
    registration = proven(CallFactory())
    places.withdraw(registration=registration, now=NOW)
    with pytest.raises(intake.ChangesClosed):
        change(registration)


def test_a_corrected_address_ends_the_old_links_and_unsent_mails_and_is_to_be_proven():
    registration, organiser = proven(CallFactory()), UserFactory()
    old = registration.links.get()
    token = links.token_of(old)

    addresses.correct_address(
        registration=registration, email="right@example.org", by=organiser, channel=Channel.TELEPHONE, now=NOW
    )

    registration = Registration.objects.get()
    assert (registration.state, registration.proven_at, registration.version) == (State.CONFIRMED, None, 2)
    assert registration.identity.email == "right@example.org"
    assert registration.address_index == address_index("right@example.org")
    with pytest.raises(links.LinkUnknown):
        links.find(token, now=NOW)
    assert not OutgoingMail.objects.filter(link=old, state=MailState.QUEUED).exists()
    mail = mails(MailKind.ADDRESS_CORRECTED).get()
    assert (mail.state, mail.link.version) == (MailState.QUEUED, 2)
    trace = registration.transitions.latest("pk")
    assert (trace.act, trace.by, trace.channel) == (Act.CORRECT_ADDRESS, organiser, Channel.TELEPHONE)

    proven_again = intake.prove(registration=registration, version=2, now=NOW + timedelta(hours=1))
    assert (proven_again.state, proven_again.proven_at) == (State.CONFIRMED, NOW + timedelta(hours=1))


def test_an_address_that_was_never_proven_is_corrected_with_the_first_mail_again():
    call = CallFactory()
    link = intake.submit(call=call, person=person(), answers={}, now=NOW, received_at=NOW).link
    registration = addresses.correct_address(
        registration=link.registration, email="right@example.org", by=UserFactory(), channel="telephone", now=NOW
    )
    with pytest.raises(intake.NewerForm):
        intake.prove(registration=registration, version=1, now=NOW)
    assert intake.prove(registration=registration, version=2, now=NOW).state == State.CONFIRMED


def test_an_address_that_is_corrected_after_the_deadline_can_be_proven_for_a_week():
    """Whose mail went nowhere for a typing mistake finds that out late."""
    call = CallFactory()
    link = intake.submit(call=call, person=person(), answers={}, now=NOW, received_at=NOW).link
    later = call.closes_at + timedelta(days=6)
    registration = addresses.correct_address(
        registration=link.registration, email="right@example.org", by=UserFactory(), channel="telephone", now=later
    )
    assert "21 September" in OutgoingMail.objects.latest("pk").facts["prove_by"]
    at_the_end = later + timedelta(days=7) - MOMENT
    purging.purge_expired(now=at_the_end)
    assert intake.prove(registration=registration, version=2, now=at_the_end).state == State.CONFIRMED


def test_the_address_of_somebody_else_is_refused():
    call = CallFactory()
    one, _ = proven(call, 1), proven(call, 2)
    with pytest.raises(addresses.AddressTaken, match=r"P-\w{5}"):
        addresses.correct_address(
            registration=one, email="Applicant2@Example.org", by=UserFactory(), channel="mail", now=NOW
        )


def test_an_organiser_registers_somebody_after_the_deadline_and_the_person_proves_it():
    call, organiser = CallFactory(closed=True), UserFactory()
    registration = intake.register_by_hand(
        call=call, person=person(), answers={}, by=organiser, channel=Channel.TELEPHONE, now=NOW
    )
    trace = registration.transitions.get()
    assert (registration.state, trace.by, trace.channel) == (State.UNPROVEN, organiser, Channel.TELEPHONE)
    mail = OutgoingMail.objects.get()
    assert (mail.kind, mail.facts["has_code"]) == (MailKind.PROVE_ADDRESS, False)
    assert intake.prove(registration=registration, version=1, now=NOW).state == State.CONFIRMED


def test_who_was_registered_long_after_the_deadline_has_a_week_to_prove_it_and_the_mail_says_so():
    call = CallFactory(closes_at=NOW - timedelta(days=9), opens_at=NOW - timedelta(days=20))
    registration = intake.register_by_hand(
        call=call, person=person(), answers={}, by=UserFactory(), channel="telephone", now=NOW
    )
    assert "8 September" in OutgoingMail.objects.get().facts["prove_by"]
    purging.purge_expired(now=NOW + timedelta(days=7) - MOMENT)
    proven_at = NOW + timedelta(days=7) - MOMENT
    assert intake.prove(registration=registration, version=1, now=proven_at).state == State.CONFIRMED

    late = intake.register_by_hand(
        call=call, person=person(2), answers={}, by=UserFactory(), channel="telephone", now=NOW
    )
    with pytest.raises(intake.ProvingOver):
        intake.prove(registration=late, version=1, now=NOW + timedelta(days=7))


def test_nobody_is_registered_twice_by_hand():
    call = CallFactory()
    proven(call)
    with pytest.raises(addresses.AddressTaken):
        intake.register_by_hand(call=call, person=person(), answers={}, by=UserFactory(), channel="mail", now=NOW)


def test_the_link_is_mailed_again_for_each_registration_of_the_address():
    for call in (CallFactory(), CallFactory(selective=True)):
        proven(call)
    proven(CallFactory(), 2)
    addresses.send_link_again(email=" APPLICANT1@example.org", now=NOW + timedelta(hours=1))
    assert {m.registration.identity.email for m in mails(MailKind.LINK_AGAIN)} == {"applicant1@example.org"}
    assert mails(MailKind.LINK_AGAIN).count() == 2


def test_pressing_again_within_ten_minutes_mails_nothing_more():
    proven(CallFactory())
    for minutes in (0, 5, 10):
        addresses.send_link_again(email="applicant1@example.org", now=NOW + timedelta(minutes=minutes))
    assert mails(MailKind.LINK_AGAIN).count() == 2


@pytest.mark.parametrize("email", ["nobody@example.org", "", "no-address"])
def test_a_stranger_s_address_gets_nothing(email):
    proven(CallFactory())
    addresses.send_link_again(email=email, now=NOW)
    assert not mails(MailKind.LINK_AGAIN).exists()


def test_links_that_have_ended_and_places_given_up_are_not_mailed_again():
    registration = proven(CallFactory())
    end = links.expires_at(registration.links.get())
    addresses.send_link_again(email="applicant1@example.org", now=end)
    assert not mails(MailKind.LINK_AGAIN).exists()
    places.withdraw(registration=registration, now=NOW)
    addresses.send_link_again(email="applicant1@example.org", now=NOW)
    assert not mails(MailKind.LINK_AGAIN).exists()


def test_who_is_not_proven_is_reminded_once_and_not_when_proven_since():
    call = CallFactory()
    link = intake.submit(call=call, person=person(), answers={}, now=NOW, received_at=NOW).link
    proven(call, 2)
    later = NOW + timedelta(hours=24)
    assert notices.remind_unproven(now=later) == 1
    assert notices.remind_unproven(now=later + timedelta(hours=5)) == 0
    assert mails(MailKind.PROVE_REMINDER).get().link == link


def test_each_version_has_a_link_of_its_own():
    registration = RegistrationFactory(unproven=True)
    addresses.correct_address(
        registration=registration, email="a@example.org", by=UserFactory(), channel="mail", now=NOW
    )
    assert list(PrivateLink.objects.order_by("version").values_list("version", "revoked_at")) == [(1, NOW), (2, None)]
