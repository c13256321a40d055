"""Registering by hand, and the lists of who has not answered, who has not been told and who was there."""

import pytest

from registrations.enums import Channel, MailKind, MailState, State
from registrations.models import CallKey, OutgoingMail, Registration
from tests import sealed
from tests.factories import NOW, OutgoingMailFactory, RegistrationFactory
from tests.registrations.people_story import call_page, change_page, set_clock, signed_in, story

pytestmark = pytest.mark.django_db

PERSON = {
    "given_name": "Ilze",
    "family_name": "Ozola",
    "display_name": "Ilze",
    "email": "ilze@example.org",
    "country": "LV",
    "organisation": "Example school",
    "profession": "education",
    "privacy": "on",
    "channel": "telephone",
    "q-motivation": "Told by telephone",
}


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch)


def listed(told, page):
    response = signed_in(told.organiser).get(call_page(told.call, page))
    return list(response.context["registrations"])


def test_nobody_is_registered_by_hand_once_the_people_of_a_call_are_deleted():
    told = story()
    CallKey.objects.update(wrapped=b"", master_id="", destroyed_at=NOW)

    answer = signed_in(told.organiser).post(call_page(told.call, "register/"), PERSON)

    assert answer.status_code == 409
    assert "was deleted for good, and nothing can be added to it" in answer.content.decode()
    assert "Told by telephone" in answer.content.decode()


def test_someone_is_registered_by_hand_after_the_deadline():
    told = story()

    answer = signed_in(told.organiser).post(call_page(told.call, "register/"), PERSON)

    registration = sealed.of_address("ilze@example.org")
    trace = registration.transitions.get()
    assert answer.headers["Location"] == change_page(registration)
    assert (trace.by, trace.channel) == (told.organiser, Channel.TELEPHONE)
    assert registration.answers.get().text == "Told by telephone"
    assert OutgoingMail.objects.get().kind == MailKind.PROVE_ADDRESS


def test_what_is_missing_is_said_and_what_was_typed_is_kept():
    told = story()
    page = signed_in(told.organiser).post(call_page(told.call, "register/"), {**PERSON, "family_name": ""})
    text = page.content.decode()
    assert page.status_code == 422
    assert "Told by telephone" in text
    assert 'value="ilze@example.org"' in text


def test_an_address_that_is_registered_already_is_refused_in_words():
    told = story()
    page = signed_in(told.organiser).post(call_page(told.call, "register/"), {**PERSON, "email": "zoe@example.org"})
    assert page.status_code == 409
    assert "P-2AAAA" in page.content.decode()


def test_the_form_can_be_read_before_it_is_sent():
    told = story()
    page = signed_in(told.organiser).get(call_page(told.call, "register/"))
    assert "Register this person" in page.content.decode()
    assert "errornote" not in page.content.decode()


def test_who_was_asked_and_has_not_answered_is_listed():
    told = story()
    selected = RegistrationFactory(call=told.call, selected=True)
    RegistrationFactory(call=told.call, confirmed=True)
    RegistrationFactory(selected=True)
    assert listed(told, "not-answered/") == [selected]


@pytest.mark.parametrize("state", [MailState.QUEUED, MailState.REFUSED, MailState.UNRENDERABLE, MailState.CANCELLED])
def test_whose_newest_news_is_not_out_is_listed(state):
    told = story()
    OutgoingMailFactory(registration=told.applicant, kind=MailKind.PROVE_ADDRESS, sent=True)
    OutgoingMailFactory(registration=told.applicant, kind=MailKind.RECEIVED, state=state)
    assert listed(told, "not-told/") == [told.applicant]


def test_who_has_the_newest_news_is_not_listed():
    told = story()
    OutgoingMailFactory(registration=told.applicant, kind=MailKind.PROVE_ADDRESS, refused=True)
    OutgoingMailFactory(registration=told.applicant, kind=MailKind.RECEIVED, sent=True)
    OutgoingMailFactory(registration=told.applicant, kind=MailKind.EVENT_REMINDER)
    OutgoingMailFactory(kind=MailKind.CONFIRMED)
    assert listed(told, "not-told/") == []


def test_the_attendance_list_has_who_is_expected_by_name():
    told = story()
    second = RegistrationFactory(call=told.call, identity__family_name="Zariņš")
    first = RegistrationFactory(call=told.call, identity__family_name="Alksne")
    RegistrationFactory(call=told.call, withdrawn=True)

    page = signed_in(told.organiser).get(call_page(told.call, "attendance/"))

    assert [(registration, mark) for registration, mark in page.context["rows"]] == [(first, "open"), (second, "open")]


def test_attendance_is_saved_for_all_at_once_and_can_be_corrected():
    told = story()
    there, away, excused, unknown = (RegistrationFactory(call=told.call) for _ in range(4))
    client = signed_in(told.organiser)
    marks = {there: "attended", away: "absent", excused: "excused", unknown: "open"}

    client.post(call_page(told.call, "attendance/"), {f"mark-{r.pk}": mark for r, mark in marks.items()})
    client.post(
        call_page(told.call, "attendance/"), {f"mark-{away.pk}": "attended", f"mark-{told.applicant.pk}": "absent"}
    )

    states = dict(Registration.objects.values_list("pk", "state"))
    assert [states[r.pk] for r in marks] == [State.ATTENDED, State.ATTENDED, State.ABSENT, State.CONFIRMED]
    assert Registration.objects.get(pk=excused.pk).is_excused
    assert states[told.applicant.pk] == State.SUBMITTED


@pytest.mark.parametrize("name", ["not-answered/", "not-told/", "attendance/", "register/"])
@pytest.mark.parametrize("number", [1, 30])
def test_each_list_needs_at_most_twenty_queries(name, number, django_assert_max_num_queries):
    told = story(capacity=None)
    for _ in range(number):
        OutgoingMailFactory(registration=RegistrationFactory(call=told.call, selected=True), refused=True)
        RegistrationFactory(call=told.call, confirmed=True)
    client = signed_in(told.organiser)
    with django_assert_max_num_queries(20):
        client.get(call_page(told.call, name))


@pytest.mark.parametrize("number", [1, 30])
def test_the_choice_of_calls_needs_at_most_twenty_queries(number, django_assert_max_num_queries):
    told = story()
    for other in range(number - 1):
        story(reference=f"P-{other:05}").call.organisers.add(told.organiser)
    client = signed_in(told.organiser)
    with django_assert_max_num_queries(20):
        page = client.get("/admin/registrations/registration/calls/")
    assert len(page.context["rows"]) == number
