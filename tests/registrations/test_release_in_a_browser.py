"""The release page in each of its states, and the free places, in a real browser at both widths."""

import os
from datetime import timedelta

import pytest
from playwright.sync_api import Page

from accounts.enums import Role
from events.models import Call
from ranportal.shared import clock
from registrations.enums import Outcome
from registrations.models import Decision, Release, SelectionSettings
from registrations.services import releasing, selection
from tests.factories import (
    DecisionFactory,
    OutgoingMailFactory,
    ProposalLineFactory,
    RegistrationFactory,
    ReviewFactory,
    SelectionRuleFactory,
    UserFactory,
)
from tests.registrations.people_story import Story, application, call_page, story
from tests.registrations.test_admin_people_in_a_browser import sign_in, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def told() -> Story:
    """Six applications with decisions, a deviation, a conflict, rules, and a second person."""
    told = story(capacity=2)
    SelectionRuleFactory(call=told.call, maximum=1)
    SelectionRuleFactory(call=told.call, attribute="profession", value="police", minimum=1, maximum=None, weight=2)
    ProposalLineFactory(registration=told.applicant, proposed_as="not_proposed")
    ReviewFactory(registration=told.applicant, has_conflict=True)
    people = [told.applicant, *[application(told.call) for _ in range(5)]]
    for outcome, some in zip(Outcome, (people[:2], people[2:4], people[4:5]), strict=True):
        selection.stage(registrations=some, outcome=outcome, reason="For the mix.", by=told.organiser, now=clock.now())
    told.call.refresh_from_db()
    return told


def look(page: Page, site: str, told: Story, name: str, page_name: str = "release/") -> None:
    assert violations(page, site, [call_page(told.call, page_name)]) == {}
    if folder := os.environ.get("SHOTS"):
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)


def give(told: Story) -> Release:
    return releasing.give(call=told.call, by=told.organiser, now=clock.now())


def test_before_the_button(page: Page, site: str, told: Story):
    sign_in(page, site, told.organiser.email)
    look(page, site, told, "summary")


def test_for_who_staged_where_a_second_person_releases_and_for_the_deputy(page: Page, site: str, told: Story):
    deputy = UserFactory(role=Role.ORGANISER, name="Dana Deputy")
    SelectionSettings.objects.create(call=told.call, needs_second_person=True, deputy=deputy)
    sign_in(page, site, deputy.email)
    look(page, site, told, "deputy")
    page.context.clear_cookies()
    sign_in(page, site, told.organiser.email)
    look(page, site, told, "second-person")


def test_while_it_waits_and_while_it_is_written(page: Page, site: str, told: Story):
    release = give(told)
    sign_in(page, site, told.organiser.email)
    look(page, site, told, "waiting")
    Release.objects.filter(pk=release.pk).update(due_at=clock.now())
    look(page, site, told, "written")
    releasing.carry_out(now=clock.now())
    look(page, site, told, "done")


def test_taken_back_and_not_carried_out(page: Page, site: str, told: Story):
    give(told)
    releasing.recall(call=told.call, by=told.organiser, now=clock.now())
    sign_in(page, site, told.organiser.email)
    look(page, site, told, "recalled")
    give(told)
    RegistrationFactory(call=Call.objects.get(pk=told.call.pk))
    releasing.carry_out(now=clock.now() + releasing.RECALL)
    look(page, site, told, "refused")


def test_the_free_places(page: Page, site: str, told: Story):
    Decision.objects.all().delete()
    DecisionFactory(registration=RegistrationFactory(call=told.call, declined=True), released=True)
    settings = SelectionSettings.objects.create(call=told.call, promotes_by_itself=False)
    for score in (81.5, 40.0, None):
        RegistrationFactory(call=told.call, on_list=True, profession="police", country="FR", score=score)
    RegistrationFactory(call=told.call, on_list=True)
    RegistrationFactory(call=told.call)
    in_ten_days = clock.now() + timedelta(days=10)
    told.call.event.sessions.update(starts_at=in_ten_days, ends_at=in_ten_days + timedelta(hours=2))
    sign_in(page, site, told.organiser.email)
    look(page, site, told, "free-places", "free-places/")
    settings.telephone_hours = 720
    settings.save()
    told.call.event.sessions.update(
        starts_at=clock.now() + timedelta(hours=30), ends_at=clock.now() + timedelta(days=2)
    )
    look(page, site, told, "telephone", "free-places/")


def test_the_progress_of_many_mails(page: Page, site: str, told: Story):
    Decision.objects.all().delete()
    OutgoingMailFactory.create_batch(3, registration=told.applicant, kind="selected")
    sign_in(page, site, told.organiser.email)
    look(page, site, told, "progress")
