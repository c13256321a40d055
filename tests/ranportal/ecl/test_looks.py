"""The look in a real browser: readable by everyone, on a phone, without JavaScript."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.urls("tests.ranportal.ecl.gallery"),
    pytest.mark.django_db(transaction=True),
]

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
PHONE, DESK = 360, 1280


def barriers(page: Page, *rules: str) -> list[tuple[str, str]]:
    # Preloading would inject the styles once more, inline, which the policy of our pages rightly refuses.
    options = {"runOnly": [*WCAG, *rules], "preload": False}
    found = Axe().run(page, options=options).response["violations"]
    return [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]]


def barriers_at_each_width(page: Page, *rules: str) -> list[tuple[str, str]]:
    found = []
    for width in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": 900})
        found += barriers(page, *rules)
    return found


def width_of(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth")


@pytest.mark.parametrize("address", ["/gallery/", "/form/", "/refusals/404/", "/refusals/500/"])
def test_axe_finds_no_barrier(page: Page, site: str, address: str) -> None:
    page.goto(site + address)
    assert barriers_at_each_width(page, "best-practice") == []


def test_axe_finds_no_barrier_in_a_form_that_needs_another_look(page: Page, site: str) -> None:
    page.goto(f"{site}/form/")
    page.get_by_role("button", name="Send application").click()
    page.get_by_role("alert").wait_for()
    assert barriers_at_each_width(page, "best-practice") == []


def test_axe_sees_a_barrier_where_there_is_one(page: Page, site: str) -> None:
    page.goto(f"{site}/form/")
    page.evaluate("document.querySelector('label[for=id_email]').remove()")
    assert "label" in {rule for rule, _ in barriers(page)}


@pytest.mark.parametrize("address", ["/gallery/", "/form/", "/refusals/404/", "/refusals/500/"])
def test_nothing_is_wider_than_the_smallest_phone(page: Page, site: str, address: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(site + address)
    assert width_of(page) == 320


def test_the_summary_has_the_focus_and_its_links_lead_to_the_fields(page: Page, site: str) -> None:
    page.goto(f"{site}/form/")
    page.get_by_role("button", name="Send application").click()
    summary = page.get_by_role("alert")
    summary.wait_for()
    assert summary.evaluate("element => element === document.activeElement")
    summary.get_by_role("link", name="Where do you work?").click()
    page.keyboard.press("Space")
    assert page.get_by_label("Prison and probation").is_checked()


def test_the_menu_opens_on_a_phone_without_javascript(browser: Browser, site: str) -> None:
    page = browser.new_page(java_script_enabled=False, viewport={"width": PHONE, "height": 800})
    page.goto(f"{site}/gallery/")
    link = page.get_by_role("link", name="Announcements")
    assert not link.is_visible()
    page.get_by_text("Menu", exact=True).click()
    link.click()
    assert page.url == f"{site}/announcements/"
    page.close()


def test_the_skip_link_is_the_first_stop_and_passes_the_menu(page: Page, site: str) -> None:
    page.goto(f"{site}/gallery/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to main content")
    assert skip.evaluate("element => element === document.activeElement")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_touch_targets_on_a_phone_are_large_enough(page: Page, site: str) -> None:
    page.set_viewport_size({"width": PHONE, "height": 900})
    page.goto(f"{site}/form/")
    targets = (
        "button, summary, select, input:not([type=hidden]):not(.ecl-radio__input):not(.ecl-checkbox__input), footer a"
    )
    is_small = "e => e.checkVisibility() && e.getBoundingClientRect().height < 43.5"
    small = page.eval_on_selector_all(targets, f"found => found.filter({is_small}).map(e => e.outerHTML)")
    assert small == []


def test_axe_finds_no_barrier_in_the_admin(page: Page, site: str) -> None:
    get_user_model().objects.create_superuser("admin@example.org", "correct horse battery")
    page.goto(f"{site}/admin/login/")
    found = barriers_at_each_width(page)
    page.get_by_label("E-mail address").fill("admin@example.org")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Log in").click()
    for address in ("/admin/", "/accounts/password/change/"):
        page.goto(site + address)
        found += barriers_at_each_width(page)
    assert found == []
