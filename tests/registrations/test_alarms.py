"""Who feels unsafe asks to be called: all organisers of the call hear it at once, until one writes that they called."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from accounts.enums import Role
from registrations.enums import Act, MailKind, State
from registrations.mail import catalogue
from registrations.models import Alarm, OutgoingMail, Registration, Transition
from registrations.services import alarms, privacy
from tests.factories import NOW, CallFactory, RegistrationFactory, UserFactory
from tests.registrations.pages import follow, mine_url, text_of
from tests.registrations.people_story import signed_in

pytestmark = pytest.mark.django_db

NUMBER = "+371 20 000 000"


@pytest.fixture(autouse=True)
def at_now() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def organisers():
    return [UserFactory(role=Role.ORGANISER, email=f"organiser{n}@example.org") for n in (1, 2)]


@pytest.fixture
def registration(organisers):
    return RegistrationFactory(call=CallFactory(organisers=organisers))


def unsafe_url(registration) -> str:
    return f"{mine_url(registration)}call-me/"


def alarms_url(registration) -> str:
    return f"/admin/registrations/registration/{registration.pk}/alarms/"


def sound(registration, *, telephone=NUMBER, words="After 17:00", now=NOW) -> Alarm:
    return alarms.sound(registration=registration, telephone=telephone, words=words, now=now)


def handle(*, alarm, by, now) -> Alarm:
    return alarms.handle(alarm=alarm, shown=alarms.seen(alarm), by=by, now=now)


def mails_to(registration) -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(kind=MailKind.UNSAFE_ALARM, call=registration.call).order_by("pk"))


def test_the_mailbox_of_the_call_and_each_of_its_organisers_are_told_at_once(registration, organisers):
    UserFactory(role=Role.ORGANISER)
    sound(registration)

    mails = mails_to(registration)
    assert [mail.user for mail in mails] == [None, *organisers]
    assert {(mail.priority, mail.due_at) for mail in mails} == {(OutgoingMail.Priority.AT_ONCE, NOW)}


def test_whose_account_does_not_see_the_number_is_not_told_to_look(registration, organisers):
    registration.call.organisers.add(
        UserFactory(role=Role.PUBLISHER), UserFactory(role=Role.ORGANISER, is_active=False)
    )
    sound(registration)
    assert [mail.user for mail in mails_to(registration)] == [None, *organisers]


def test_what_they_are_told_names_the_reference_and_leads_to_the_number(registration, organisers):
    sound(registration)
    facts = mails_to(registration)[0].facts
    assert facts["reference"] == registration.reference
    assert facts["admin_link"].endswith(alarms_url(registration))
    assert NUMBER not in str(facts)
    assert "Bērziņš" not in str(facts)


def test_an_open_call_for_help_takes_a_new_number_and_stays_as_old_as_it_is(registration):
    sound(registration)
    sound(registration, telephone="+371 21 111 111", now=NOW + timedelta(minutes=5))

    alarm = Alarm.objects.get()
    assert (alarm.telephone, alarm.raised_at, alarm.handled_at) == ("+371 21 111 111", NOW, None)


@pytest.mark.parametrize("other", [{"telephone": "+371 21 111 111"}, {"words": "Now"}])
def test_another_number_or_other_words_are_told_again_to_all(registration, other):
    sound(registration)
    for minutes in (5, 6):
        sound(registration, now=NOW + timedelta(minutes=minutes), **other)
    mails = mails_to(registration)
    assert [mail.facts["change"] for mail in mails] == [""] * 3 + ["number"] * 3
    assert "another number or other words" in catalogue.preview(mails[-1]).text
    assert "another number or other words" not in catalogue.preview(mails[0]).text


def test_the_same_number_again_is_told_to_nobody(registration):
    for minutes in (0, 5):
        sound(registration, now=NOW + timedelta(minutes=minutes))
    assert len(mails_to(registration)) == 3


def test_after_somebody_called_another_is_new(registration, organisers):
    handle(alarm=sound(registration), by=organisers[0], now=NOW)
    sound(registration, now=NOW + timedelta(hours=1))
    assert [alarm.number for alarm in registration.alarms.all()] == [2, 1]
    assert len(mails_to(registration)) == 6


def test_who_called_first_stays_and_leaves_a_trace(registration, organisers):
    alarm = sound(registration)
    handle(alarm=alarm, by=organisers[1], now=NOW + timedelta(minutes=3))
    again = handle(alarm=alarm, by=organisers[0], now=NOW + timedelta(minutes=9))

    assert (again.handled_by, again.handled_at) == (organisers[1], NOW + timedelta(minutes=3))
    traces = Transition.objects.filter(registration=registration, act__in=[Act.UNSAFE, Act.CALLED_BACK])
    assert list(traces.order_by("pk").values_list("act", "by")) == [
        (Act.UNSAFE, None),
        (Act.CALLED_BACK, organisers[1].pk),
    ]


def test_nothing_is_left_of_a_call_for_help_whose_mails_could_not_be_written(registration, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(alarms.outbox, "put_many", broken)
    with pytest.raises(RuntimeError):
        sound(registration)
    assert not Alarm.objects.exists()
    assert not Transition.objects.filter(act=Act.UNSAFE).exists()


@pytest.mark.parametrize(("minutes", "made"), [(29, 0), (30, 3)])
def test_after_half_an_hour_without_a_call_the_organisers_are_told_again_once(registration, minutes, made):
    sound(registration)
    assert alarms.remind(now=NOW + timedelta(minutes=minutes)) == made
    assert alarms.remind(now=NOW + timedelta(minutes=minutes + 1)) == (3 if minutes == 29 else 0)


def test_nobody_is_reminded_of_a_call_that_was_answered(registration, organisers):
    handle(alarm=sound(registration), by=organisers[0], now=NOW)
    assert alarms.remind(now=NOW + timedelta(hours=2)) == 0


# On the private page


@pytest.mark.parametrize("state", [State.UNPROVEN, State.DECLINED, State.WITHDRAWN, State.ATTENDED])
def test_the_page_is_there_in_any_state_and_names_112_first(client: Client, state):
    registration = RegistrationFactory(state=state, proven_at=None if state == State.UNPROVEN else NOW)
    follow(client, registration)
    page = text_of(client.get(unsafe_url(registration)))
    assert page.index("112") < page.index("Your telephone number")
    left_in_the_history = re.search(r"<title>(.*?)</title>", page)[1] + unsafe_url(registration)
    assert "unsafe" not in left_in_the_history.casefold()
    assert unsafe_url(registration) in text_of(client.get(mine_url(registration)))


def test_the_person_sees_that_it_was_received_and_then_that_somebody_called(client: Client, registration, organisers):
    follow(client, registration)
    response = client.post(unsafe_url(registration), {"telephone": NUMBER, "words": ""})
    assert (response.status_code, response["Location"]) == (303, unsafe_url(registration))

    page = text_of(client.get(unsafe_url(registration)))
    assert "We have your message" in page
    assert NUMBER in page
    handle(alarm=Alarm.objects.get(), by=organisers[0], now=NOW)
    assert "Somebody called you" in text_of(client.get(unsafe_url(registration)))


@pytest.mark.parametrize("telephone", ["", "soon", "12"])
def test_a_number_that_nobody_can_dial_is_asked_for_again(client: Client, registration, telephone):
    follow(client, registration)
    response = client.post(unsafe_url(registration), {"telephone": telephone})
    assert response.status_code == 422
    assert "Enter the number at which we can call you." in text_of(response)
    assert not Alarm.objects.exists()


def test_reading_the_page_calls_nobody_and_strangers_do_not_reach_it(client: Client, registration):
    assert client.post(unsafe_url(registration), {"telephone": NUMBER}).status_code == 404
    follow(client, registration)
    client.get(unsafe_url(registration))
    assert not Alarm.objects.exists()


def test_one_click_leads_out_of_the_event(client: Client, registration):
    follow(client, registration)
    page = text_of(client.get(unsafe_url(registration)))
    assert 'name="action" value="withdraw"' in page
    client.post(mine_url(registration), {"action": "withdraw"})
    assert 'value="withdraw"' not in text_of(client.get(unsafe_url(registration)))


# For organisers


@pytest.mark.parametrize("page", ["/admin/", "/admin/events/event/", "/admin/registrations/registration/calls/"])
def test_each_page_of_the_organisers_says_it_until_one_has_called(registration, organisers, page):
    browser, words = signed_in(organisers[0]), "feels unsafe and asks to be called"
    alarm = sound(registration)
    assert words in text_of(browser.get(page))
    handle(alarm=alarm, by=organisers[1], now=NOW)
    cache.clear()
    assert words not in text_of(browser.get(page))


def test_organisers_of_other_calls_hear_and_see_nothing(registration):
    sound(registration)
    other = signed_in(UserFactory(role=Role.ORGANISER))
    assert "asks to be called" not in text_of(other.get("/admin/"))
    assert other.get(alarms_url(registration)).status_code == 404


@pytest.mark.parametrize(("proven_at", "is_warned"), [(None, True), (NOW, False)])
def test_who_calls_reads_whether_the_address_was_ever_confirmed(registration, organisers, proven_at, is_warned):
    sound(registration)
    Registration.objects.update(proven_at=proven_at)
    page = text_of(signed_in(organisers[0]).get(alarms_url(registration)))
    assert ("The address was never confirmed" in page) is is_warned
    assert "Check: Not looked at." in page


def test_who_erases_while_nobody_called_is_warned_and_the_organisers_read_that_somebody_asked(
    client: Client, registration, organisers
):
    sound(registration)
    follow(client, registration)
    assert "nobody has called yet" in text_of(client.get(f"{mine_url(registration)}erase/"))
    privacy.erase_registration(registration=registration, by=None, now=NOW)
    page = text_of(signed_in(organisers[0]).get(alarms_url(registration)))
    assert "to be called</strong>, and the number is deleted since. The person has erased everything" in page
    assert NUMBER not in page


def test_the_number_stands_on_the_page_of_the_organisers_and_a_button_says_who_called(registration, organisers):
    browser = signed_in(organisers[0])
    sound(registration)
    assert NUMBER in text_of(browser.get(alarms_url(registration)))
    assert Alarm.objects.get().handled_at is None

    page = pressed(browser, registration)
    assert organisers[0].name in page
    assert Alarm.objects.get().handled_by == organisers[0]


def pressed(browser, registration, *, page: str = "") -> str:
    """Press the button of the page with the number, or of one that was opened earlier."""
    page = page or text_of(browser.get(alarms_url(registration)))
    seen = re.search(r'name="seen" value="([^"]+)"', page)[1]
    return text_of(browser.post(alarms_url(registration), {"number": "1", "seen": seen}, follow=True))


def test_a_page_with_the_old_number_closes_nothing_and_shows_the_new(registration, organisers):
    sound(registration)
    browser = signed_in(organisers[0])
    opened = text_of(browser.get(alarms_url(registration)))
    sound(registration, telephone="+371 21 111 111")

    page = pressed(browser, registration, page=opened)

    assert "another number or other words" in page
    assert "+371 21 111 111" in page
    assert Alarm.objects.get().handled_at is None


@pytest.mark.parametrize("number", ["", "2", "one"])
def test_a_button_that_is_not_there_answers_nothing(registration, organisers, number):
    sound(registration)
    signed_in(organisers[0]).post(alarms_url(registration), {"number": number})
    assert Alarm.objects.get().handled_at is None


def test_the_number_is_sealed_in_the_database(registration):
    sound(registration)
    sealed = bytes(Alarm.objects.values_list("sealed", flat=True).get())
    assert b"20 000 000" not in sealed
    assert b"17:00" not in sealed
