"""What may be published: the summary of a call after its release, and a year's calls by group."""

import csv
import io
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.enums import Role
from events.models import Call
from registrations import tallies
from registrations.enums import State
from registrations.services import privacy, purging
from registrations.suppression import Row
from tests.factories import (
    NOW,
    CallFactory,
    CriterionFactory,
    DecisionFactory,
    RegistrationFactory,
    UserFactory,
)
from tests.registrations.people_story import LIST, signed_in, story

pytestmark = pytest.mark.django_db
NEXT_YEAR = datetime(2026, 12, 31, 23, tzinfo=UTC)
MAY_BE = "may be published"
NOT_YET = "Not yet for publication: the year is not over."


def _released(*, applied: int, capacity: int | None = 10) -> Call:
    call = CallFactory(selective=True, closed=True, capacity=capacity)
    CriterionFactory(call=call, label="Works with young people")
    people = RegistrationFactory.create_batch(applied, call=call, declined=True)
    RegistrationFactory(call=call, unproven=True)
    DecisionFactory(registration=people[0], outcome="decline", released=True)
    return call


def _public(call: Call) -> str:
    with patch("ranportal.shared.clock.now", return_value=NOW):
        return Client().get(f"/events/{call.event.slug}/").content.decode()


def _year(*, country: str, applied: int, selected: int) -> None:
    call = CallFactory(selective=True, closed=True, capacity=50)
    RegistrationFactory.create_batch(selected, call=call, state=State.ATTENDED, country=country)
    RegistrationFactory.create_batch(applied - selected, call=call, declined=True, country=country)


# One call


def test_after_the_release_everybody_reads_how_many_applied_for_how_many_places_and_by_what() -> None:
    page = _public(_released(applied=7))
    assert "7 people applied for 10 places." in page
    assert "Works with young people" in page


def test_fewer_than_five_are_not_counted_in_public() -> None:
    page = _public(_released(applied=3, capacity=4))
    assert "Fewer than five people applied for a few places." in page


def test_it_is_said_still_when_the_people_are_gone() -> None:
    call = _released(applied=7)
    for registration in call.registrations.all():
        privacy.erase(ids=[registration.pk], by=None, now=NOW)
    purging.purge_expired(now=call.event.sessions.get().ends_at)
    assert not call.registrations.exists()

    assert "7 people applied for 10 places." in _public(call)


def test_before_the_release_nothing_is_said() -> None:
    call = CallFactory(selective=True, closed=True)
    criterion = CriterionFactory(call=call, label="Works with young people")
    DecisionFactory(registration=RegistrationFactory(call=call, submitted=True))
    assert "applied" not in _public(call)
    assert criterion.label not in _public(call)
    assert tallies.summary_of(call) is None


def test_a_call_that_is_open_to_all_has_no_such_summary(django_assert_num_queries) -> None:
    call = CallFactory(closed=True)
    DecisionFactory(registration=RegistrationFactory(call=call), released=True)
    with django_assert_num_queries(0):
        assert tallies.summary_of(call) is None


def test_the_summary_takes_three_queries_and_without_limit_says_so(django_assert_num_queries) -> None:
    call = _released(applied=6, capacity=None)
    with django_assert_num_queries(3):
        summary = tallies.summary_of(call)
    assert summary == tallies.Summary("6", "places without limit", ["Works with young people"])


def test_the_summary_tells_of_no_group(client: Client) -> None:
    call = _released(applied=8)
    assert "Latvia" not in _public(call)
    assert "Psychology" not in _public(call)


# A year


def test_a_year_is_counted_over_all_its_calls_by_country_and_profession() -> None:
    _year(country="FR", applied=12, selected=6)
    _year(country="DE", applied=20, selected=10)
    CallFactory(selective=True, closes_at=NOW + timedelta(days=1))
    year = tallies.of_year(2026, now=NOW)

    assert year.calls == 2
    assert year.countries.rows == [Row("Germany", 20, 10), Row("France", 12, 6)]
    assert year.professions.rows == [Row("Psychology", 32, 16)]
    assert tallies.of_year(2025, now=NOW).countries.applied is None


def test_four_queries_however_many_people(django_assert_num_queries) -> None:
    for _ in range(2):
        _year(country="FR", applied=6, selected=3)
        with django_assert_num_queries(4):
            tallies.of_year(2026, now=NOW)


def test_small_numbers_are_hidden_on_the_page_and_in_the_file() -> None:
    _year(country="FR", applied=30, selected=12)
    _year(country="DE", applied=20, selected=10)
    _year(country="MT", applied=7, selected=2)
    with time_machine.travel(NEXT_YEAR, tick=False):
        client = signed_in(UserFactory(role=Role.ADMINISTRATOR))
        page = client.get(f"{LIST}year/2026/").content.decode()
        file = client.get(f"{LIST}year/2026/numbers.csv")
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"), newline="")))

    assert '<th scope="row">Malta</th><td>7</td><td>–</td>' in page
    assert '<th scope="row">Germany</th><td>20</td><td>–</td>' in page
    assert ["Country", "Malta", "7", "–"] in rows
    assert ["Country", "All", "57", "24"] in rows
    assert file["Content-Disposition"] == 'attachment; filename="numbers-2026.csv"'


def test_the_running_year_is_not_for_publication_and_has_no_file() -> None:
    _year(country="FR", applied=30, selected=12)
    pages, files = [], []
    for moment in (NEXT_YEAR - timedelta(seconds=1), NEXT_YEAR):
        with time_machine.travel(moment, tick=False):
            client = signed_in(UserFactory(role=Role.ADMINISTRATOR))
            pages.append(client.get(f"{LIST}year/2026/").content.decode())
            files.append(client.get(f"{LIST}year/2026/numbers.csv").status_code)

    assert files == [404, 200]
    assert [NOT_YET in page for page in pages] == [True, False]
    assert [MAY_BE in page for page in pages] == [False, True]
    assert ["numbers.csv" in page for page in pages] == [False, True]


def test_a_year_with_fewer_than_five_people_says_only_that() -> None:
    _year(country="MT", applied=4, selected=2)
    client = signed_in(UserFactory(role=Role.ADMINISTRATOR))
    with patch("ranportal.shared.clock.now", return_value=NOW):
        page = client.get(f"{LIST}year/2026/").content.decode()
    assert page.count("Fewer than five people applied.") == 2
    assert "Malta" not in page


def test_only_administrators_see_it_since_organisers_could_subtract_their_own_calls() -> None:
    told = story()
    for address in (f"{LIST}year/2026/", f"{LIST}year/2026/numbers.csv"):
        with time_machine.travel(NEXT_YEAR, tick=False):
            assert Client().get(address).status_code == 302
            assert signed_in(told.reviewer).get(address).status_code == 403
            assert signed_in(told.organiser).get(address).status_code == 403
            assert signed_in(UserFactory(role=Role.ADMINISTRATOR)).get(address).status_code == 200


@pytest.mark.parametrize("year", [1999, 2027])
def test_a_year_that_has_no_numbers_is_not_there(year: int) -> None:
    client = signed_in(UserFactory(role=Role.ADMINISTRATOR))
    with patch("ranportal.shared.clock.now", return_value=NOW):
        assert client.get(f"{LIST}year/{year}/").status_code == 404


def test_the_overview_leads_administrators_there() -> None:
    told = story()
    assert "in numbers" not in signed_in(told.organiser).get(f"{LIST}calls/").content.decode()
    page = signed_in(UserFactory(role=Role.ADMINISTRATOR)).get(f"{LIST}calls/").content.decode()
    assert "The year in numbers" in page


def test_the_page_of_an_event_that_people_can_register_for_reads_nothing_more() -> None:
    call = CallFactory(selective=True)
    client = Client()
    with patch("ranportal.shared.clock.now", return_value=NOW), CaptureQueriesContext(connection) as made:
        client.get(f"/events/{call.event.slug}/")
    assert "registrations_registration" not in " ".join(query["sql"] for query in made)
