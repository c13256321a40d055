"""Writes on events and pages: what grows the revision, what leaves a trace, and that half a write is none."""

from datetime import UTC, date, datetime, timedelta

import pytest

from events.enums import Status
from events.models import Event, Session
from events.services import events, publishing
from events.services.events import Stretch
from tests.factories import NOW, AnnouncementFactory, CallFactory, EventFactory, PublicationFactory, UserFactory

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
MORNING = Stretch(NOW + 24 * HOUR, NOW + 25 * HOUR)
AFTERNOON = Stretch(NOW + 28 * HOUR, NOW + 29 * HOUR)


@pytest.fixture
def staff():
    return UserFactory()


@pytest.fixture
def event():
    return EventFactory(sessions=[(MORNING.starts_at, MORNING.ends_at)])


def stretches(event: Event) -> list[Stretch]:
    return [Stretch(row.starts_at, row.ends_at, row.is_whole_day) for row in event.sessions.all()]


def test_revise_makes_a_new_event_with_its_sessions(staff):
    event = Event(slug="new", title="New", kind="webinar")
    assert events.revise(event=event, sessions=[MORNING], by=staff, now=NOW) is False
    event.refresh_from_db()
    assert (event.revision, stretches(event)) == (1, [MORNING])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timezone", "Europe/Riga"),
        ("format", "onsite"),
        ("platform", "Teams"),
        ("city", "Riga"),
        ("country", "LV"),
        ("venue", "Another Street 8"),
    ],
)
def test_revise_counts_what_people_plan_by(event, staff, field, value):
    setattr(event, field, value)
    assert events.revise(event=event, sessions=[MORNING], by=staff, now=NOW) is True
    event.refresh_from_db()
    assert (event.revision, getattr(event, field)) == (2, value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "Another"),
        ("summary", "Another"),
        ("programme", "Another"),
        ("join_link", "https://meet.example.org/b"),
        ("language", "fr"),
    ],
)
def test_revise_does_not_count_what_people_need_not_be_told(event, staff, field, value):
    setattr(event, field, value)
    assert events.revise(event=event, sessions=[MORNING], by=staff, now=NOW) is False
    event.refresh_from_db()
    assert event.revision == 1


@pytest.mark.parametrize("keeps", [True, False])
def test_who_may_not_change_where_it_takes_place_does_not_put_back_what_stood_there(event, staff, keeps):
    Event.objects.filter(pk=event.pk).update(venue="New Street 1", join_link="https://meet.example.org/new")
    former = (event.venue, event.join_link)
    events.revise(event=event, sessions=stretches(event), by=staff, now=NOW, keeps_private=keeps)
    event.refresh_from_db()
    assert (event.venue, event.join_link) == (("New Street 1", "https://meet.example.org/new") if keeps else former)


def test_revise_counts_a_moved_session(event, staff):
    moved = Stretch(MORNING.starts_at + HOUR, MORNING.ends_at + HOUR)
    assert events.revise(event=event, sessions=[moved], by=staff, now=NOW) is True
    assert stretches(event) == [moved]


def test_revise_counts_a_session_that_became_a_whole_day(event, staff):
    whole = Stretch(MORNING.starts_at, MORNING.ends_at, is_whole_day=True)
    assert events.revise(event=event, sessions=[whole], by=staff, now=NOW) is True


def test_revise_with_the_same_sessions_in_another_order_changes_nothing(staff):
    event = EventFactory(sessions=[(MORNING.starts_at, MORNING.ends_at), (AFTERNOON.starts_at, AFTERNOON.ends_at)])
    before = set(event.sessions.values_list("pk", flat=True))
    assert events.revise(event=event, sessions=[AFTERNOON, MORNING], by=staff, now=NOW) is False
    assert set(event.sessions.values_list("pk", flat=True)) == before


def test_revise_keeps_the_rows_of_sessions_that_stay(event, staff):
    row = event.sessions.get()
    assert events.revise(event=event, sessions=[MORNING, AFTERNOON], by=staff, now=NOW) is True
    assert stretches(event) == [MORNING, AFTERNOON]
    assert event.sessions.filter(pk=row.pk).exists()


def test_revise_counts_from_what_is_stored_not_from_an_old_copy(event, staff):
    old_copy = Event.objects.get(pk=event.pk)
    event.platform = "Teams"
    events.revise(event=event, sessions=[MORNING], by=staff, now=NOW)
    old_copy.city = "Riga"
    events.revise(event=old_copy, sessions=[MORNING], by=staff, now=NOW)
    old_copy.refresh_from_db()
    assert old_copy.revision == 3


def test_revise_does_not_undo_a_cancellation_or_show_a_hidden_event(event, staff):
    old_copy = Event.objects.get(pk=event.pk)
    events.cancel(event=event, by=staff, now=NOW)
    events.hide(event=event, by=staff, now=NOW)
    events.revise(event=old_copy, sessions=[MORNING], by=staff, now=NOW)
    event.refresh_from_db()
    assert (event.cancelled_at, event.cancelled_by, event.is_hidden) == (NOW, staff, True)


def test_revise_without_a_date_is_refused_and_changes_nothing(event, staff):
    event.platform = "Teams"
    with pytest.raises(events.NoSessions, match="needs a date"):
        events.revise(event=event, sessions=[], by=staff, now=NOW)
    event.refresh_from_db()
    assert (event.platform, event.revision, stretches(event)) == ("WebEx", 1, [MORNING])


def test_revise_that_breaks_in_the_middle_changes_nothing(event, staff, monkeypatch):
    event.platform = "Teams"
    monkeypatch.setattr(Session.objects, "bulk_create", lambda rows: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        events.revise(event=event, sessions=[AFTERNOON], by=staff, now=NOW)
    event.refresh_from_db()
    assert (event.platform, event.revision, stretches(event)) == ("WebEx", 1, [MORNING])


def test_each_write_names_its_author_in_the_history(event, staff):
    events.revise(event=event, sessions=[MORNING], by=staff, now=NOW)
    events.hide(event=event, by=staff, now=NOW)
    events.show(event=event, by=staff, now=NOW)
    events.cancel(event=event, by=staff, now=NOW)
    assert [row.history_user for row in event.history.all()[:4]] == [staff] * 4


def test_an_import_has_no_author(event):
    events.revise(event=event, sessions=[MORNING], by=None, now=NOW)
    assert event.history.first().history_user is None


def test_cancel_records_when_and_by_whom_and_a_second_time_is_refused(event, staff):
    cancelled = events.cancel(event=event, by=staff, now=NOW)
    assert (cancelled.cancelled_at, cancelled.cancelled_by, cancelled.revision) == (NOW, staff, 1)
    with pytest.raises(events.AlreadyCancelled):
        events.cancel(event=event, by=staff, now=NOW + HOUR)


def test_hide_and_show_change_only_what_they_say(event, staff):
    assert events.hide(event=event, by=staff, now=NOW).is_hidden
    count = event.history.count()
    assert events.hide(event=event, by=staff, now=NOW).is_hidden
    assert event.history.count() == count
    assert not events.show(event=event, by=staff, now=NOW).is_hidden


# Pages


def test_publish_without_a_date_means_from_now_on(staff):
    page = publishing.publish(page=AnnouncementFactory(draft=True), published_at=None, by=staff, now=NOW)
    page.refresh_from_db()
    assert (page.status, page.published_at) == (Status.PUBLISHED, NOW)
    assert page.history.first().history_user == staff


def test_publish_with_a_date_to_come_schedules(staff):
    later = NOW + 24 * HOUR
    page = publishing.publish(page=PublicationFactory(draft=True), published_at=later, by=staff, now=NOW)
    assert (page.status, page.published_at) == (Status.PUBLISHED, later)


def test_publish_of_what_is_out_keeps_its_date(staff):
    page = AnnouncementFactory(published_at=NOW - HOUR)
    assert publishing.publish(page=page, published_at=None, by=staff, now=NOW).published_at == NOW - HOUR


def test_publish_now_of_a_scheduled_page_does_not_wait(staff):
    page = AnnouncementFactory(scheduled=True)
    assert publishing.publish(page=page, published_at=None, by=staff, now=NOW).published_at == NOW


def test_publish_of_an_event_without_a_date_is_refused(staff):
    event = EventFactory(draft=True, sessions=[])
    with pytest.raises(publishing.NothingToShow, match="add a session"):
        publishing.publish(page=event, published_at=None, by=staff, now=NOW)
    event.refresh_from_db()
    assert event.status == Status.DRAFT


def test_withdraw_takes_a_page_off(staff):
    page = AnnouncementFactory()
    assert publishing.withdraw(page=page, by=staff, now=NOW).status == Status.WITHDRAWN


def test_withdraw_of_a_draft_is_refused(staff):
    with pytest.raises(publishing.NotPublic):
        publishing.withdraw(page=AnnouncementFactory(draft=True), by=staff, now=NOW)


def test_the_zone_of_an_event_stays_once_its_call_has_opened(staff):
    event = CallFactory(opens_at=NOW).event
    event.timezone = "Europe/Riga"
    with pytest.raises(events.ZoneOfOpenCall):
        events.revise(event=event, sessions=[MORNING], by=staff, now=NOW)
    assert Event.objects.get().timezone == "Europe/Brussels"


def test_before_that_the_last_day_ends_by_the_new_clocks(staff):
    call = CallFactory(
        opens_at=NOW + HOUR, closes_on=date(2026, 9, 20), closes_at=datetime(2026, 9, 20, 22, tzinfo=UTC)
    )
    call.event.timezone = "Europe/Riga"
    events.revise(event=call.event, sessions=[MORNING], by=staff, now=NOW)
    call.refresh_from_db()
    assert call.closes_at == datetime(2026, 9, 20, 21, tzinfo=UTC)
    assert call.history.first().history_user == staff
