"""The public pages of events, in each of their states."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from events import times
from events.models import Session, WorkingGroup
from tests.events.reading import in_order, text_of
from tests.factories import NOW, AnnouncementFactory, CallFactory, EventFactory, PublicationFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

DAY = timedelta(days=1)
YESTERDAY = [(NOW - DAY, NOW - DAY / 2)]


# The first page


def test_home_shows_open_calls_first_then_what_comes_then_what_is_new(client):
    later = EventFactory(title="Comes later", sessions=[(NOW + 5 * DAY, NOW + 6 * DAY)])
    open_call = CallFactory(event__title="Takes registrations")
    news, paper = AnnouncementFactory(title="News of today"), PublicationFactory(title="A paper")
    page = text_of(client, "/")
    assert in_order(page, "Open for registration", open_call.event.title, "Coming up", later.title)
    assert in_order(page, "Latest announcements", news.title, "Latest publications", paper.title)
    assert page.count(open_call.event.get_absolute_url()) == 1


@pytest.mark.parametrize(
    ("traits", "takes"),
    [
        ({"capacity": 0, "has_waiting_list": False}, False),
        ({"capacity": 1, "has_waiting_list": False}, True),
        ({"capacity": 0, "has_waiting_list": True}, True),
        ({"unlimited": True, "has_waiting_list": False}, True),
        ({"selective": True, "capacity": 0, "has_waiting_list": False}, True),
    ],
)
def test_only_what_can_still_be_joined_is_open_for_registration(client, traits, takes):
    title = CallFactory(event__title="A webinar", **traits).event.title
    assert in_order(text_of(client, "/"), "Coming up", title) is not takes
    assert (title in text_of(client, "/events/?open=1")) is takes


def test_home_without_anything_says_so(client):
    assert "Nothing is open for registration at the moment." in text_of(client, "/")


def test_home_leaves_out_what_is_over(client):
    past = EventFactory(title="Was last year", sessions=YESTERDAY)
    assert past.title not in text_of(client, "/")


# The list


def test_the_list_shows_what_comes_next_first_and_then_the_latest_past_event(client):
    for title, days in (("Far", 9), ("Long ago", -9), ("Near", 2), ("Just over", -2)):
        EventFactory(title=f"Event {title}", sessions=[(NOW + days * DAY, NOW + days * DAY + DAY / 2)])
    page = text_of(client, "/events/")
    assert in_order(page, "4 events", "Coming up", "Event Near", "Event Far", "Past events", "Just over", "Long ago")


def test_an_event_that_is_running_is_not_past(client):
    EventFactory(title="Runs now", sessions=[(NOW - DAY, NOW - DAY / 2), (NOW + DAY, NOW + 2 * DAY)])
    assert "Past events" not in text_of(client, "/events/")


def test_an_empty_list_says_so(client):
    assert "No event is announced at the moment." in text_of(client, "/events/")


@pytest.fixture
def two_events():
    """One that fits each filter of these tests, and one that fits none."""
    fits = EventFactory(
        title="Fits well", kind="study_visit", language="fr", summary="About youth clubs.", city="Riga", format="onsite"
    )
    fits.working_groups.set(WorkingGroup.objects.filter(slug="ran-ye"))
    CallFactory(event=fits)
    other = EventFactory(title="Something else")
    CallFactory(event=other, closed=True)
    return fits, other


@pytest.mark.parametrize(
    "query",
    [
        "kind=study_visit",
        "working_group=ran-ye",
        "open=1",
        "language=fr",
        "q=youth",
        "q=CLUBS+fits",
        "q=riga",
        "kind=study_visit&working_group=ran-ye&open=1&language=fr&q=youth",
    ],
)
def test_each_filter_finds_the_event_that_fits(client, two_events, query):
    page = text_of(client, f"/events/?{query}")
    assert "1 event<" in page
    assert "Fits well" in page
    assert "Something else" not in page


@pytest.mark.parametrize("query", ["", "kind=", "open=0", "open=", "q=++", "page=1", "unknown=1"])
def test_an_empty_filter_asks_for_nothing(client, two_events, query):
    page = text_of(client, f"/events/?{query}")
    assert "2 events" in page


@pytest.mark.parametrize(
    ("query", "label"),
    [
        ("kind=party", "Kind of event"),
        ("working_group=ran-xx", "Working group"),
        ("language=xx", "Language"),
        ("open=perhaps", "Open for registration now"),
        ("q=" + "x" * 201, "Search for words"),
    ],
)
def test_an_unknown_value_is_left_out_with_a_note(client, two_events, query, label):
    page = text_of(client, f"/events/?{query}")
    assert f"is not something we can look for under “{label}”. We left it out." in page
    assert "2 events" in page


def test_an_unknown_value_is_shown_as_text(client):
    page = text_of(client, "/events/?kind=<script>alert(1)</script>")
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=999999999999", "page=x", "page=%F0%9F%98%80", "q=%25_%27"]
)
def test_strange_addresses_are_answered(client, two_events, query):
    assert client.get(f"/events/?{query}").status_code == 200


def test_nothing_found_is_said_and_led_out_of(client, two_events):
    page = text_of(client, "/events/?q=xylophone")
    assert "No event found" in page
    assert 'or <a href="/events/">see all events</a>' in page


def test_the_filter_shows_what_was_asked_for(client, two_events):
    page = text_of(client, "/events/?kind=study_visit&open=1&q=youth")
    assert '<option value="study_visit" selected>' in page
    assert 'value="youth"' in page
    assert "checked" in page
    assert '<details class="ecl-accordion__item" open' in page or "<details open" in page or " open>" in page


def test_a_long_list_has_pages_that_keep_the_filter(client):
    for number in range(25):
        EventFactory(title=f"Event {number:02}", kind="plenary")
    first, second = (text_of(client, f"/events/?kind=plenary&page={page}") for page in (1, 2))
    assert "25 events" in first
    assert 'href="?kind=plenary&amp;page=2"' in first
    titles = [f"Event {number:02}" for number in range(25)]
    assert sum(title in first for title in titles) == 20
    assert sum(title in second for title in titles) == 5
    assert not [title for title in titles if title in first and title in second]


# The event's page


def test_an_event_page_shows_its_facts_and_sections(client):
    event = EventFactory(
        title="Talks & tea",
        summary="In **short**.",
        target_group="Police officers",
        aim_and_background="## Why\n\nBecause.",
        programme="- One\n- Two",
        practical_information="Bring tea.",
    )
    event.working_groups.set(WorkingGroup.objects.filter(slug="ran-pol"))
    page = text_of(client, event.get_absolute_url())
    assert in_order(page, "<h1", "Talks &amp; tea", "</h1>", "Webinar", "29 September 2026, 10:00-11:30 CEST")
    assert in_order(page, "When", "Tuesday 29 September 2026, 10:00-11:30 CEST", "Where", "Online, WebEx", "English")
    assert '<a href="/working-groups/ran-pol/">RAN POL</a>' in page
    assert in_order(
        page,
        "<p>In <strong>short</strong>.</p>",
        "Who it is for</h2>",
        "Aim and background</h2>",
        "<h3>Why</h3>",
        "Programme</h2>",
        "<li>One</li>",
        "Practical information</h2>",
    )
    assert f"{event.get_absolute_url()}event.ics" in page


def test_an_event_page_leaves_out_empty_sections(client):
    page = text_of(client, EventFactory(programme="").get_absolute_url())
    assert "Programme" not in page


def test_an_event_of_two_days_says_them_without_hours(client):
    zone = ZoneInfo("Europe/Brussels")
    event = EventFactory(sessions=[])
    for day in (date(2021, 11, 4), date(2021, 11, 5)):
        Session.objects.create(
            event=event, starts_at=times.day_start(day, zone), ends_at=times.day_end(day, zone), is_whole_day=True
        )
    page = text_of(client, event.get_absolute_url())
    assert "4 and 5 November 2021" in page
    assert "This event has taken place." in page


def test_an_open_call_says_its_deadline_also_for_other_clocks(client):
    call = CallFactory(
        closes_on=date(2026, 9, 8), closes_at=times.day_end(date(2026, 9, 8), ZoneInfo("Europe/Brussels"))
    )
    page = text_of(client, call.event.get_absolute_url())
    assert "Registration is open until the end of Tuesday 8 September (Brussels time)." in page
    assert "00:59 on Wednesday in Bulgaria" in page
    assert f'href="{call.event.get_absolute_url()}register/"' in page


@pytest.mark.parametrize(
    ("trait", "sentence"),
    [
        ("not_yet_open", "Registration opens on 2 September, 14:00 (Brussels time)."),
        ("closed", "Registration closed at 13:00 on Tuesday 1 September 2026 (Brussels time)."),
    ],
)
def test_a_call_that_is_not_open_says_why_and_offers_no_form(client, trait, sentence):
    call = CallFactory(**{trait: True})
    page = text_of(client, call.event.get_absolute_url())
    assert sentence in page
    assert "/register/" not in page


def test_a_cancelled_event_says_so_on_top(client):
    event = CallFactory(event__cancelled=True).event
    page = text_of(client, event.get_absolute_url())
    assert in_order(page, "</h1>", "This event is cancelled", "At a glance")
    assert "/register/" not in page
    assert "Add to calendar" not in page
    assert "Cancelled" in text_of(client, "/events/")


def test_venue_and_join_link_are_on_no_public_page(client):
    event = CallFactory(event__onsite=True, event__join_link="https://meet.example.org/secret-room").event
    for path in (event.get_absolute_url(), f"{event.get_absolute_url()}event.ics", "/events/calendar.ics", "/events/"):
        body = client.get(path).content.decode()
        assert "Secret Street" not in body
        assert "secret-room" not in body
    assert client.get("/events/?q=Secret+Street").content.decode().count(event.title) == 0


def test_an_event_page_links_to_what_belongs_to_it_in_both_directions(client):
    earlier = EventFactory(title="The earlier meeting", sessions=YESTERDAY)
    event = EventFactory(title="The webinar")
    event.related_events.add(earlier)
    news = AnnouncementFactory(title="Call for participants", event=event)
    paper = PublicationFactory(title="Its outcome")
    paper.events.add(earlier)
    page = text_of(client, event.get_absolute_url())
    assert in_order(page, "Related events", earlier.title, "Announcements about this event", news.title)
    earlier_page = text_of(client, earlier.get_absolute_url())
    assert in_order(earlier_page, "What came out of it", paper.title, "Related events", event.title)


def test_an_unknown_event_is_not_found(client):
    assert client.get("/events/nothing/").status_code == 404
    assert client.get("/events/nothing/event.ics").status_code == 404


@pytest.mark.parametrize("path", ["/", "/events/", "/announcements/", "/publications/", "/events/calendar.ics"])
def test_pages_answer_reading_only(client, path):
    assert client.post(path).status_code == 405
    assert client.head(path).status_code == 200


# Working groups


def test_the_nine_working_groups_exist():
    assert list(WorkingGroup.objects.values_list("slug", "name").order_by("slug")) == [
        ("ran-cn", "RAN C&N"),
        ("ran-fcs", "RAN FC&S"),
        ("ran-health", "RAN HEALTH"),
        ("ran-local", "RAN LOCAL"),
        ("ran-pol", "RAN POL"),
        ("ran-prisons", "RAN PRISONS"),
        ("ran-rehabilitation", "RAN REHABILITATION"),
        ("ran-vot", "RAN VoT"),
        ("ran-ye", "RAN Y&E"),
    ]


def test_a_working_group_page_shows_its_events_and_publications(client):
    group = WorkingGroup.objects.get(slug="ran-health")
    event, paper = EventFactory(title="Their meeting"), PublicationFactory(title="Their paper")
    event.working_groups.add(group)
    paper.working_groups.add(group)
    EventFactory(title="Of others")
    page = text_of(client, "/working-groups/ran-health/")
    assert in_order(page, "RAN HEALTH</h1>", "Mental health", "Coming up", event.title, "Publications", paper.title)
    assert "Of others" not in page


def test_a_working_group_without_events_says_so(client):
    assert "No event of this working group is announced at the moment." in text_of(client, "/working-groups/ran-cn/")


def test_an_unknown_working_group_is_not_found(client):
    assert client.get("/working-groups/ran-xx/").status_code == 404
