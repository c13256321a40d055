"""Builder, preview, trial and practical questions in a browser: accessible, within the policy, walked by hand."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.enums import Role
from registrations.links import token_of
from registrations.models import LibraryQuestion, Registration
from tests.factories import AnswerFactory, CallFactory, QuestionFactory, RegistrationFactory, UserFactory
from tests.registrations.pages import FORM, mine_url
from tests.registrations.test_admin_people_in_a_browser import sign_in, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def built() -> Any:
    """A selective call with a form of all sorts, one question of it answered."""
    starts_at = datetime(2099, 4, 1, 9, tzinfo=UTC)
    call = CallFactory(
        selective=True,
        closes_at=starts_at - timedelta(days=30),
        decision_by=(starts_at - timedelta(days=20)).date(),
        event__sessions=[(starts_at, starts_at + timedelta(hours=3))],
    )
    call.organisers.add(UserFactory(role=Role.ORGANISER))
    choices = [["prison", "Prison and probation"], ["police", "Police and law enforcement"]]
    sector = QuestionFactory(
        call=call, key="sector", label="In which sector do you work?", kind="single_choice", choices=choices
    )
    QuestionFactory(
        call=call,
        key="cases",
        label="How many cases?",
        kind="number",
        condition_question=sector,
        condition_value="prison",
        is_required=True,
    )
    QuestionFactory(
        call=call, key="diet", label="Is there anything that you do not eat?", asked_of="selected", is_sensitive=True
    )
    AnswerFactory(
        registration=RegistrationFactory(call=call, submitted=True), question=sector, value="prison", text="Prison"
    )
    return call


def test_nothing_stands_in_the_way_of_who_builds_a_form(page: Page, site: str) -> None:
    call, empty = built(), CallFactory()
    empty.organisers.add(call.organisers.get())
    QuestionFactory(call=empty, key="alone", condition_question=call.questions.first(), condition_value="prison")
    LibraryQuestion.objects.create(key="arrival", kind="date", label="When do you arrive?", note="For meetings.")
    sector = call.questions.first()
    sign_in(page, site, call.organisers.get().email)
    names = [
        "form/",
        "form/add/",
        "form/copy/",
        f"form/copy/?from={empty.pk}",
        "form/library/",
        "form/preview/",
        "try/",
        *(f"form/{sector.pk}/{name}" for name in ("", "reword/", "remove/", "library/")),
    ]
    addresses = [f"/admin/events/call/{call.pk}/{name}" for name in names]

    assert violations(page, site, [*addresses, f"/admin/events/call/{empty.pk}/form/"]) == {}


def test_a_call_is_tried_by_hand_and_a_condition_works_on_the_way(page: Page, site: str) -> None:
    call = built()
    before = Registration.objects.count()
    sign_in(page, site, call.organisers.get().email)
    page.goto(f"{site}/admin/events/call/{call.pk}/form/")
    page.get_by_role("link", name="Try this call").click()
    for name in ("given_name", "family_name", "display_name", "email", "organisation"):
        page.locator(f"[name={name}]").fill(FORM[name])
    page.locator("[name=country]").select_option("LV")
    page.locator("[name=profession]").select_option("psychology")
    page.locator("[name=privacy]").check()
    expect(page.get_by_label("How many cases?")).to_be_hidden()
    page.get_by_label("Prison and probation").check()
    expect(page.get_by_label("How many cases?")).to_be_visible()
    page.get_by_role("button", name="Send application").click()
    expect(page.get_by_text("Please answer this question.").first).to_be_visible()
    page.get_by_label("How many cases?").fill("3")
    page.get_by_role("button", name="Send application").click()
    expect(page.get_by_role("heading", name="One more step", level=1)).to_be_visible()
    code = re.search(r"(\d{4}) (\d{4})", page.locator(".trial-letter").inner_text())
    assert code
    page.get_by_label("Code from our mail").fill(f"{code[1]} {code[2]}")
    page.get_by_role("button", name="Confirm my address").click()
    expect(page.get_by_text("What the decisions would say")).to_be_visible()
    assert page.get_by_role("button", name="Give up my registration").is_disabled()
    assert violations_here(page) == {}
    assert Registration.objects.count() == before


def test_a_condition_on_a_number_takes_it_however_it_is_written_and_hides_no_error(page: Page, site: str) -> None:
    call = CallFactory(closes_at=datetime(2099, 4, 1, 9, tzinfo=UTC))
    count = QuestionFactory(call=call, key="count", label="How many?", kind="number")
    name = QuestionFactory(call=call, key="name", label="Which?")
    asked = {"condition_value": "3", "is_required": True}
    QuestionFactory(call=call, key="three", label="Why three?", condition_question=count, **asked)
    QuestionFactory(call=call, key="named", label="Why that?", condition_question=name, **asked)
    page.goto(f"{site}/events/{call.event.slug}/register/")
    three, named = page.locator("[name=q-three]"), page.locator("[name=q-named]")
    for typed, is_three in (("3", True), ("", False), ("3.0", True), ("30", False), ("3,00", True), (" 3 ", True)):
        page.locator("[name=q-count]").fill(typed)
        expect(three).to_be_visible() if is_three else expect(three).to_be_hidden()
    page.locator("[name=q-name]").fill("3.0")
    expect(named).to_be_hidden()

    page.get_by_role("button", name="Send registration").click()
    expect(page.get_by_text("Please answer this question.").first).to_be_visible()
    page.locator("[name=q-count]").fill("4")
    expect(three).to_be_visible()
    expect(named).to_be_hidden()


def test_nothing_stands_in_the_way_of_who_answers_practical_questions(page: Page, site: str) -> None:
    registration = RegistrationFactory(call=built(), confirmed=True)
    page.goto(f"{site}/registrations/p/{token_of(registration.links.get())}/")
    address = mine_url(registration)
    assert violations(page, site, [address, f"{address}practical/"]) == {}
    page.get_by_label("Is there anything that you do not eat?").fill("No nuts")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("No nuts")).to_be_visible()


def violations_here(page: Page) -> dict[str, list[str]]:
    """The widths at which the page that is open is wider than its window."""
    found: dict[str, list[str]] = {}
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found[str(width)] = ["wider than the window"]
    return found
