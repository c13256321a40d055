"""The public form that comes again: seen on a phone and a wide screen, with axe, and with an eye on who is asked."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from playwright.sync_api import Page, expect

from events.models import Call
from ranportal.shared import clock
from ranportal.shared.form_guard import new_stamp
from registrations.models import Registration
from tests.factories import NOW, CallFactory
from tests.registrations.pages import register_url
from tests.registrations.test_views_browser import barriers, fill, overflows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

SET_STAMP = "value => { document.querySelector('[name=stamp]').value = value }"


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def call() -> Call:
    return CallFactory()


def send(page: Page, *, stamp: str) -> None:
    page.evaluate(SET_STAMP, stamp)
    page.get_by_role("button", name="Send registration").click()


def aged(call: Call, age: timedelta) -> str:
    return new_stamp(f"register/{call.event.slug}", now=clock.now() - age)


@pytest.mark.parametrize("width", [360, 1280])
def test_a_page_that_was_open_for_long_comes_again_and_one_more_press_sends_it(
    site: str, page: Page, call: Call, width: int
) -> None:
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(site + register_url(call))
    assert barriers(page) == []
    expect(page.get_by_label("Please leave this field empty")).not_to_be_in_viewport()
    fill(page)
    send(page, stamp=aged(call, timedelta(hours=13)))

    expect(page.get_by_text("Please press the button once more").first).to_be_visible()
    expect(page.get_by_label("Given name")).to_have_value("Jānis")
    assert barriers(page) == []
    assert not overflows(page)
    page.get_by_role("button", name="Send registration").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    assert Registration.objects.count() == 1
    assert asked == {urlsplit(site).netloc}


@pytest.mark.parametrize("width", [360, 1280])
def test_a_network_that_has_to_wait_reads_how_long(
    site: str, page: Page, call: Call, settings: object, width: int
) -> None:
    settings.FORMS_PER_HOUR = 1  # type: ignore[attr-defined]
    page.set_viewport_size({"width": width, "height": 800})
    for _ in range(2):
        page.goto(site + register_url(call))
        fill(page)
        page.get_by_label("Organisation").fill(f"Clinic {_}")
        send(page, stamp=aged(call, timedelta(minutes=1)))

    expect(page.get_by_text("Please wait a little").first).to_be_visible()
    expect(page.get_by_label("Organisation")).to_have_value("Clinic 1")
    assert barriers(page) == []
    assert not overflows(page)


@pytest.mark.parametrize("width", [360, 1280])
def test_without_cookies_the_page_says_what_to_do(site: str, page: Page, call: Call, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(site + register_url(call))
    fill(page)
    page.context.clear_cookies()
    page.get_by_role("button", name="Send registration").click()

    expect(page.get_by_text("Please allow cookies for this site").first).to_be_visible()
    expect(page.get_by_label("Given name")).to_have_value("Jānis")
    assert barriers(page) == []
    assert not overflows(page)
