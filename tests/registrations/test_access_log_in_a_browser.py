"""The access log, the pages of who works on a call and of logistics in a real browser, on a phone and on a desk."""

import os

import pytest
from playwright.sync_api import Page

from accounts.enums import Role
from registrations.enums import AskedOf, Extra
from registrations.services import consents
from tests.factories import NOW, AnswerFactory, QuestionFactory, RegistrationFactory, UserFactory
from tests.registrations.people_story import LIST, call_page, story
from tests.registrations.test_admin_people_in_a_browser import WIDTHS, sign_in, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOG = "/admin/registrations/accessentry/"
SERVED = "/admin/registrations/logisticsassignment/"


@pytest.fixture
def told():
    told = story()
    told.helper = UserFactory(role=Role.LOGISTICS)
    told.call.logistics.create(user=told.helper)
    told.call.organisers.add(UserFactory(role=Role.ORGANISER))
    consents.offer(call=told.call, extras=[Extra.DIET], by=told.organiser, now=NOW)
    arrival = QuestionFactory(call=told.call, label="When do you arrive, and by what?", asked_of=AskedOf.SELECTED)
    for person in RegistrationFactory.create_batch(3, call=told.call, confirmed=True):
        AnswerFactory(registration=person, question=arrival, value="On the eve, by train, at about ten in the evening")
        consents.give(registration=person, extra=Extra.DIET, detail="No nuts", now=NOW)
    return told


def looked_at(page: Page, site: str, addresses: list[str]) -> dict[str, list[str]]:
    """What is wrong with these pages; with SCREENS set, pictures of them lie in that folder."""
    found = violations(page, site, addresses)
    for number, address in enumerate(addresses if os.environ.get("SCREENS") else []):
        page.goto(f"{site}{address}")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            name = f"{address.strip('/').replace('/', '-')}-{number}-{width}.png"
            page.screenshot(path=f"{os.environ['SCREENS']}/{name}", full_page=True)
    return found


def test_an_organiser_hands_over_and_says_what_a_file_is_for(page: Page, site: str, told):
    sign_in(page, site, told.organiser.email)
    pages = [f"{SERVED}calls/{told.call.pk}/team/", call_page(told.call, "export.csv")]
    assert looked_at(page, site, pages) == {}


def test_logistics_reads_what_is_needed(page: Page, site: str, told):
    sign_in(page, site, told.helper.email)
    assert looked_at(page, site, [SERVED, f"{SERVED}calls/{told.call.pk}/"]) == {}


def test_an_officer_reads_who_looked(page: Page, site: str, told):
    sign_in(page, site, told.helper.email)
    page.goto(f"{site}{SERVED}calls/{told.call.pk}/")
    page.context.clear_cookies()
    sign_in(page, site, UserFactory(role=Role.DATA_PROTECTION).email)
    assert looked_at(page, site, [LOG, f"{LOG}person/"]) == {}


def test_an_administrator_is_told_what_nobody_organises(page: Page, site: str, told):
    told.call.organisers.clear()
    sign_in(page, site, UserFactory(role=Role.ADMINISTRATOR).email)
    assert looked_at(page, site, [f"{LIST}calls/", f"/admin/events/call/{told.call.pk}/change/"]) == {}
    assert page.get_by_text("Nobody organises this call.").count() == 1
