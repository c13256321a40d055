"""Pictures, dossiers and the year in numbers in a real browser: accessible, within the policy, fit for a phone."""

import pytest
from playwright.sync_api import Page

from accounts.enums import Role
from ranportal.shared import clock
from registrations.enums import State
from tests.factories import (
    DecisionFactory,
    OutgoingMailFactory,
    ProposalLineFactory,
    RegistrationFactory,
    ReviewFactory,
    SelectionRuleFactory,
    UserFactory,
)
from tests.registrations.people_story import LIST, call_page, change_page, story
from tests.registrations.test_admin_people_in_a_browser import sign_in, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_nothing_stands_in_the_way_of_who_reads_numbers_and_dossiers(page: Page, site: str) -> None:
    told, empty = story(), story(reference="P-2BBBB")
    empty.applicant.answers.all().delete()
    empty.call.registrations.all().delete()
    SelectionRuleFactory(call=told.call)
    ReviewFactory(registration=told.applicant, comment="Good.").scores.create(criterion=told.criterion, value=4)
    ProposalLineFactory(registration=told.applicant, proposal__receipt={"solver": "HiGHS", "input": "x" * 200})
    DecisionFactory(registration=told.applicant)
    OutgoingMailFactory(registration=told.applicant, kind="received", sent=True)
    for country in ("BA", "FR", "FR"):
        RegistrationFactory(call=told.call, state=State.ATTENDED, country=country)
    sign_in(page, site, UserFactory(role=Role.ADMINISTRATOR).email)

    addresses = [call_page(one.call, "pictures/") for one in (told, empty)]
    addresses += [
        change_page(told.applicant).replace("change/", f"dossier/{copy}/") for copy in ("organisers", "person")
    ]
    addresses += [f"{LIST}year/{year}/" for year in (clock.now().year, clock.now().year - 1)]

    assert violations(page, site, addresses) == {}
