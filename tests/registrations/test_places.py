"""Confirming, giving up, roles and attendance."""

from datetime import timedelta

import pytest

from registrations.enums import Act, Channel, MailKind, MailState, ParticipantRole, State
from registrations.models import OutgoingMail, Registration
from registrations.services import places, workflow
from tests.factories import NOW, CallFactory, OutgoingMailFactory, RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db


def states(*registrations):
    return [Registration.objects.get(pk=r.pk).state for r in registrations]


def kinds(**which):
    return sorted(OutgoingMail.objects.filter(**which).values_list("kind", flat=True))


def test_who_was_selected_confirms_once():
    registration = RegistrationFactory(selected=True)
    for _ in range(2):
        assert places.confirm(registration=registration, now=NOW).state == State.CONFIRMED
    assert registration.transitions.count() == 1
    assert kinds() == [MailKind.CONFIRMED]
    assert Registration.objects.get().call.places_taken == 1


def test_a_late_yes_is_better_than_none():
    registration = RegistrationFactory(selected=True)
    late = registration.answer_by + timedelta(days=1)
    assert places.confirm(registration=registration, now=late).state == State.CONFIRMED


@pytest.mark.parametrize("trait", ["unproven", "submitted", "on_list", "declined", "withdrawn"])
def test_there_is_nothing_to_confirm_for_who_was_offered_nothing(trait):
    with pytest.raises(places.NothingToAnswer):
        places.confirm(registration=RegistrationFactory(**{trait: True}), now=NOW)


def test_an_organiser_confirms_for_somebody_who_called():
    organiser = UserFactory()
    registration = places.confirm(
        registration=RegistrationFactory(selected=True), now=NOW, by=organiser, channel=Channel.TELEPHONE
    )
    trace = registration.transitions.get()
    assert (trace.by, trace.channel, trace.act) == (organiser, Channel.TELEPHONE, Act.CONFIRM)


def test_the_first_of_the_list_gets_the_place_that_was_given_up():
    call = CallFactory(capacity=1)
    holder = RegistrationFactory(call=call)
    second, first = (RegistrationFactory(call=call, on_list=True, list_position=n) for n in (7, 3))
    places.withdraw(registration=holder, now=NOW)
    assert states(holder, first, second) == [State.WITHDRAWN, State.CONFIRMED, State.RESERVE]
    assert kinds(registration=first) == [MailKind.PROMOTED]
    call.refresh_from_db()
    assert call.places_taken == 1


def test_giving_up_twice_is_giving_up_once():
    registration = RegistrationFactory()
    for _ in range(2):
        assert places.withdraw(registration=registration, now=NOW).state == State.WITHDRAWN
    assert registration.transitions.count() == 1
    assert kinds() == [MailKind.GIVEN_UP]


def test_giving_up_a_place_on_the_list_frees_none():
    call = CallFactory(capacity=1)
    RegistrationFactory(call=call)
    first, second = RegistrationFactory.create_batch(2, call=call, on_list=True)
    places.withdraw(registration=first, now=NOW)
    assert states(second) == [State.RESERVE]


def test_giving_up_cancels_what_was_not_sent_yet():
    registration = RegistrationFactory()
    unsent = OutgoingMailFactory(registration=registration)
    places.withdraw(registration=registration, now=NOW)
    unsent.refresh_from_db()
    assert unsent.state == MailState.CANCELLED
    assert kinds(state=MailState.QUEUED) == [MailKind.GIVEN_UP]


def test_who_never_proved_the_address_is_not_mailed_when_the_form_is_withdrawn():
    registration = RegistrationFactory(unproven=True)
    places.withdraw(registration=registration, now=NOW)
    assert kinds() == []


@pytest.mark.parametrize("state", [State.DECLINED, State.LAPSED, State.CANCELLED, State.ATTENDED, State.ABSENT])
def test_there_is_nothing_to_give_up(state):
    with pytest.raises(places.NothingToAnswer):
        places.withdraw(registration=RegistrationFactory(state=state), now=NOW)


def test_in_a_selective_call_nobody_moves_up_before_the_release():
    call = CallFactory(selective=True, capacity=1)
    waiting = RegistrationFactory(call=call, on_list=True)
    places.withdraw(registration=RegistrationFactory(call=call, submitted=True), now=NOW)
    assert states(waiting) == [State.RESERVE]


def test_whoever_becomes_a_speaker_frees_a_place_for_the_list():
    call = CallFactory(capacity=1)
    holder, waiting = RegistrationFactory(call=call), RegistrationFactory(call=call, on_list=True)
    places.change_role(registration=holder, role=ParticipantRole.SPEAKER, is_counted=False, by=UserFactory(), now=NOW)
    holder.refresh_from_db()
    assert (holder.role, holder.is_counted, holder.state) == (ParticipantRole.SPEAKER, False, State.CONFIRMED)
    assert states(waiting) == [State.CONFIRMED]
    assert holder.transitions.get().reason == "Now Speaker."


def test_a_speaker_becomes_a_participant_only_while_a_place_is_left():
    call = CallFactory(capacity=1)
    RegistrationFactory(call=call)
    speaker = RegistrationFactory(call=call, is_counted=False, role=ParticipantRole.SPEAKER)
    with pytest.raises(workflow.CallFull):
        places.change_role(
            registration=speaker, role=ParticipantRole.PARTICIPANT, is_counted=True, by=UserFactory(), now=NOW
        )
    speaker.refresh_from_db()
    assert (speaker.role, speaker.is_counted) == (ParticipantRole.SPEAKER, False)


def test_attendance_is_marked_and_corrected_both_ways_and_mails_nobody():
    call, organiser = CallFactory(), UserFactory()
    people = RegistrationFactory.create_batch(3, call=call)

    def mark(state, **details):
        return places.mark_attendance(registrations=people, state=state, by=organiser, now=NOW, **details)

    assert mark(State.ATTENDED) == 3
    assert mark(State.ABSENT, is_excused=True) == 3
    assert set(call.registrations.values_list("state", "is_excused")) == {(State.ABSENT, True)}
    mark(State.ATTENDED)
    assert set(call.registrations.values_list("state", "is_excused")) == {(State.ATTENDED, False)}
    mark(State.CONFIRMED)
    call.refresh_from_db()
    assert (states(*people), call.places_taken, kinds()) == ([State.CONFIRMED] * 3, 3, [])


def test_the_excuse_is_noted_for_somebody_who_is_marked_as_absent_already():
    registration = RegistrationFactory()
    for is_excused in (False, True):
        places.mark_attendance(
            registrations=[registration], state=State.ABSENT, is_excused=is_excused, by=UserFactory(), now=NOW
        )
    registration.refresh_from_db()
    assert registration.is_excused


def test_attendance_of_somebody_without_a_place_is_refused_and_nobody_is_marked():
    call = CallFactory()
    people = [RegistrationFactory(call=call), RegistrationFactory(call=call, on_list=True)]
    with pytest.raises(workflow.IllegalMove):
        places.mark_attendance(registrations=people, state=State.ABSENT, by=UserFactory(), now=NOW, is_excused=True)
    assert states(*people) == [State.CONFIRMED, State.RESERVE]
    assert not Registration.objects.filter(is_excused=True).exists()


def test_nobody_marked_is_nothing_done():
    assert places.mark_attendance(registrations=[], state=State.ABSENT, by=UserFactory(), now=NOW) == 0
