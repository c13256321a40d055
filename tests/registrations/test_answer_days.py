"""Until when people are asked to answer: never within hours of the mail, unless the event itself is so near."""

from datetime import timedelta

import pytest

from registrations.enums import MailKind, Outcome, State
from registrations.mail import facts
from registrations.models import OutgoingMail, Registration, SelectionSettings
from registrations.services import selection, workflow
from tests.factories import NOW, CallFactory, RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def a_call(*, starts_in, telephone_hours=0, days=5):
    """A selective call whose event starts after so many hours."""
    session = (NOW + starts_in * HOUR, NOW + (starts_in + 2) * HOUR)
    call = CallFactory(selective=True, closed=True, confirm_within_days=days, event__sessions=[session])
    SelectionSettings.objects.create(call=call, telephone_hours=telephone_hours)
    return call


def hours_to_answer(call):
    answer_by = workflow.answer_by(facts.of_call(call), target=State.SELECTED, now=NOW)
    return (answer_by - NOW) / HOUR


@pytest.mark.parametrize("hours", [0, 1, 12, 13, 24, 48, 167, 168, 500, 527])
def test_with_days_to_spare_the_days_of_the_call_hold(hours):
    assert hours_to_answer(a_call(starts_in=27 * 24, telephone_hours=hours)) == 5 * 24


@pytest.mark.parametrize(("hours", "left"), [(529, 119), (600, 48), (623, 25), (624, 24)])
def test_the_answer_is_due_before_one_begins_to_telephone(hours, left):
    assert hours_to_answer(a_call(starts_in=27 * 24, telephone_hours=hours)) == left


@pytest.mark.parametrize("hours", [625, 630, 647, 648, 649, 672, 720])
def test_where_one_telephones_within_a_day_or_already_the_days_of_the_call_hold(hours):
    assert hours_to_answer(a_call(starts_in=27 * 24, telephone_hours=hours)) == 5 * 24


@pytest.mark.parametrize("hours", [0, 12, 48, 720])
@pytest.mark.parametrize(("starts_in", "left"), [(100, 88), (37, 25), (36, 24), (30, 18), (14, 2), (12, 1), (0.5, 0.5)])
def test_only_the_event_itself_asks_for_less_than_a_day(starts_in, left, hours):
    if hours == 48 and starts_in == 100:
        left = 52
    assert hours_to_answer(a_call(starts_in=starts_in, telephone_hours=hours)) == left


def test_a_release_within_the_hours_of_the_telephone_leaves_the_days_that_its_mail_names():
    call = a_call(starts_in=27 * 24, telephone_hours=720)
    registration, organiser = RegistrationFactory(call=call, submitted=True), UserFactory()
    selection.stage(registrations=[registration], outcome=Outcome.SELECT, reason="Fits.", by=organiser, now=NOW)
    selection.release(call=call, by=organiser, now=NOW)
    assert Registration.objects.get().answer_by == NOW + timedelta(days=5)
    assert OutgoingMail.objects.get(kind=MailKind.SELECTED).facts["answer_by"] == "6 September, 14:00"
