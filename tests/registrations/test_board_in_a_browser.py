"""The selection board in a real browser: by keyboard, by mouse, without any script, within the policy, accessible."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from registrations.enums import Outcome, ReasonCode
from registrations.models import Decision, Pin, Registration
from tests.factories import CallFactory, DecisionFactory, ProposalLineFactory, SelectionRuleFactory
from tests.registrations.people_story import Story, application, call_page, story
from tests.registrations.test_admin_people_in_a_browser import sign_in, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def plain_page(browser: Browser) -> Iterator[Page]:
    """A browser without JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def board(page: Page, site: str, told: Story, query: str = "") -> None:
    sign_in(page, site, told.organiser.email)
    page.goto(f"{site}{call_page(told.call, 'board/')}?{query}")


def three() -> tuple[Story, Registration, Registration]:
    """Three applicants, the best first: P-2AAAA, P-3BBBB, P-4CCCC."""
    told = story(capacity=2)
    others = [application(told.call, reference=reference) for reference in ("P-3BBBB", "P-4CCCC")]
    for place, person in enumerate((told.applicant, *others)):
        Registration.objects.filter(pk=person.pk).update(score=90 - place, review_count=1)
    return told, *others


def outcomes() -> dict[str, str]:
    return dict(Decision.objects.values_list("registration__reference", "outcome"))


def test_applicants_are_staged_by_keyboard_alone_without_a_new_page(page: Page, site: str):
    told, *_ = three()
    board(page, site, told)
    page.evaluate("window.isTheSamePage = true")
    page.get_by_label("Reason", exact=True).select_option(label="By score")
    page.locator("h1").click()

    page.keyboard.press("j")
    page.keyboard.press("s")
    expect(page.locator("#board-live")).to_contain_text("Select: 1 staged.")
    expect(page.locator(f"#row-{told.applicant.pk}")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("r")
    expect(page.locator("#board-live")).to_contain_text("Reserve list: 2 staged.")

    assert outcomes() == {"P-2AAAA": "select", "P-3BBBB": "reserve", "P-4CCCC": "reserve"}
    expect(page.locator("#board-places")).to_contain_text("Staged: reserve list2")
    expect(page.locator(f"#row-{told.applicant.pk}")).to_contain_text("By score")
    page.keyboard.press("k")
    page.keyboard.press("u")
    expect(page.locator("#board-live")).to_contain_text("Undone: 1.")
    assert outcomes() == {"P-2AAAA": "select", "P-4CCCC": "reserve"}
    assert page.evaluate("window.isTheSamePage")


def test_the_question_mark_shows_the_keys_and_letters_typed_into_a_field_do_nothing(page: Page, site: str):
    told, *_ = three()
    board(page, site, told)
    page.keyboard.press("?")
    expect(page.get_by_text("stage those ticked")).to_be_visible()
    page.keyboard.press("j")
    page.get_by_label("In words").click()
    page.keyboard.type("s r d u x j?")
    expect(page.get_by_label("In words")).to_have_value("s r d u x j?")
    page.keyboard.press("Enter")
    assert outcomes() == {}
    expect(page.locator("#board-rows input:checked")).to_have_count(0)


def test_ticks_show_at_once_what_the_panel_would_be(page: Page, site: str):
    told, second, _ = three()
    SelectionRuleFactory(call=told.call, maximum=1)
    DecisionFactory(registration=second)
    board(page, site, told)
    latvia = page.locator("#board-panel tr", has_text="Latvia")
    expect(latvia.locator(".board-verdict")).to_have_text("")

    page.get_by_label("P-2AAAA", exact=True).check()
    page.get_by_label("P-3BBBB", exact=True).check()
    expect(latvia.locator(".board-then")).to_have_text(" → 2")
    expect(latvia.locator(".board-verdict")).to_have_text("1 too many")
    expect(page.locator("#board-count")).to_have_text("2 ticked.")

    page.get_by_label("P-2AAAA", exact=True).uncheck()
    expect(latvia.locator(".board-verdict")).to_have_text("")
    page.get_by_label("Tick all on this page").check()
    expect(latvia.locator(".board-then")).to_have_text(" → 3")
    assert outcomes() == {"P-3BBBB": Outcome.SELECT}


def test_a_refusal_is_said_where_it_happened_and_the_ticks_stay(page: Page, site: str):
    told, *_ = three()
    board(page, site, told)
    page.get_by_label("P-3BBBB", exact=True).check()
    page.get_by_role("button", name="Not selected", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("Please give a reason.")
    expect(page.get_by_label("In words")).to_be_focused()
    expect(page.get_by_label("P-3BBBB", exact=True)).to_be_checked()
    assert outcomes() == {}

    page.get_by_label("In words").fill("Works elsewhere now.")
    page.get_by_role("button", name="Not selected", exact=True).click()
    expect(page.locator("#board-live")).to_contain_text("Not selected: 1 staged.")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert Decision.objects.get().reason == "Works elsewhere now."


def test_an_answer_that_does_not_come_changes_nothing_and_is_said(page: Page, site: str):
    told, *_ = three()
    board(page, site, told)
    page.get_by_label("Reason", exact=True).select_option("score")
    page.get_by_label("P-3BBBB", exact=True).check()
    # As an answer of somebody in between, who knows no board.
    page.route("**/board/*", lambda route: route.fulfill(status=200, body="<p>Please try later.</p>"))
    page.get_by_role("button", name="Select", exact=True).click()
    expect(page.locator("#board-live")).to_contain_text("Nothing was changed")
    expect(page.get_by_label("P-3BBBB", exact=True)).to_be_checked()


def test_everything_works_without_any_script(plain_page: Page, site: str):
    page = plain_page
    told, *_ = three()
    ProposalLineFactory(registration=told.applicant)
    board(page, site, told, "sort=reference")
    page.get_by_label("P-2AAAA", exact=True).check()
    page.get_by_role("button", name="Select", exact=True).click()
    expect(page.get_by_text("Select: 1 staged. Nobody is told before you release.")).to_be_visible()
    assert page.url.endswith("board/?sort=reference")
    assert Decision.objects.get().reason_code == ReasonCode.PROPOSED

    page.get_by_label("P-4CCCC", exact=True).check()
    page.get_by_label("In words").fill("Speaks about the pilot.")
    page.get_by_role("button", name="Must be in").click()
    expect(page.locator("#board-rows")).to_contain_text("must be in")
    assert Pin.objects.get().registration.reference == "P-4CCCC"

    page.get_by_text("Filter and columns").click()
    page.get_by_label("Decision").select_option(label="Staged: Select")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#board-rows tbody tr")).to_have_count(1)
    page.get_by_text("My views").click()
    page.get_by_label("Keep what is shown as").fill("Staged ones")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Staged ones")).to_be_visible()


def test_from_rules_to_a_staged_proposal_in_a_browser(page: Page, site: str):
    told, *_ = three()
    sign_in(page, site, told.organiser.email)
    page.goto(f"{site}{call_page(told.call, 'board/rules/')}")
    page.get_by_label("Line 1: about").select_option(label="Country")
    page.get_by_label("Line 1: at most").fill("1")
    page.get_by_role("button", name="Save the rules").click()
    expect(page.get_by_text("At most 1 of each: Country.")).to_be_visible()

    page.get_by_role("link", name="Proposal", exact=True).click()
    page.get_by_role("button", name="Propose a selection").click()
    expect(page.get_by_text("Proven: no list is better")).to_be_visible()
    page.get_by_role("button", name="Stage it wholly").click()
    expect(page.get_by_text("Staged as proposed: 1 select")).to_be_visible()
    assert outcomes()["P-2AAAA"] == Outcome.SELECT


def test_nothing_stands_in_an_organiser_s_way(page: Page, site: str):
    told, second, third = three()
    SelectionRuleFactory(call=told.call, maximum=1)
    ProposalLineFactory(registration=told.applicant)
    DecisionFactory(registration=told.applicant)
    DecisionFactory(registration=second, outcome=Outcome.RESERVE, rank=1, is_deviation=True)
    Registration.objects.filter(pk=third.pk).update(score_spread=3, review_count=2)
    sign_in(page, site, told.organiser.email)
    names = ("board/?columns=motivation", "board/?pin=in", "board/rules/", "board/proposal/")
    empty = CallFactory(selective=True, organisers=[told.organiser])
    pages = [*(call_page(told.call, name) for name in names), call_page(empty, "board/")]
    assert violations(page, site, pages) == {}
