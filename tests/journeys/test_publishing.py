"""What publishers put out: an announcement that appears at its moment, and the outcome of a meeting."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from playwright.sync_api import Page, expect

from accounts.enums import Role
from events.models import Announcement
from tests.factories import NOW, EventFactory, UserFactory
from tests.journeys.people import expect_headline, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CALLS = Path(__file__).resolve().parents[2] / "demo" / "calls"
MEETING = "RAN HEALTH Training for Mental Health Practitioners in P/CVE"
PAPER = "Training for Mental Health Practitioners in P/CVE"
KIB = 1024


def test_a_scheduled_announcement_appears_by_itself_at_its_moment(
    the_clock: time_machine.Traveller, site: str, visitor: Callable[..., Page]
) -> None:
    EventFactory(title="Mental health and prevention")
    publisher = UserFactory(role=Role.PUBLISHER)
    staff, public = visitor(width=1280), visitor(width=360)
    sign_in(staff, site, publisher.email)
    write_announcement(staff, site, title="Registrations now open", at="2026-09-02T09:00")
    expect(staff.get_by_text("Scheduled: appears by itself on 2 September 2026, 09:00")).to_be_visible()
    address = f"{site}/announcements/registrations-now-open/"

    assert public.goto(address).status == 404
    assert not is_anywhere(public, site)

    the_clock.move_to(NOW.replace(day=2, hour=7, minute=0) - timedelta(seconds=30), tick=False)
    assert public.goto(address).status == 404

    the_clock.move_to(NOW.replace(day=2, hour=7, minute=0), tick=False)
    assert public.goto(address).status == 200
    expect_headline(public, "Registrations now open")
    expect(public.get_by_role("heading", name="Who can come")).to_be_visible()
    assert is_anywhere(public, site)
    assert Announcement.objects.get().history.filter(history_user=publisher).exists()


def write_announcement(page: Page, site: str, *, title: str, at: str) -> None:
    """Write and schedule an announcement in the admin, by the words of its form."""
    page.goto(f"{site}/admin/")
    page.get_by_role("link", name="Announcements").first.click()
    page.get_by_role("link", name="Add announcement").click()
    page.wait_for_url("**/add/", wait_until="load")
    page.get_by_label("Title").fill(title)
    # Leaving the field makes the slug, whatever a busy machine did with single keys.
    page.get_by_label("Title").press("Tab")
    expect(page.get_by_label("Slug")).to_have_value("registrations-now-open")
    page.get_by_label("Kind").select_option(label="Call for participants")
    page.get_by_label("Text").fill("Come and **see**.\n\n## Who can come\n\nAll of you.")
    page.get_by_label("Status").select_option(label="Published")
    page.get_by_label("Appears on").fill(at)
    page.get_by_role("button", name="Save", exact=True).first.click()


def is_anywhere(page: Page, site: str) -> bool:
    """Whether the announcement is on the home page, in the list, the feed and the sitemap. All or none."""
    found = {
        "Registrations now open" in page.request.get(f"{site}{address}").text()
        or "registrations-now-open" in page.request.get(f"{site}{address}").text()
        for address in ("/", "/announcements/", "/announcements/feed/", "/sitemap.xml")
    }
    assert len(found) == 1
    return found.pop()


def test_the_outcome_of_the_meeting_of_2021_can_be_read_and_downloaded(
    site: str, visitor: Callable[..., Page], tmp_path: Path
) -> None:
    call_command("import_call", CALLS / "ran-health-training-2021.yaml", verbosity=0)
    original = next(CALLS.glob("*.pdf")).read_bytes()
    words = f"Download {PAPER} (PDF, {len(original) / KIB:.2f} KB)"
    page = visitor(width=360)

    page.goto(f"{site}/events/?q=HEALTH")
    page.get_by_role("link", name=MEETING).click()
    expect_headline(page, MEETING)
    expect(page.get_by_text("4 and 5 November 2021").first).to_be_visible()
    page.get_by_role("link", name=PAPER, exact=True).click()
    expect_headline(page, PAPER)
    assert page.get_by_role("heading", name="Key points").locator("+ ul > li").count() == 6
    with page.expect_download() as download:
        page.get_by_role("link", name=words).click()
    download.value.save_as(tmp_path / "paper.pdf")
    head = page.request.head(f"{site}{page.get_by_role('link', name=words).get_attribute('href')}")

    assert (tmp_path / "paper.pdf").read_bytes() == original
    assert download.value.suggested_filename == "training-for-mental-health-practitioners-in-pcve.pdf"
    assert (head.headers["content-type"], head.headers["content-length"]) == ("application/pdf", str(len(original)))
    assert head.headers["x-content-type-options"] == "nosniff"
