"""Counts of a call's people."""

from datetime import date, timedelta

import pytest

from registrations import tallies
from registrations.enums import Act, State
from tests.factories import NOW, CallFactory, RegistrationFactory

pytestmark = pytest.mark.django_db


def test_days_have_no_gaps_and_add_up_by_the_event_s_clock():
    call = CallFactory(selective=True, opens_at=NOW - timedelta(days=4))
    # 23:30 in Brussels is still that day there, though the next one had not begun in UTC either.
    for at in (NOW - timedelta(days=3), NOW - timedelta(days=3, hours=-10, minutes=-30), NOW - timedelta(days=1)):
        RegistrationFactory(call=call, submitted=True, sent_at=at)
    RegistrationFactory(call=call, unproven=True)

    days = tallies.of_call(call).days

    assert [(day.day.day, day.number, day.total) for day in days] == [(28, 0, 0), (29, 1, 1), (30, 1, 2), (31, 1, 3)]


def test_the_deadline_is_the_last_day_that_counts():
    assert tallies.of_call(CallFactory(closes_on=date(2026, 9, 8))).deadline == date(2026, 9, 8)
    assert tallies.of_call(CallFactory(closes_at=NOW + timedelta(days=1))).deadline == date(2026, 9, 2)


def test_countries_and_professions_come_in_words_the_most_frequent_first():
    call = CallFactory(selective=True)
    for country, profession in (("FR", "police"), ("FR", "prison"), ("AT", "prison"), ("BE", "prison")):
        RegistrationFactory(call=call, submitted=True, country=country, profession=profession)
    RegistrationFactory(call=call, unproven=True, country="DE")
    RegistrationFactory(submitted=True, country="DE")
    tally = tallies.of_call(call)

    assert tally.countries == [("France", 2), ("Austria", 1), ("Belgium", 1)]
    assert tally.professions == [("Prison", 3), ("Police", 1)]


def test_the_funnel_counts_who_ever_got_so_far():
    call = CallFactory(selective=True)
    RegistrationFactory(call=call, unproven=True)
    RegistrationFactory(call=call, submitted=True)
    RegistrationFactory(call=call, selected=True)
    RegistrationFactory(call=call, state=State.ATTENDED)
    gave_up = RegistrationFactory(call=call, withdrawn=True)
    gave_up.transitions.create(act=Act.RELEASE, source=State.SUBMITTED, target=State.SELECTED, at=NOW)
    gave_up.transitions.create(act=Act.CONFIRM, source=State.SELECTED, target=State.CONFIRMED, at=NOW)
    lapsed = RegistrationFactory(call=call, state=State.LAPSED)
    lapsed.transitions.create(act=Act.RELEASE, source=State.SUBMITTED, target=State.SELECTED, at=NOW)

    assert [number for _, number in tallies.of_call(call).funnel] == [6, 5, 4, 2, 1]


def test_what_is_beyond_a_picture_is_one_bar():
    rows = [(f"Country {number}", 20 - number) for number in range(20)]
    shown = tallies.shortened(rows, others="Other countries")

    assert len(shown) == tallies.SHOWN
    assert sum(number for _, number in shown) == sum(number for _, number in rows)
    assert shown[-1][0] == "Other countries"
    assert tallies.shortened(rows[: tallies.SHOWN], others="x") == rows[: tallies.SHOWN]


def test_four_queries_however_many_people(django_assert_num_queries):
    call = CallFactory(selective=True)
    for _ in range(2):
        RegistrationFactory.create_batch(2, call=call, submitted=True)
        with django_assert_num_queries(4):
            tallies.of_call(call)
