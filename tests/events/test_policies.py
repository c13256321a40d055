"""What a page and a call are at a moment."""

from datetime import timedelta

import pytest

from events.enums import Admission, CallState, PublicationState, Status
from events.models import Announcement, Call, Event, Session
from events.policies import call_state, has_ended, is_visible, places_left, publication_state
from events.words import place_words, status_words
from tests.factories import NOW, CallFactory, EventFactory

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("status", "published_at", "state"),
    [
        (Status.DRAFT, None, PublicationState.DRAFT),
        (Status.DRAFT, NOW - SECOND, PublicationState.DRAFT),
        (Status.PUBLISHED, NOW + SECOND, PublicationState.SCHEDULED),
        (Status.PUBLISHED, NOW, PublicationState.PUBLISHED),
        (Status.PUBLISHED, NOW - SECOND, PublicationState.PUBLISHED),
        (Status.WITHDRAWN, NOW - SECOND, PublicationState.WITHDRAWN),
    ],
)
def test_publication_state_compares_the_date_with_the_clock(status, published_at, state):
    page = Announcement(status=status, published_at=published_at)
    assert publication_state(page, NOW) == state
    assert is_visible(page, NOW) == (state == PublicationState.PUBLISHED)


def test_a_hidden_event_is_not_visible():
    event = Event(status=Status.PUBLISHED, published_at=NOW - SECOND, is_hidden=True)
    assert not is_visible(event, NOW)


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        (NOW - SECOND, CallState.NOT_YET_OPEN),
        (NOW, CallState.OPEN),
        (NOW + timedelta(days=1) - SECOND, CallState.OPEN),
        (NOW + timedelta(days=1), CallState.CLOSED),
    ],
)
def test_call_state_opens_at_its_moment_and_the_deadline_itself_is_too_late(moment, state):
    assert call_state(Call(opens_at=NOW, closes_at=NOW + timedelta(days=1)), Event(), moment) == state


def test_a_cancelled_event_has_a_cancelled_call_at_any_time():
    call = Call(opens_at=NOW, closes_at=NOW + timedelta(days=1))
    assert call_state(call, Event(cancelled_at=NOW), NOW - SECOND) == CallState.CANCELLED


def test_places_left_counts_only_where_places_are_given_at_once():
    assert places_left(Call(admission=Admission.OPEN, capacity=10, places_taken=8)) == 2
    assert places_left(Call(admission=Admission.OPEN, capacity=10, places_limit=12, places_taken=11)) == 0
    assert places_left(Call(admission=Admission.OPEN, capacity=None)) is None
    assert places_left(Call(admission=Admission.SELECTIVE, capacity=10)) is None


@pytest.mark.django_db
def test_an_event_has_ended_after_its_last_session():
    event = EventFactory(sessions=[(NOW, NOW + SECOND), (NOW + 2 * SECOND, NOW + 3 * SECOND)])
    assert not has_ended(event, NOW + 2 * SECOND)
    assert has_ended(event, NOW + 3 * SECOND)


@pytest.mark.django_db
def test_an_event_without_sessions_has_not_ended():
    assert not has_ended(EventFactory(sessions=[]), NOW)


@pytest.mark.django_db
class TestStatusWords:
    """How registration stands, in a label and a sentence."""

    def words(self, call: Call) -> tuple[str, str]:
        words = status_words(call.event, call, NOW)
        return words.label, words.sentence

    def test_an_open_call_says_until_when(self):
        assert self.words(CallFactory(unlimited=True)) == (
            "Registration open",
            "Registration is open until 14:00 on Tuesday 8 September (Brussels time).",
        )

    def test_a_selective_call_says_when_everyone_hears(self):
        assert self.words(CallFactory(selective=True)) == (
            "Open for applications",
            "You can apply until 14:00 on Tuesday 8 September (Brussels time). Everyone hears by Tuesday 15 September.",
        )

    def test_a_call_that_is_not_open_yet_says_when_it_opens(self):
        assert self.words(CallFactory(not_yet_open=True)) == (
            "Not yet open",
            "Registration opens on 2 September, 14:00 (Brussels time).",
        )

    def test_a_closed_call_says_when_it_closed(self):
        assert self.words(CallFactory(closed=True)) == (
            "Registration closed",
            "Registration closed at 13:00 on Tuesday 1 September 2026 (Brussels time).",
        )

    def test_a_cancelled_event_says_so(self):
        assert self.words(CallFactory(event__cancelled=True)) == ("Cancelled", "This event will not take place.")

    def test_a_number_of_places_below_five_is_not_told(self):
        assert self.words(CallFactory(capacity=10, places_taken=6)) == (
            "Few places left",
            "Few places are left. Registration is open until 14:00 on Tuesday 8 September (Brussels time).",
        )

    def test_five_places_are_not_few(self):
        assert self.words(CallFactory(capacity=10, places_taken=5))[0] == "Registration open"

    def test_without_places_the_waiting_list_is_offered(self):
        label, sentence = self.words(CallFactory(capacity=10, places_taken=10))
        assert label == "Waiting list"
        assert "You can join the waiting list until 14:00 on Tuesday 8 September" in sentence

    def test_without_places_and_list_nothing_is_offered(self):
        call = CallFactory(capacity=10, places_taken=10, has_waiting_list=False)
        assert self.words(call) == ("No places left", "All places are taken.")

    def test_an_event_without_call_says_whether_it_is_over(self):
        past = EventFactory(sessions=[(NOW - timedelta(days=2), NOW - timedelta(days=1))])
        assert status_words(past, None, NOW).label == "Past event"
        assert status_words(EventFactory(), None, NOW).label == "No registration"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"format": "online", "platform": "WebEx"}, "Online, WebEx"),
        ({"format": "online", "platform": "", "city": "Riga"}, "Online"),
        ({"format": "onsite", "platform": "WebEx", "city": "Riga", "country": "LV"}, "On site, Riga, Latvia"),
        ({"format": "hybrid", "platform": "WebEx", "city": "Riga"}, "On site and online, WebEx, Riga"),
    ],
)
def test_place_words_tell_what_is_public(facts, words):
    assert place_words(EventFactory(venue="Secret Street 7", **facts)) == words


def test_a_session_is_shown_to_staff_in_utc():
    assert str(Session(starts_at=NOW, ends_at=NOW)) == "2026-09-01 12:00 UTC"
