"""Nobody hears of the private venue or the link to join before the check said "fine", whatever way it might take."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from accounts.enums import Role
from events.services import events
from registrations import policies
from registrations.enums import CheckResult, MailKind, State
from registrations.mail import catalogue
from registrations.models import OutgoingMail, Registration, ToldEvent
from registrations.services import intake, notices, places
from tests.factories import NOW, CallFactory, EventFactory, RegistrationFactory, UserFactory, person
from tests.registrations.pages import follow, mine_url, text_of
from tests.registrations.people_story import signed_in

pytestmark = pytest.mark.django_db

VENUE, JOIN_LINK = "Secret Street 7", "https://meet.example.org/secret-room"
STARTS_AT = NOW + timedelta(days=28, hours=-4)
OWN_PAGES = ("", "answers/", "practical/", "contact/", "call-me/", "data/", "extras/", "correct/", "erase/")


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def call():
    """A call that asks for a check, to an event with a private venue and a link to join."""
    event = EventFactory(format="hybrid", city="Vienna", country="AT", venue=VENUE, join_link=JOIN_LINK)
    return CallFactory(event=event, join_link_needs_check=True)


def registered(call) -> Registration:
    """Somebody who came by the form and has a confirmed place, and all that the portal wrote to them."""
    link = intake.submit(call=call, person=person(), answers={}, now=NOW, received_at=NOW).link
    return intake.prove(registration=link.registration, version=1, now=NOW)


def found_fine(registration) -> None:
    Registration.objects.filter(pk=registration.pk).update(
        check_result=CheckResult.FINE, checked_at=NOW, checked_by=UserFactory()
    )


def told_by_pages(client: Client, registration) -> set[str]:
    """The pages of the person, and the calendar, that tell of the venue or the link."""
    follow(client, registration)
    addresses = [*(f"{mine_url(registration)}{page}" for page in OWN_PAGES), "/registrations/mine/"]
    addresses += [f"{registration.call.event.get_absolute_url()}{page}" for page in ("", "event.ics", "register/")]
    addresses += ["/events/calendar.ics", f"/registrations/mine/{registration.reference}/data/?as=json"]
    found = set()
    for address in addresses:
        response = client.get(address)
        whole = b"".join(response.streaming_content) if response.streaming else response.content
        if VENUE.encode() in whole or JOIN_LINK.encode() in whole:
            found.add(address)
    return found


def told_by_mails() -> set[str]:
    return {
        mail.kind
        for mail in OutgoingMail.objects.all()
        if VENUE in catalogue.render(mail).decode() or JOIN_LINK in catalogue.render(mail).decode()
    }


def revise(event, *, starts_at=STARTS_AT, **fields) -> None:
    for name, value in fields.items():
        setattr(event, name, value)
    stretch = events.Stretch(starts_at, starts_at + timedelta(hours=1, minutes=30))
    events.revise(event=event, sessions=[stretch], by=UserFactory(), now=NOW)


@pytest.mark.parametrize("result", [CheckResult.NOT_LOOKED_AT, CheckResult.ASK_BACK, CheckResult.REFUSED])
def test_before_the_check_said_fine_no_page_tells_where_it_is_or_how_to_join(client: Client, call, result):
    registration = registered(call)
    Registration.objects.filter(pk=registration.pk).update(
        check_result=result, checked_at=NOW, checked_by=UserFactory()
    )
    assert told_by_pages(client, registration) == set()
    assert VENUE not in str(registration.mails.values_list("facts", flat=True))


def test_after_it_the_private_page_alone_does(client: Client, call):
    registration = registered(call)
    found_fine(registration)
    assert told_by_pages(client, registration) == {mine_url(registration)}


def test_without_the_rule_of_the_call_the_private_page_tells_it(client: Client, call):
    """The control: what keeps the secret above is the rule, not a page that never tells it."""
    call.join_link_needs_check = False
    call.save()
    registration = registered(call)
    assert told_by_pages(client, registration) == {mine_url(registration)}


def test_no_mail_tells_where_it_is_or_how_to_join_even_to_who_may_know(call):
    registration = registered(call)
    found_fine(registration)
    revise(call.event, starts_at=STARTS_AT + timedelta(days=1))
    notices.run_scans(now=NOW)
    notices.run_scans(now=STARTS_AT)
    kinds = set(registration.mails.values_list("kind", flat=True))
    assert {MailKind.CONFIRMED, MailKind.EVENT_CHANGED, MailKind.EVENT_REMINDER} <= kinds
    assert told_by_mails() == set()


def test_who_gave_up_or_was_selected_only_sees_nothing_of_it(client: Client, call):
    registration = registered(call)
    found_fine(registration)
    places.withdraw(registration=registration, now=NOW)
    assert told_by_pages(client, registration) == set()
    selected = RegistrationFactory(call=call, selected=True, check_result=CheckResult.FINE)
    assert not policies.may_see_join_link(selected)


# Changes of the venue


@pytest.fixture
def people(call):
    """Somebody fine, somebody not looked at yet, and one on the list; what the event said at first is known."""
    fine, unchecked = registered(call), RegistrationFactory(call=call)
    found_fine(fine)
    listed = RegistrationFactory(call=call, on_list=True, check_result=CheckResult.FINE)
    notices.tell_changes(now=NOW)
    return fine, unchecked, listed


def told_of_change() -> dict[Registration, str]:
    mails = OutgoingMail.objects.filter(kind=MailKind.EVENT_CHANGED).select_related("registration")
    return {mail.registration: mail.facts["change"] for mail in mails}


def test_another_venue_is_told_to_confirmed_people_alone_after_the_check(call, people):
    fine, _, _ = people
    revise(call.event, venue="Other Street 9")
    assert notices.tell_changes(now=NOW) == 1
    assert told_of_change() == {fine: "where it takes place"}


def test_where_the_call_asks_no_check_all_confirmed_people_hear_of_it(call, people):
    fine, unchecked, _ = people
    call.join_link_needs_check = False
    call.save()
    revise(call.event, venue="Other Street 9")
    notices.tell_changes(now=NOW)
    assert set(told_of_change()) == {fine, unchecked}


def test_of_another_hour_and_venue_the_others_hear_of_the_hour_alone(call, people):
    fine, unchecked, listed = people
    revise(call.event, starts_at=STARTS_AT + timedelta(hours=1), venue="Other Street 9")
    notices.tell_changes(now=NOW)
    both = "the time and where it takes place"
    assert told_of_change() == {fine: both, unchecked: "the time", listed: "the time"}


def test_another_city_is_told_to_all(call, people):
    revise(call.event, city="Graz")
    notices.tell_changes(now=NOW)
    assert told_of_change() == dict.fromkeys(people, "where it takes place")


def test_what_an_earlier_version_wrote_down_is_still_understood(call, people):
    row = ToldEvent.objects.get()
    row.facts = {"when": row.facts["when"], "place": [*row.facts["place"], row.facts["venue"]]}
    row.save()
    revise(call.event, venue="Other Street 9")
    notices.tell_changes(now=NOW)
    assert set(told_of_change()) == {people[0]}


# Hiding the event


def test_one_button_on_the_page_of_the_event_and_of_the_call_hides_it_at_once(client: Client, call):
    organiser = UserFactory(role=Role.ORGANISER)
    call.organisers.add(organiser)
    browser, hide = signed_in(organiser), f"/admin/events/event/{call.event_id}/hide/"
    for page in (f"/admin/events/event/{call.event_id}/change/", f"/admin/events/call/{call.pk}/change/"):
        assert f'href="{hide}"' in text_of(browser.get(page))
    asked = text_of(browser.get(hide))
    assert "What cannot be taken back" in asked

    assert client.get(call.event.get_absolute_url()).status_code == 200
    browser.post(hide)
    assert client.get(call.event.get_absolute_url()).status_code == 404
    for page in (f"/admin/events/event/{call.event_id}/change/", f"/admin/events/call/{call.pk}/change/"):
        assert f'href="{hide}"' not in text_of(browser.get(page))


def test_who_registered_keeps_the_private_page_of_a_hidden_event_and_hears_nothing(client: Client, call):
    registration = registered(call)
    found_fine(registration)
    notices.tell_changes(now=NOW)
    before = OutgoingMail.objects.count()
    events.hide(event=call.event, by=UserFactory(), now=NOW)
    notices.run_scans(now=NOW)
    assert OutgoingMail.objects.count() == before
    assert told_by_pages(client, registration) == {mine_url(registration)}
    assert Registration.objects.get(pk=registration.pk).state == State.CONFIRMED


PUBLIC = (
    *("/", "/events/", "/events/{slug}/", "/events/{slug}/event.ics", "/events/calendar.ics", "/sitemap.xml"),
    *("/announcements/", "/announcements/feed/", "/publications/", "/working-groups/ran-health/"),
)


@pytest.mark.parametrize("address", PUBLIC)
def test_no_shared_cache_keeps_a_page_that_may_be_hidden(client: Client, call, address):
    response = client.get(address.format(slug=call.event.slug))
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-cache"
