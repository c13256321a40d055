"""The staff pages about people in a real browser: accessible, within the policy, and the way of a decision by hand."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from ranportal.shared import clock
from registrations.enums import Outcome, State
from registrations.models import Bounce, Registration
from registrations.services import releasing, selection
from tests.factories import DecisionFactory, OutgoingMailFactory, RegistrationFactory, ReviewFactory
from tests.registrations.people_story import LIST, REVIEWS, act_page, application, call_page, change_page, story

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What axe loads beforehand it puts into the page as a style, which the policy rightly refuses.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "preload": False}
WIDTHS = (360, 1280)


def sign_in(page: Page, site: str, email: str) -> None:
    page.goto(f"{site}/admin/login/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill("a-long-test-password")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{site}/admin/")


def violations(page: Page, site: str, addresses: list[str]) -> dict[str, list[str]]:
    """What axe finds on each page at both widths, and pages wider than a phone."""
    found: dict[str, list[str]] = {}
    for address in addresses:
        page.goto(f"{site}{address}")
        page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            wrong = [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in _axe(page)]
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                wrong.append("wider than the window")
            if wrong:
                found[f"{address} at {width}"] = wrong
    return found


def _axe(page: Page) -> list:
    return Axe().run(page, options=RULES).response["violations"]


def test_nothing_stands_in_an_organiser_s_way(page: Page, site: str):
    told = story()
    ReviewFactory(registration=told.applicant, comment="Good.").scores.create(criterion=told.criterion, value=4)
    for outcome, rank in ((Outcome.SELECT, None), (Outcome.RESERVE, 1), (Outcome.DECLINE, None)):
        DecisionFactory(registration=application(told.call), outcome=outcome, rank=rank)
    selected = RegistrationFactory(call=told.call, selected=True)
    RegistrationFactory(call=told.call, confirmed=True)
    OutgoingMailFactory(registration=told.applicant, refused=True)
    OutgoingMailFactory(registration=selected, kind="selected")
    back = OutgoingMailFactory(registration=selected, kind="selected", sent=True)
    Bounce.objects.create(mail=back, digest="", is_permanent=True, status="5.1.1", at=back.sent_at)
    sign_in(page, site, told.organiser.email)
    calls = ["preview/", "release/", "free-places/", "not-answered/", "not-told/", "attendance/", "register/"]
    addresses = [
        f"{LIST}calls/",
        f"{LIST}?call={told.call.pk}&decision=none",
        *[call_page(told.call, name) for name in calls],
        change_page(told.applicant),
        change_page(selected),
    ]
    assert violations(page, site, addresses) == {}


def test_nothing_stands_in_a_reviewer_s_way(page: Page, site: str):
    told = story()
    ReviewFactory(registration=told.applicant, comment="Another's").scores.create(criterion=told.criterion, value=4)
    ReviewFactory(registration=told.applicant, reviewer=told.reviewer)
    application(told.call)
    sign_in(page, site, told.reviewer.email)
    own = f"{REVIEWS}calls/{told.call.pk}/"
    assert violations(page, site, [REVIEWS, own, f"{own}{told.applicant.reference}/"]) == {}


def test_an_organiser_stages_from_the_list_and_releases(page: Page, site: str):
    told = story(capacity=1)
    sign_in(page, site, told.organiser.email)

    page.goto(f"{site}{LIST}?call={told.call.pk}")
    page.locator("input[name=_selected_action]").first.check()
    page.locator("select[name=action]").select_option(label="Stage: select")
    page.locator("button[name=index]").click()
    page.get_by_label("In words").fill("Fits the target group.")
    page.get_by_role("button", name="Stage").click()
    expect(page.get_by_text("Staged: 1. Nobody is told before you release.")).to_be_visible()

    page.get_by_role("link", name="Release").click()
    page.get_by_role("button", name="Release 1 decision").click()
    expect(page.get_by_role("heading", name="Mails leave at")).to_be_visible()
    expect(page.get_by_role("button", name="Release 1 decision")).to_have_count(0)
    releasing.carry_out(now=clock.now() + releasing.RECALL)
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_text("1 selected, 0 on the reserve list")).to_be_visible()
    expect(page.get_by_role("button", name="Release 0 decisions")).to_be_disabled()
    assert Registration.objects.get().state == State.CONFIRMED


def test_a_release_that_is_carried_out_shows_itself_without_reloading(page: Page, site: str):
    told = story(capacity=1)
    selection.stage(
        registrations=[told.applicant], outcome=Outcome.SELECT, reason="Fits.", by=told.organiser, now=clock.now()
    )
    release = releasing.give(call=told.call, by=told.organiser, now=clock.now())
    type(release).objects.update(due_at=clock.now())
    sign_in(page, site, told.organiser.email)
    page.goto(f"{site}{call_page(told.call, 'release/')}")
    expect(page.get_by_role("heading", name="The decisions are being written")).to_be_visible()

    releasing.carry_out(now=clock.now())

    expect(page.get_by_text("0 of 1 sent")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("button", name="Release 0 decisions")).to_be_disabled()


def test_the_progress_of_the_mails_comes_up_to_date_by_itself(page: Page, site: str):
    told = story()
    mail = OutgoingMailFactory(registration=told.applicant, kind="selected")
    sign_in(page, site, told.organiser.email)
    page.goto(f"{site}{call_page(told.call, 'release/')}")
    expect(page.get_by_text("0 of 1 sent")).to_be_visible()

    type(mail).objects.update(state="sent", sent_at=mail.date)

    expect(page.locator("#mails-sent")).to_contain_text("1 of 1 sent", timeout=15_000)


def test_a_refused_act_shows_why_where_it_was_tried(page: Page, site: str):
    told = story()
    sign_in(page, site, told.organiser.email)
    page.goto(f"{site}{change_page(told.applicant)}")

    page.get_by_text("Stage a decision").click()
    page.get_by_role("button", name="Stage", exact=True).click()

    assert page.url == f"{site}{act_page(told.applicant, 'stage')}"
    expect(page.get_by_text("Please give a reason.")).to_be_visible()
    expect(page).to_have_title("Please look again: P-2AAAA | RAN events portal")
