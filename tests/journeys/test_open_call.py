"""An open call on a phone: register, prove the address, wait, give up, move up; with a real worker and clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from events.models import Call
from ranportal.shared import clock
from registrations.enums import State
from registrations.models import Registration
from tests import sealed
from tests.factories import CallFactory, EventFactory
from tests.journeys.people import ANNA, BENEDETTO, CHLOE, Applicant, expect_headline, expect_panel, fill_in
from tests.journeys.post import Post, calendar_in, code_in, link_in, text_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.both_databases,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]

TITLE = "Mental health and prevention, a shared responsibility"
SECRET = "https://meet.example.org/secret-room"


@dataclass
class Portal:
    """What the people of this journey meet."""

    site: str
    post: Post
    visitor: Callable[..., Page]
    starts_at: datetime


@pytest.fixture
def portal(site: str, post: Post, visitor: Callable[..., Page], worker: Callable[..., object]) -> Portal:
    """A portal with a worker and one open webinar with two places."""
    now = clock.now()
    starts_at = (now + timedelta(days=30)).replace(microsecond=0)
    event = EventFactory(
        title=TITLE,
        published_at=now - timedelta(days=1),
        sessions=[(starts_at, starts_at + timedelta(minutes=90))],
        join_link=SECRET,
    )
    CallFactory(event=event, opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=9), capacity=2)
    worker()
    return Portal(site, post, visitor, starts_at)


def test_from_the_home_page_to_a_place_and_from_the_waiting_list_to_a_place(portal: Portal) -> None:
    annas = prove_by_code(portal, ANNA)
    expect_panel(annas, "Your place is confirmed")
    expect(annas.get_by_role("link", name=SECRET)).to_be_visible()
    check_calendar(portal, ANNA)

    expect_panel(prove_by_link(portal, BENEDETTO), "Your place is confirmed")

    chloes = prove_by_code(portal, CHLOE)
    expect_panel(chloes, "On the waiting list, position 1.")
    expect(chloes.get_by_text(SECRET)).to_have_count(0)
    assert "On the waiting list, position 1." in text_of(portal.post.wait_for(CHLOE.email, 2))

    annas.get_by_role("button", name="Give up my place").click()
    expect_panel(annas, "Done. Thank you for telling us.")

    news = portal.post.wait_for(CHLOE.email, 3)
    assert "A place has become free, and it is yours." in text_of(news)
    check_calendar(portal, CHLOE)
    chloes.reload()
    expect_panel(chloes, "Your place is confirmed")
    expect(chloes.get_by_role("link", name=SECRET)).to_be_visible()
    portal.post.wait_for(ANNA.email, 3)
    check_what_is_left(portal)


def send_form(portal: Portal, who: Applicant) -> Page:
    """From the home page to "One more step", on a phone."""
    page = portal.visitor(width=360)
    page.goto(portal.site)
    page.get_by_role("link", name=TITLE).click()
    page.get_by_role("link", name="Register", exact=True).click()
    fill_in(page, who)
    page.get_by_role("button", name="Send registration").click()
    expect_headline(page, "One more step")
    expect(page.get_by_text("We sent a code to your address. Without it we cannot consider")).to_be_visible()
    return page


def prove_by_code(portal: Portal, who: Applicant) -> Page:
    """Type the code of the mail into the page that waits for it."""
    page = send_form(portal, who)
    page.get_by_label("Code from our mail").fill(code_in(portal.post.wait_for(who.email, 1)))
    page.get_by_role("button", name="Confirm my address").click()
    expect_headline(page, TITLE)
    return page


def prove_by_link(portal: Portal, who: Applicant) -> Page:
    """Follow the link of the mail on another device and press its button; opening the page alone proves nothing."""
    send_form(portal, who)
    page = portal.visitor(width=360)
    page.goto(link_in(portal.post.wait_for(who.email, 1)))
    assert page.url.startswith(f"{portal.site}/registrations/mine/P-")
    assert Registration.objects.filter(state=State.UNPROVEN).count() == 1
    page.get_by_role("button", name="Confirm my address").click()
    return page


def check_calendar(portal: Portal, who: Applicant) -> None:
    """The newest mail brings an entry with the right instants, and nothing that says what the event is."""
    portal.post.wait_for(who.email, 2 if who is ANNA else 3)
    registration = sealed.of_address(who.email)
    mail = portal.post.newest(who.email)
    (entry,) = calendar_in(mail)
    assert mail["Subject"] == f"Your registration {registration.reference}: news"
    assert {name: entry[name] for name in ("summary", "class", "dtstart", "dtend")} == {
        "summary": f"Online session {registration.reference}",
        "class": "PRIVATE",
        "dtstart": portal.starts_at,
        "dtend": portal.starts_at + timedelta(minutes=90),
    }
    assert str(entry["dtstart"].tzinfo) == "UTC"
    assert set(entry) == {"summary", "class", "dtstart", "dtend", "uid", "sequence", "dtstamp"}
    assert TITLE not in mail.as_string()


def check_what_is_left(portal: Portal) -> None:
    """Two places, both taken, and the mails that three people got, no more."""
    states = {one.identity.email: one.state for one in Registration.objects.select_related("identity")}
    assert states == {ANNA.email: "withdrawn", BENEDETTO.email: "confirmed", CHLOE.email: "confirmed"}
    assert Call.objects.get().places_taken == 2
    portal.post.wait_for(BENEDETTO.email, 2)
    assert len(portal.post.all()) == 8
    assert not any(SECRET in mail.as_string() for mail in portal.post.all())
