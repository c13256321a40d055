"""The pages of one's own data in a real browser: accessible, no wider than a phone, and whole without JavaScript."""

from collections.abc import Iterator

import pytest
import time_machine
from playwright.sync_api import Browser, Page, expect

from registrations.enums import Extra
from registrations.links import token_of
from registrations.models import Consent, OfferedExtra, Registration
from registrations.services import consents
from tests.factories import NOW, AnswerFactory, CallFactory, OutgoingMailFactory, QuestionFactory, RegistrationFactory
from tests.journeys.look import Eye, Stop
from tests.journeys.places import press
from tests.registrations.pages import mine_url

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def registration() -> Registration:
    call = CallFactory(join_link_needs_check=False)
    OfferedExtra.objects.bulk_create(OfferedExtra(call=call, extra=extra) for extra in Extra)
    for number in range(5):
        other = RegistrationFactory(call=call, identity__display_name=f"Person {number}")
        for extra in (Extra.LISTED_NAME, Extra.LISTED_EMAIL):
            consents.give(registration=other, extra=extra, now=NOW)
    registration = RegistrationFactory(call=call)
    AnswerFactory(registration=registration, question=QuestionFactory(call=call), text="x" * 90)
    support = QuestionFactory(call=call, key="support", label="What would help you?", is_sensitive=True)
    AnswerFactory(registration=registration, question=support, text="y" * 90)
    sent = QuestionFactory(call=call, kind="file", label="Your curriculum vitae")
    AnswerFactory(registration=registration, question=sent, text="x" * 60 + ".pdf", file="answers/of-a-test")
    OutgoingMailFactory(registration=registration, kind="confirmed", sent=True)
    consents.give(registration=registration, extra=Extra.DIET, detail="No nuts.", now=NOW)
    consents.give(registration=registration, extra=Extra.NETWORK_MAIL, now=NOW)
    Consent.objects.filter(registration=registration, extra=Extra.NETWORK_MAIL).update(wording="another")
    return registration


def test_nothing_stands_in_a_person_s_way(page: Page, site: str, registration: Registration):
    mine = mine_url(registration)
    page.goto(f"{site}/registrations/p/{token_of(registration.links.get())}/")
    stops = [
        Stop("/privacy/"),
        Stop(mine),
        Stop(f"{mine}extras/"),
        Stop(f"{mine}extras/", press=lambda shown: shown.locator("#send-extra-access").click()),
        Stop(f"{mine}data/"),
        Stop(f"{mine}correct/"),
        Stop(f"{mine}erase/"),
        Stop(f"{mine}erase/", press=press("Erase my registration")),
        Stop("/registrations/erased/"),
        Stop(f"/events/{registration.call.event.slug}/register/"),
    ]

    assert Eye(page, site).look_at(stops) == {}


def test_all_of_it_works_without_javascript(browser: Browser, site: str, registration: Registration):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{site}/registrations/p/{token_of(registration.links.get())}/")

    page.get_by_role("link", name="Look at each, allow it or take it back").click()
    part = page.locator("section", has=page.get_by_role("heading", name="Photographs in which you can be seen"))
    part.get_by_label("I may be seen in photographs of the event.").check()
    part.get_by_role("button", name="Allow it").click()
    expect(page.get_by_text("You allow: Photographs in which you can be seen")).to_be_visible()
    part.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("You took back: Photographs in which you can be seen")).to_be_visible()

    part = page.locator("section", has=page.get_by_role("heading", name="What would help you?"))
    part.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("You took back an answer.")).to_be_visible()
    expect(page.get_by_text("What would help you?")).to_have_count(0)

    page.get_by_role("link", name="Back to my registration").click()
    page.get_by_role("link", name="See and download what we hold").click()
    with page.expect_download() as file:
        page.get_by_role("button", name="Download as a text").click()
    assert file.value.suggested_filename == "my-data.txt"
    page.get_by_role("link", name="Back to my registration").click()
    page.get_by_role("link", name="Erase your registration").click()
    page.get_by_label("Yes, erase my registration.").check()
    page.get_by_role("button", name="Erase my registration").click()
    expect(page.get_by_role("heading", name="Done. Your registration is erased.")).to_be_visible()
    context.close()
    assert Registration.objects.get(pk=registration.pk).is_erased
