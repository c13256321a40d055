"""What people do in the pages of the portal, by the words that they read there."""

from dataclasses import dataclass

from playwright.sync_api import Page, expect

STAFF_PASSWORD = "a-long-test-password"


@dataclass(frozen=True)
class Applicant:
    """A synthetic person at a keyboard."""

    given_name: str
    family_name: str
    email: str
    organisation: str = "Example clinic"


ANNA = Applicant("Anna", "Ozoliņa", "anna@example.org")
BENEDETTO = Applicant("Benedetto", "D'Angelo", "benedetto@example.org")
CHLOE = Applicant("Chloé", "Müller-Ørsted", "chloe@example.org")


def fill_in(page: Page, who: Applicant) -> None:
    """Fill in who the person is and tick the box about the data."""
    page.get_by_label("Given name").fill(who.given_name)
    page.get_by_label("Family name").fill(who.family_name)
    page.get_by_label("Name that others will see").fill("Psychologist, Latvia")
    page.get_by_label("E-mail address").fill(who.email)
    page.get_by_label("Country where you work").select_option("LV")
    page.get_by_label("Organisation").fill(who.organisation)
    page.get_by_label("Field of work").select_option("psychology")
    page.get_by_label("I have read how my data are used").check()


def headline(page: Page) -> str:
    """What the page is called."""
    return page.get_by_role("heading", level=1).inner_text()


def expect_headline(page: Page, words: str) -> None:
    """Wait for the page of this name."""
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


def expect_panel(page: Page, words: str) -> None:
    """Wait for the panel that says what stands."""
    expect(page.get_by_role("heading", name=words, exact=True)).to_be_visible()


def sign_in(page: Page, site: str, email: str, password: str = STAFF_PASSWORD) -> None:
    """Sign in to the admin."""
    page.goto(f"{site}/admin/login/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
