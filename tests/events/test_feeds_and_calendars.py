"""What machines read: the feed, the sitemap and calendar files."""

from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from events import times
from events.models import Session
from events.services import events
from events.services.events import Stretch
from tests.factories import NOW, AnnouncementFactory, CallFactory, EventFactory, PublicationFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
BRUSSELS = ZoneInfo("Europe/Brussels")


@pytest.fixture(autouse=True)
def own_address(settings):
    settings.SITE_URL = "https://events.example.org"
    settings.MAIL_DOMAIN = "events.example.org"


def entries_of(client, path: str) -> list:
    response = client.get(path)
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    return Calendar.from_ical(response.content).walk("VEVENT")


def two_days() -> list[Stretch]:
    days = (date(2021, 11, 4), date(2021, 11, 5))
    return [Stretch(times.day_start(day, BRUSSELS), times.day_end(day, BRUSSELS), True) for day in days]


# Calendar


def test_a_calendar_entry_tells_what_the_page_tells_in_utc(client):
    event = EventFactory(
        slug="talk",
        title="Talks, tea; and “more”",
        summary="In **short**.",
        sessions=[(datetime(2023, 9, 20, 12, 0, tzinfo=UTC), datetime(2023, 9, 20, 15, 0, tzinfo=UTC))],
    )
    (entry,) = entries_of(client, "/events/talk/event.ics")
    assert str(entry["SUMMARY"]) == event.title
    assert entry["DTSTART"].to_ical() == b"20230920T120000Z"
    assert entry["DTEND"].to_ical() == b"20230920T150000Z"
    assert str(entry["UID"]) == f"event-{event.pk}-1@events.example.org"
    assert str(entry["LOCATION"]) == "Online, WebEx"
    assert str(entry["STATUS"]) == "CONFIRMED"
    assert str(entry["DESCRIPTION"]) == "In short.\n\nhttps://events.example.org/events/talk/"
    assert str(entry["URL"]) == "https://events.example.org/events/talk/"


def test_days_without_hours_are_dates_and_days_in_a_row_are_one_entry(client):
    event = EventFactory(slug="meeting", sessions=[])
    events.revise(event=event, sessions=two_days(), by=None, now=NOW)
    (entry,) = entries_of(client, "/events/meeting/event.ics")
    assert (entry["DTSTART"].dt, entry["DTEND"].dt) == (date(2021, 11, 4), date(2021, 11, 6))
    assert entry["DTSTART"].params["VALUE"] == "DATE"


def test_days_apart_are_entries_of_their_own(client):
    event = EventFactory(slug="meeting", sessions=[])
    for day in (date(2021, 11, 4), date(2021, 11, 8)):
        Session.objects.create(
            event=event,
            starts_at=times.day_start(day, BRUSSELS),
            ends_at=times.day_end(day, BRUSSELS),
            is_whole_day=True,
        )
    entries = entries_of(client, "/events/meeting/event.ics")
    assert [entry["DTSTART"].dt for entry in entries] == [date(2021, 11, 4), date(2021, 11, 8)]
    assert len({str(entry["UID"]) for entry in entries}) == 2


def test_a_moved_event_keeps_its_uid_and_raises_its_sequence(client):
    event = EventFactory(slug="talk")
    (before,) = entries_of(client, "/events/talk/event.ics")
    moved = [Stretch(NOW + timedelta(days=30), NOW + timedelta(days=30, hours=1))]
    events.revise(event=event, sessions=moved, by=None, now=NOW)
    (after,) = entries_of(client, "/events/talk/event.ics")
    assert (str(after["UID"]), after["SEQUENCE"]) == (str(before["UID"]), before["SEQUENCE"] + 1)


def test_a_cancelled_event_is_cancelled_in_calendars(client):
    event = EventFactory(slug="talk")
    events.cancel(event=event, by=UserFactory(), now=NOW)
    (entry,) = entries_of(client, "/events/talk/event.ics")
    assert (str(entry["STATUS"]), entry["SEQUENCE"]) == ("CANCELLED", 1)


def test_an_event_file_is_named_after_the_event(client):
    EventFactory(slug="talk")
    assert client.get("/events/talk/event.ics")["Content-Disposition"] == 'attachment; filename="talk.ics"'


def test_line_breaks_and_control_characters_in_a_title_break_no_calendar(client):
    EventFactory(slug="talk", title="Talks\x0b and\r\nEND:VEVENT", city="Rīga\x1b")
    (entry,) = entries_of(client, "/events/talk/event.ics")
    assert str(entry["SUMMARY"]) == "Talks  and\nEND:VEVENT"


def test_the_calendar_of_all_holds_each_visible_event_once(client):
    seen = [EventFactory(), CallFactory().event]
    EventFactory(draft=True), EventFactory(hidden=True), EventFactory(scheduled=True)
    assert {str(entry["SUMMARY"]) for entry in entries_of(client, "/events/calendar.ics")} == {e.title for e in seen}


def test_an_empty_calendar_is_a_calendar(client):
    assert entries_of(client, "/events/calendar.ics") == []


# Feed


def test_the_feed_tells_the_newest_announcements_with_full_addresses(client):
    AnnouncementFactory(slug="older", published_at=NOW - timedelta(days=5))
    AnnouncementFactory(
        slug="newer",
        title="News & more",
        body="**Bold** <script>alert(1)</script>",
        published_at=NOW - timedelta(days=1),
    )
    response = client.get("/announcements/feed/")
    assert response["Content-Type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(response.content)
    first, second = feed.findall(f"{ATOM}entry")
    assert first.findtext(f"{ATOM}title") == "News & more"
    assert first.findtext(f"{ATOM}id") == "https://events.example.org/announcements/newer/"
    assert first.find(f"{ATOM}link").get("href") == "https://events.example.org/announcements/newer/"
    assert first.findtext(f"{ATOM}published") == "2026-08-31T12:00:00+00:00"
    assert first.findtext(f"{ATOM}summary") == "<p><strong>Bold</strong> &lt;script&gt;alert(1)&lt;/script&gt;</p>\n"
    assert second.findtext(f"{ATOM}id") == "https://events.example.org/announcements/older/"
    assert feed.find(f"{ATOM}link[@rel='self']").get("href") == "https://events.example.org/announcements/feed/"


def test_control_characters_in_an_announcement_break_no_feed(client):
    AnnouncementFactory(title="Talks\x0band\ufffetea", body="One\x0ctwo", department="Unit\x1b")
    feed = ElementTree.fromstring(client.get("/announcements/feed/").content)
    assert feed.findtext("{http://www.w3.org/2005/Atom}entry/{http://www.w3.org/2005/Atom}title") == "Talks and tea"


def test_an_empty_feed_is_a_feed(client):
    assert ElementTree.fromstring(client.get("/announcements/feed/").content).findall(f"{ATOM}entry") == []


def test_pages_lead_feed_readers_to_the_feed(client):
    for path in ("/", "/announcements/"):
        assert 'type="application/atom+xml"' in client.get(path).content.decode()


# Sitemap


def test_the_sitemap_names_every_public_page_by_its_full_address(client):
    EventFactory(slug="talk")
    AnnouncementFactory(slug="news")
    PublicationFactory(slug="paper")
    root = ElementTree.fromstring(client.get("/sitemap.xml", headers={"Host": "127.0.0.1"}).content)
    addresses = {element.text for element in root.iter(f"{SITEMAP}loc")}
    groups = "cn fcs health local pol prisons rehabilitation vot ye"
    assert addresses == {
        f"https://events.example.org{path}"
        for path in (
            "/",
            "/events/",
            "/announcements/",
            "/publications/",
            "/privacy/",
            "/accessibility/",
            "/recognise-our-mails/",
            "/events/talk/",
            "/announcements/news/",
            "/publications/paper/",
            *(f"/working-groups/ran-{name}/" for name in groups.split()),
        )
    }
