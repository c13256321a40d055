"""Registering in a real browser: by keyboard, without JavaScript, on a phone, and with nothing for axe to find."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from events.models import Call
from registrations.enums import State
from registrations.links import code_of
from registrations.models import PrivateLink, Registration
from tests.factories import NOW, CallFactory, QuestionFactory
from tests.registrations.pages import register_url

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PHONE = {"width": 360, "height": 740}


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def call() -> Call:
    call = CallFactory(selective=True, closes_at=NOW + timedelta(days=7))
    sector = QuestionFactory(
        call=call,
        key="sector",
        kind="single_choice",
        label="Where do you work?",
        choices=[["prison", "Prison"], ["other", "Somewhere else"]],
        is_required=True,
    )
    QuestionFactory(
        call=call,
        key="where",
        label="Where is that?",
        is_required=True,
        condition_question=sector,
        condition_value="other",
    )
    return call


def barriers(page: Page) -> list[str]:
    """What axe finds, by the names of its rules."""
    return [found["id"] for found in Axe().run(page, options=RULES).response["violations"]]


def overflows(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def fill(page: Page) -> None:
    """Fill in the person's part."""
    page.get_by_label("Given name").fill("Jānis")
    page.get_by_label("Family name").fill("Bērziņš")
    page.get_by_label("Name that others will see").fill("Psychologist, Latvia")
    page.get_by_label("E-mail address").fill("janis@example.org")
    page.get_by_label("Country where you work").select_option("LV")
    page.get_by_label("Organisation").fill("Example clinic")
    page.get_by_label("Field of work").select_option("psychology")
    page.get_by_label("I have read how my data are used").check()


def test_a_question_with_a_condition_appears_with_its_answer(site: str, page: Page, call: Call) -> None:
    page.goto(site + register_url(call))

    expect(page.get_by_label("Where is that?")).to_be_hidden()
    page.get_by_label("Somewhere else").check()
    expect(page.get_by_label("Where is that?")).to_be_visible()
    page.get_by_label("Prison").check()
    expect(page.get_by_label("Where is that?")).to_be_hidden()


def test_without_javascript_the_whole_way_can_be_gone(site: str, browser: Browser, call: Call) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    page.goto(site + register_url(call))

    expect(page.get_by_text("Only if you answered “Somewhere else” to “Where do you work?”.")).to_be_visible()
    fill(page)
    page.get_by_label("Prison").check()
    page.get_by_role("button", name="Send application").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    page.get_by_label("Code from our mail").fill(code_of(PrivateLink.objects.get()))
    page.get_by_role("button", name="Confirm my address").click()
    expect(page.get_by_text("Everyone hears by Tuesday 15 September.")).to_be_visible()
    page.get_by_role("button", name="Give up my registration").click()
    expect(page.get_by_text("Done. Thank you for telling us.")).to_be_visible()
    assert Registration.objects.get().state == State.WITHDRAWN
    context.close()


def test_the_keyboard_alone_fills_and_sends_the_form(site: str, page: Page) -> None:
    call = CallFactory()
    page.goto(site + register_url(call))
    page.get_by_label("Given name").focus()

    for typed in ("Jānis", "Bērziņš", "Psychologist", "janis@example.org", "Latvia", "Clinic", "Psychology"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    # Past the box with what the fields are needed for.
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    page.get_by_label("Code from our mail").focus()
    page.keyboard.type(code_of(PrivateLink.objects.get()))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your place is confirmed")).to_be_visible()


def test_mistakes_are_listed_first_and_lead_to_their_fields(site: str, page: Page, call: Call) -> None:
    page.set_viewport_size(PHONE)
    page.goto(site + register_url(call))
    page.get_by_role("button", name="Send application").click()

    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("Enter your given name.")
    expect(summary).to_be_focused()
    assert barriers(page) == []
    assert not overflows(page)
    summary.get_by_role("link", name="E-mail address").click()
    expect(page.get_by_label("E-mail address")).to_be_focused()
