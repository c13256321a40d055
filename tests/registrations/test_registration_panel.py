"""What the page of an event says about registering."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from registrations.enums import State
from registrations.models import Registration
from registrations.templatetags.registration_words import MAIL_WORDS, STATE_WORDS, minutes, places
from tests.factories import NOW, CallFactory, EventFactory, QuestionFactory
from tests.registrations.pages import register_url, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def event_page(client: Client, call: Any) -> str:
    return text_of(client.get(f"/events/{call.event.slug}/"))


def test_an_open_call_offers_to_register(client: Client) -> None:
    call = CallFactory()

    page = event_page(client, call)

    assert f'href="{register_url(call)}"' in page
    assert "Places are given in the order in which people confirm their address." in page
    assert "Registration is open until 14:00 on Tuesday 8 September (Brussels time)." in page


def test_a_selective_call_offers_to_apply_and_promises_no_place(client: Client) -> None:
    page = event_page(client, CallFactory(selective=True))

    assert "Apply" in page
    assert "An application does not guarantee a place." in page
    assert "Everyone hears by Tuesday 15 September." in page


@pytest.mark.parametrize(
    "trait",
    [{"closed": True}, {"not_yet_open": True}, {"event__cancelled": True}, {"capacity": 0, "has_waiting_list": False}],
)
def test_a_call_that_is_not_open_offers_no_form(client: Client, trait: dict[str, Any]) -> None:
    call = CallFactory(**trait)

    assert register_url(call) not in event_page(client, call)


def test_an_event_without_a_call_says_so(client: Client) -> None:
    page = text_of(client.get(f"/events/{EventFactory().slug}/"))

    assert "/register/" not in page


@pytest.mark.parametrize(
    ("capacity", "taken", "words"),
    [
        (None, 0, "No limit"),
        (4, 0, "Few places"),
        (4, 4, "Few places"),
        (20, 0, "20 places"),
        (20, 4, "20 places"),
        (20, 5, "15 of 20 places left"),
        (20, 16, "Few places left"),
        (20, 20, "All places are taken; waiting list open"),
    ],
)
def test_no_number_below_five_is_told_or_can_be_reckoned(capacity: int | None, taken: int, words: str) -> None:
    call = CallFactory.build(capacity=capacity, places_taken=taken)

    assert places(call) == words


def test_the_length_of_a_form_is_told_in_minutes() -> None:
    questions = [QuestionFactory.build(kind="long_text"), QuestionFactory.build(kind="yes_no")]

    assert minutes([]) == "about 2 minutes"
    assert minutes(questions) == "about 6 minutes"


def test_every_state_has_words_for_its_person() -> None:
    assert set(STATE_WORDS) == set(State)


def test_mails_about_decisions_all_have_the_same_title() -> None:
    decisions = {
        "selected",
        "promoted",
        "reserve",
        "not_selected",
        "place_given_on",
        "list_closed",
        "confirmed",
        "waiting_list",
    }

    assert decisions.isdisjoint(MAIL_WORDS)


def test_the_panel_reads_no_person(client: Client, django_assert_max_num_queries: Any) -> None:
    call = CallFactory()

    with django_assert_max_num_queries(8) as captured:
        event_page(client, call)

    assert [q["sql"] for q in captured.captured_queries if Registration._meta.db_table in q["sql"]] == []
