"""Hostile words where no browser reads them: calendars, feeds, spreadsheets, JSON, names of files. In forty rounds each
of the payloads stands in each column.
"""

import csv
import io
import json
import re
from xml.etree import ElementTree

import icalendar
import pytest
import time_machine

from events.models import Event
from registrations import exports
from tests.events.reading import body_of
from tests.factories import NOW, AnnouncementFactory, DecisionFactory, EventFactory, PublicationFactory, ReviewFactory
from tests.registrations.people_story import call_page, change_page, export, signed_in, story
from tests.registrations.test_exports import read_xlsx
from tests.security.payloads import CANARY_HOST, TEXTS
from tests.security.planting import Sower

pytestmark = pytest.mark.django_db
#: Each step of three, so that thirteen rounds meet all places with a third of the payloads.
ROUNDS = range(0, len(TEXTS), 3)
ATOM = "{http://www.w3.org/2005/Atom}"


def read(client, address: str) -> bytes:
    """What stands at the address."""
    with time_machine.travel(NOW, tick=False):
        answer = client.get(address)
    assert answer.status_code == 200
    return body_of(answer)


def test_calendars_hold_the_entries_that_they_held_and_lead_nowhere_else(client):
    event = EventFactory(onsite=True)
    for number in ROUNDS:
        Sower(number).sow()
        for address in ("/events/calendar.ics", f"/events/{event.slug}/event.ics"):
            text = read(client, address)
            entries = icalendar.Calendar.from_ical(text).walk("VEVENT")
            names = {line.partition(b":")[0].partition(b";")[0] for line in text.split(b"\r\n") if line[:1] != b" "}

            assert len(entries) == 1
            assert CANARY_HOST not in str(entries[0]["url"])
            assert all(re.fullmatch(rb"[A-Z-]*", name) for name in names)
            assert max(map(len, text.split(b"\r\n"))) <= 75


def test_feeds_and_site_maps_are_well_formed_and_lead_to_this_site(client, settings):
    EventFactory(), AnnouncementFactory(), PublicationFactory()
    for number in ROUNDS:
        Sower(number).sow()
        feed = ElementTree.fromstring(read(client, "/announcements/feed/"))
        ElementTree.fromstring(read(client, "/sitemap.xml"))

        assert len(feed.findall(f"{ATOM}entry")) == 1
        assert all(str(link.get("href")).startswith(settings.SITE_URL) for link in feed.iter(f"{ATOM}link"))


@pytest.fixture
def told():
    told = story()
    ReviewFactory(registration=told.applicant, comment="Good.")
    DecisionFactory(registration=told.applicant)
    return told


def test_spreadsheets_start_no_formula(told):
    for number in ROUNDS:
        Sower(number).sow()
        answer = export(signed_in(told.organiser), call_page(told.call, "export.csv"))
        rows = list(csv.reader(io.StringIO(body_of(answer).decode("utf-8-sig"), newline="")))

        assert len(rows) == 2
        assert not [cell for row in rows for cell in row if cell.lstrip(" ")[:1] in exports._FORMULA_STARTS and cell]
        assert {kind for row in read_xlsx(told) for kind, _ in row} <= {"inlineStr", "s", "n", None}


def test_the_dossier_is_json_whatever_stands_in_it(told):
    organiser = signed_in(told.organiser)
    for number in ROUNDS:
        Sower(number).sow()
        answer = export(organiser, change_page(told.applicant).replace("change/", "dossier/organisers.json"))
        assert answer.status_code == 200
        assert json.loads(body_of(answer))


def test_names_of_files_are_ours(told, client):
    Event.objects.update(title='x"; filename="evil.exe\r\nX: y')
    answer = export(signed_in(told.organiser), call_page(told.call, "export.csv"))
    with time_machine.travel(NOW, tick=False):
        calendar = client.get(f"/events/{told.call.event.slug}/event.ics")

    for one in (answer, calendar):
        assert re.fullmatch(r'(attachment|inline); filename="[\w.-]+"', one["Content-Disposition"])
        body_of(one)
