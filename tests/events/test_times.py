"""Words for times: one form for each fact, right around changes of the clocks and in other countries."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from events import times
from events.country_clocks import COUNTRY_CLOCKS, country_clock
from events.models import Call, Event, Session

BRUSSELS = ZoneInfo("Europe/Brussels")
SEPTEMBER_6 = date(2023, 9, 6)


def a_call(*, closes_on: date | None = None, closes_at: datetime | None = None, zone: str = "Europe/Brussels") -> Call:
    event = Event(timezone=zone)
    return Call(
        event=event, closes_on=closes_on, closes_at=closes_at or times.day_end(closes_on or SEPTEMBER_6, event.zone)
    )


def instant(local: str, zone: ZoneInfo = BRUSSELS) -> datetime:
    return times.instant_of(datetime.fromisoformat(local), zone)


def hours(start: str, end: str, zone: ZoneInfo = BRUSSELS) -> Session:
    return Session(starts_at=instant(start, zone), ends_at=instant(end, zone))


def whole_day(day: date, zone: ZoneInfo = BRUSSELS) -> Session:
    return Session(starts_at=times.day_start(day, zone), ends_at=times.day_end(day, zone), is_whole_day=True)


# Days and instants


def test_a_day_without_hour_ends_where_the_next_day_starts_in_brussels():
    assert times.day_end(SEPTEMBER_6, BRUSSELS) == datetime(2023, 9, 6, 22, 0, tzinfo=UTC)


def test_a_winter_day_ends_an_hour_later_in_utc():
    assert times.day_end(date(2023, 12, 11), BRUSSELS) == datetime(2023, 12, 11, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(("day", "length"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_a_day_is_as_long_as_its_clocks_make_it(day, length):
    assert (times.day_end(day, BRUSSELS) - times.day_start(day, BRUSSELS)).total_seconds() == length * 3600


def test_a_local_time_becomes_its_instant():
    assert instant("2023-09-20 14:00") == datetime(2023, 9, 20, 12, 0, tzinfo=UTC)


def test_a_time_that_the_clocks_skip_is_refused():
    with pytest.raises(times.ImpossibleTime, match="02:30 does not exist on Sunday 29 March 2026"):
        instant("2026-03-29 02:30")


def test_a_time_that_the_clocks_show_twice_is_refused():
    with pytest.raises(times.ImpossibleTime, match="02:30 comes twice on Sunday 25 October 2026"):
        instant("2026-10-25 02:30")


# Dates


def test_dates_are_said_in_three_lengths():
    assert times.date_words(SEPTEMBER_6) == "Wednesday 6 September"
    assert times.short_date(SEPTEMBER_6) == "6 September"
    assert times.long_date(SEPTEMBER_6) == "6 September 2023"


def test_a_moment_is_said_as_the_zone_shows_it():
    assert times.moment_words(datetime(2023, 9, 15, 10, 0, tzinfo=UTC), BRUSSELS) == "15 September, 12:00"


def test_a_midnight_is_the_end_of_the_day_before():
    assert times.until_words(datetime(2023, 9, 14, 22, 0, tzinfo=UTC), BRUSSELS) == "the end of Thursday 14 September"
    assert times.until_words(datetime(2023, 9, 15, 10, 0, tzinfo=UTC), BRUSSELS) == "15 September, 12:00"


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([date(2021, 11, 4)], "4 November 2021"),
        ([date(2021, 11, 4), date(2021, 11, 5)], "4 and 5 November 2021"),
        ([date(2021, 11, 3), date(2021, 11, 4), date(2021, 11, 5)], "3 to 5 November 2021"),
        ([date(2021, 11, 2), date(2021, 11, 4), date(2021, 11, 9)], "2, 4 and 9 November 2021"),
        ([date(2021, 11, 30), date(2021, 12, 1)], "30 November and 1 December 2021"),
        ([date(2021, 12, 31), date(2022, 1, 1)], "31 December 2021 and 1 January 2022"),
        ([date(2021, 12, 30), date(2021, 12, 31), date(2022, 1, 1)], "30 December 2021 to 1 January 2022"),
    ],
)
def test_several_days_tell_month_and_year_once(days, words):
    assert times.days_words(days) == words


# Deadlines


def test_a_deadline_without_hour_lasts_until_the_end_of_the_day():
    assert times.deadline_words(a_call(closes_on=SEPTEMBER_6)) == (
        "until the end of Wednesday 6 September (Brussels time)"
    )


def test_a_reader_in_latvia_is_told_that_the_clocks_there_show_the_next_day():
    assert times.deadline_words(a_call(closes_on=SEPTEMBER_6), "LV") == (
        "until the end of Wednesday 6 September (Brussels time; in Latvia until 00:59 on Thursday)"
    )


def test_a_reader_in_ireland_is_told_the_earlier_hour():
    assert times.deadline_words(a_call(closes_on=SEPTEMBER_6), "IE") == (
        "until the end of Wednesday 6 September (Brussels time; in Ireland until 22:59)"
    )


@pytest.mark.parametrize("country", ["DE", "BE", "US", "RU", "", "??", None])
def test_nothing_is_added_where_the_clocks_agree_or_are_not_known(country):
    assert times.deadline_words(a_call(closes_on=SEPTEMBER_6), country).endswith("(Brussels time)")


def test_a_deadline_with_an_hour_says_the_hour():
    call = a_call(closes_at=datetime(2023, 9, 6, 10, 0, tzinfo=UTC))
    assert times.deadline_words(call) == "until 12:00 on Wednesday 6 September (Brussels time)"
    assert times.deadline_words(call, "FI") == (
        "until 12:00 on Wednesday 6 September (Brussels time; in Finland until 13:00)"
    )


def test_a_deadline_at_midnight_given_as_an_hour_is_said_as_that_hour():
    call = a_call(closes_at=datetime(2023, 9, 6, 22, 0, tzinfo=UTC))
    assert times.deadline_words(call) == "until 00:00 on Thursday 7 September (Brussels time)"


def test_a_deadline_in_another_zone_names_that_zone():
    call = a_call(closes_on=SEPTEMBER_6, zone="Europe/Lisbon")
    assert call.closes_at == datetime(2023, 9, 6, 23, 0, tzinfo=UTC)
    assert times.deadline_words(call, "BE") == (
        "until the end of Wednesday 6 September (Lisbon time; in Belgium until 00:59 on Thursday)"
    )


def test_a_past_deadline_is_said_with_its_year():
    assert times.closed_words(a_call(closes_on=SEPTEMBER_6)) == (
        "at the end of Wednesday 6 September 2023 (Brussels time)"
    )


def test_countries_with_other_clocks_are_named_by_their_time():
    assert times.elsewhere_words(a_call(closes_on=SEPTEMBER_6)) == (
        "22:59 in Ireland, Portugal and the United Kingdom; 00:59 on Thursday in Bulgaria, Cyprus, Estonia, Finland, "
        "Greece, Latvia, Lithuania, Romania and Ukraine"
    )


@pytest.mark.parametrize("code", sorted(COUNTRY_CLOCKS))
def test_each_country_clock_exists(code):
    name, zone = country_clock(code)
    assert name
    assert datetime(2026, 1, 1, tzinfo=zone).utcoffset() is not None


# Sessions


def test_a_winter_session_carries_cet():
    sessions = [hours("2023-12-13 10:00", "2023-12-13 11:30")]
    assert times.session_words(sessions, BRUSSELS) == "13 December 2023, 10:00-11:30 CET"


def test_a_summer_session_carries_cest():
    sessions = [hours("2023-09-20 14:00", "2023-09-20 17:00")]
    assert times.session_words(sessions, BRUSSELS) == "20 September 2023, 14:00-17:00 CEST"
    assert times.session_lines(sessions, BRUSSELS) == ["Wednesday 20 September 2023, 14:00-17:00 CEST"]


def test_two_whole_days_are_said_without_hours():
    sessions = [whole_day(date(2021, 11, 4)), whole_day(date(2021, 11, 5))]
    assert times.session_words(sessions, BRUSSELS) == "4 and 5 November 2021"


def test_a_single_whole_day_has_its_weekday_on_the_event_page():
    assert times.session_lines([whole_day(date(2023, 11, 28))], BRUSSELS) == ["Tuesday 28 November 2023"]


def test_a_whole_day_that_spans_several_is_all_of_them():
    span = Session(
        starts_at=times.day_start(date(2021, 11, 4), BRUSSELS),
        ends_at=times.day_end(date(2021, 11, 6), BRUSSELS),
        is_whole_day=True,
    )
    assert times.session_words([span], BRUSSELS) == "4 to 6 November 2021"


def test_several_sessions_with_hours_stand_beside_each_other():
    sessions = [
        hours("2021-11-04 10:00", "2021-11-04 16:00"),
        hours("2021-11-05 09:00", "2021-11-05 12:30"),
    ]
    assert times.session_words(sessions, BRUSSELS) == (
        "4 November 2021, 10:00-16:00 CET; 5 November 2021, 09:00-12:30 CET"
    )


def test_a_session_over_the_change_of_clocks_names_both_zones():
    sessions = [hours("2026-10-24 22:00", "2026-10-25 04:00")]
    assert times.session_words(sessions, BRUSSELS) == "24 October 2026, 22:00 CEST to 25 October 2026, 04:00 CET"


@pytest.mark.parametrize(
    ("day", "name"), [(date(2026, 3, 28), "CET"), (date(2026, 3, 30), "CEST"), (date(2026, 10, 24), "CEST")]
)
def test_the_zone_name_follows_the_date(day, name):
    assert times.session_words([hours(f"{day} 10:00", f"{day} 11:00")], BRUSSELS).endswith(f"10:00-11:00 {name}")


def test_a_zone_without_letters_is_said_as_its_distance_from_utc():
    istanbul = ZoneInfo("Europe/Istanbul")
    sessions = [hours("2026-05-04 10:00", "2026-05-04 11:00", istanbul)]
    assert times.session_words(sessions, istanbul) == "4 May 2026, 10:00-11:00 UTC+03"
