"""The pages about reviews in a real browser: by keyboard alone, accessible, and as wide as a telephone."""

import pytest
from playwright.sync_api import Page, expect

from registrations.models import Review
from registrations.services import scoring
from tests.factories import CriterionFactory, QuestionFactory, ReviewFactory, ReviewTaskFactory
from tests.registrations.people_story import REVIEWS, application, call_page, change_page, story
from tests.registrations.test_admin_people_in_a_browser import sign_in, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def of(told, registration=None):
    return f"{REVIEWS}calls/{told.call.pk}/{(registration or told.applicant).reference}/"


def test_a_reviewer_scores_and_goes_on_by_keyboard_alone(page: Page, site: str):
    told = story()
    need = CriterionFactory(call=told.call, label="Need", position=1)
    second = application(told.call, reference="P-3BBBB")
    sign_in(page, site, told.reviewer.email)
    page.goto(f"{site}{of(told)}")

    page.get_by_role("group", name="Fit").get_by_label("0", exact=True).focus()
    page.keyboard.press("4")
    page.keyboard.press("-")
    page.keyboard.type("Clear aims.")
    page.keyboard.press("Control+Enter")

    page.wait_for_url(f"{site}{of(told, second)}")
    review = Review.objects.get()
    assert [(score.criterion, score.value) for score in review.scores.all()] == [(told.criterion, 4)]
    assert need not in {score.criterion for score in review.scores.all()}
    assert review.comment == "Clear aims."
    expect(page.get_by_text("1 of 2 done.")).to_be_visible()


def test_the_same_works_without_javascript(browser, site: str):
    told = story()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, site, told.reviewer.email)
    page.goto(f"{site}{of(told)}")
    page.get_by_role("group", name="Fit").get_by_label("0", exact=True).focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("All done. Thank you.")).to_be_visible()
    assert Review.objects.get().scores.get().value == 3
    context.close()


def test_digits_in_the_comment_stay_digits(page: Page, site: str):
    told = story()
    sign_in(page, site, told.reviewer.email)
    page.goto(f"{site}{of(told)}")
    page.get_by_label("Comment").first.fill("")
    page.get_by_label("Comment").first.press_sequentially("4-5")
    expect(page.get_by_label("Comment").first).to_have_value("4-5")
    expect(page.get_by_role("group", name="Fit").get_by_label("4", exact=True)).not_to_be_checked()


def test_nothing_stands_in_the_way_on_the_pages_about_reviews(page: Page, site: str):
    told = story()
    told.criterion.anchors = "5 = works with radicalised people every week\n0 = has nothing to do with them"
    told.criterion.save()
    QuestionFactory(call=told.call, label="Your CV", kind="file", audience="reviewers")
    likely = application(told.call, email="ana@clinic.invalid")
    told.reviewer.organisation, told.reviewer.email = "", "rita@clinic.invalid"
    told.reviewer.save()
    changed = application(told.call)
    for registration, value in ((changed, 5), (changed, 2), (told.applicant, 4)):
        ReviewFactory(registration=registration).scores.create(criterion=told.criterion, value=value)
    ReviewTaskFactory(registration=told.applicant, reviewer=told.reviewer)
    ReviewTaskFactory(registration=likely, reviewer=told.reviewer)
    scoring.refresh_call(call=told.call)
    sign_in(page, site, told.reviewer.email)
    own = [REVIEWS, f"{REVIEWS}calls/{told.call.pk}/", of(told), of(told, likely)]
    assert violations(page, site, own) == {}
    page.context.clear_cookies()
    sign_in(page, site, told.organiser.email)
    theirs = [call_page(told.call, "reviews/"), call_page(told.call, "reviewers/"), change_page(told.applicant)]
    assert violations(page, site, theirs) == {}
