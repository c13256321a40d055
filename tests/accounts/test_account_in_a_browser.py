"""The pages of one's own account in a real browser, under our policy for scripts, styles and pictures."""

import pytest
from playwright.sync_api import Page, expect

from accounts import drafts
from ranportal.shared import clock
from tests.factories import UserFactory
from tests.ranportal.ecl.test_looks import barriers_at_each_width
from tests.signing_in import PASSWORD, code

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def named(site: str) -> str:
    """The portal under a name: passkeys belong to names, and 127.0.0.1 is none."""
    return site.replace("127.0.0.1", "localhost")


@pytest.fixture
def staff():
    return UserFactory(administrator=True, email="staff@example.org")


def sign_in(page: Page, site: str) -> None:
    page.goto(f"{site}/admin/login/")
    page.get_by_label("E-mail address").fill("staff@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_load_state()


def test_an_app_is_added_by_its_picture_or_letters_and_asked_for_from_then_on(page: Page, named: str, staff) -> None:
    sign_in(page, named)
    page.get_by_role("link", name="My account").click()
    page.get_by_role("link", name="Add an app that makes codes").click()
    picture = page.get_by_role("img", name="Picture for the app")
    expect(picture).to_be_visible()
    picture.evaluate("it => it.decode()")
    assert picture.evaluate("it => it.naturalWidth > 0")
    found = barriers_at_each_width(page)
    secret = page.locator(".account-secret").inner_text()
    page.get_by_label("The six digits").fill(code(secret=secret))
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    found += barriers_at_each_width(page)
    recovery = page.locator(".account-codes li").first.inner_text()
    page.get_by_role("button", name="Log out").click()
    sign_in(page, named)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    found += barriers_at_each_width(page)
    page.get_by_label("Code of your app").fill(recovery)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    assert found == []


def test_a_passkey_is_added_and_opens_the_second_step(page: Page, named: str, staff) -> None:
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    sign_in(page, named)
    page.goto(f"{named}/accounts/second-factor/webauthn/add/")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    sign_in(page, named)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    expect(page).to_have_url(f"{named}/admin/")


def test_a_browser_that_takes_no_passkey_says_so_on_the_page(page: Page, site: str, staff) -> None:
    nameless = site.replace("localhost", "127.0.0.1")
    sign_in(page, nameless)
    page.goto(f"{nameless}/accounts/second-factor/webauthn/add/")
    expect(page.get_by_text("Your browser took no passkey")).to_be_hidden()
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("Your browser took no passkey")).to_be_visible()


def test_the_pages_of_an_account_have_no_barriers(page: Page, named: str, staff) -> None:
    kept = drafts.keep(user=staff, path="/admin/", fields=[("words", "x" * 400)], now=clock.now())
    sign_in(page, named)
    found = []
    for address in (f"drafts/{kept.pk}", "again", "password/change", "second-factor", "password/reset"):
        page.goto(f"{named}/accounts/{address}/")
        found += barriers_at_each_width(page)
    assert found == []
