"""Checks, contact points and calls for help in a real browser: accessible, by keyboard, and without scripts."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from ranportal.shared import clock
from registrations import vouch_links
from registrations.enums import CheckResult, State, VouchAnswer
from registrations.links import token_of
from registrations.models import Alarm, Check, Registration
from registrations.services import alarms, vouching
from tests.factories import CallFactory, EventFactory, RegistrationFactory, UserFactory
from tests.journeys.look import Eye, Stop
from tests.registrations.pages import mine_url
from tests.registrations.people_story import application, call_page
from tests.registrations.test_admin_people_in_a_browser import WIDTHS, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def organiser():
    return UserFactory(role="organiser")


@pytest.fixture
def call(organiser):
    """To an event that is near, so that private links live."""
    starts_at = clock.now() + timedelta(days=7)
    event = EventFactory(sessions=[(starts_at, starts_at + timedelta(hours=2))])
    return CallFactory(selective=True, event=event, organisers=[organiser], join_link_needs_check=True)


@pytest.fixture
def people(call):
    """Three people who raise doubts, one of them with an answer of a contact point, and one who is known."""
    first = application(call, given_name="Ann", family_name="Bērziņa", email="ann@police.example.org")
    application(call, given_name="Anna", family_name="Kalns", email="ann@po1ice.example.org")
    application(call, given_name="Berzina", family_name="Ann", email="somebody@gmail.com")
    RegistrationFactory(state=State.ATTENDED, check_result=CheckResult.FINE, identity__email="ann@police.example.org")
    for number in (1, 2):
        vouch = vouching.ask(
            registration=first, name="Chief Constable", email=f"chief{number}@police.example.org", now=clock.now()
        )
    vouching.answer(vouch=vouch, answer=VouchAnswer.KNOWS, now=clock.now())
    return list(Registration.objects.filter(call=call).order_by("pk"))


def keep(page: Page, name: str) -> None:
    """A picture at both widths, where SCREENS names a folder."""
    if folder := os.environ.get("SCREENS"):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


def test_nothing_stands_in_the_way_of_who_checks_people(page: Page, site: str, organiser, call, people):
    alarms.sound(registration=people[0], telephone="+371 20 000 000", words="After 17:00", now=clock.now())
    sign_in(page, site, organiser.email)
    calls_for_help = f"/admin/registrations/registration/{people[0].pk}/alarms/"
    event, its_call = f"/admin/events/event/{call.event_id}/change/", f"/admin/events/call/{call.pk}/change/"
    addresses = [call_page(call, "checks/"), calls_for_help, "/admin/", event, its_call]
    assert Eye(page, site).look_at([Stop(address) for address in addresses]) == {}
    for number, address in enumerate(addresses):
        page.goto(f"{site}{address}")
        keep(page, f"staff{number}")


def test_nothing_stands_in_the_way_of_the_person_and_of_the_contact_point(page: Page, site: str, people):
    link = f"/registrations/p/{token_of(people[0].links.get())}/"
    own = [f"{mine_url(people[0])}{name}" for name in ("", "contact/", "call-me/")]
    asked = people[0].vouches.get(number=1)
    question = f"/registrations/contact/{vouch_links.token_of(asked)}/"
    page.goto(f"{site}{link}")
    stops = [Stop(address) for address in (*own, question, "/registrations/contact/thanks/")]
    assert Eye(page, site).look_at(stops) == {}
    for number, address in enumerate([*own, question]):
        page.goto(f"{site}{address}")
        keep(page, f"person{number}")


def test_many_are_ticked_by_keyboard_and_without_scripts(browser: Browser, site: str, organiser, call, people):
    application(call, given_name="Paul", family_name="Weber", email="paul@clinic.example.org")
    page = browser.new_context(java_script_enabled=False).new_page()
    sign_in(page, site, organiser.email)
    page.goto(f"{site}{call_page(call, 'checks/')}")
    page.locator(f'[name="result-{people[1].pk}"][value="refused"]').focus()
    page.keyboard.press("Space")
    page.get_by_label("I have looked at all 4 people").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Save the checks of this page").focus()
    page.keyboard.press("Enter")
    page.get_by_text("2 checks saved.").wait_for()
    page.get_by_text("2 left as they were").wait_for()

    assert list(Check.objects.order_by("registration").values_list("result", flat=True)) == ["refused", "fine"]
    page.context.close()


def test_a_call_for_help_goes_its_whole_way_without_scripts(browser: Browser, site: str, organiser, people):
    person = browser.new_context(java_script_enabled=False).new_page()
    person.goto(f"{site}/registrations/p/{token_of(people[0].links.get())}/")
    person.get_by_role("link", name="I feel unsafe: call me").click()
    person.get_by_label("Your telephone number").fill("+371 20 000 000")
    person.get_by_role("button", name="Call me").click()
    person.get_by_text("We have your message").wait_for()
    keep(person, "alarm")

    staff = browser.new_context(java_script_enabled=False).new_page()
    sign_in(staff, site, organiser.email)
    staff.get_by_role("link", name=f"See the number and call {people[0].reference} now").click()
    staff.get_by_role("button", name="I have called").click()
    staff.get_by_text("Called back").first.wait_for()
    assert Alarm.objects.get().handled_by == organiser

    person.reload()
    person.get_by_text("Somebody called you").wait_for()
    for page in (person, staff):
        page.context.close()
