"""Events and calls in the admin: what is saved, what is told, and what is refused in words."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.test import Client

from accounts.enums import Role
from events.models import Call, Event, Session
from registrations.admin.question_forms import ChoicesField
from registrations.enums import State
from registrations.models import SelectionSettings
from tests.factories import (
    NOW,
    CallFactory,
    EventFactory,
    RegistrationFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

LATE = (datetime(2099, 4, 1, 9, tzinfo=UTC), datetime(2099, 4, 1, 17, tzinfo=UTC))


@pytest.fixture
def client() -> Client:
    """Signed in as an administrator, who may be named an organiser, too."""
    client = Client()
    user = client.user = UserFactory(role=Role.ADMINISTRATOR)
    user.groups.add(Group.objects.get(name=Role.ORGANISER))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def form_of(client: Client, address: str) -> dict[str, Any]:
    """What a browser would send when the form is saved as it is."""
    context = client.get(address).context
    forms = [context["adminform"].form]
    formsets = [inline.formset for inline in context["inline_admin_formsets"]]
    forms += [formset.management_form for formset in formsets]
    forms += [form for formset in formsets for form in formset.forms]
    data: dict[str, Any] = {}
    for form in forms:
        for field in form:
            data.update(_sent(field))
    return data


def _sent(field: Any) -> dict[str, Any]:
    value, widget = field.value(), field.field.widget
    # The admin wraps the lists of related things, to put its buttons beside them.
    widget = getattr(widget, "widget", widget)
    if field.field.disabled:
        return {}
    if hasattr(widget, "decompress"):
        parts = value if isinstance(value, list) else widget.decompress(value)
        shown = [child.format_value(part) or "" for child, part in zip(widget.widgets, parts, strict=True)]
        return {f"{field.html_name}_{number}": part for number, part in enumerate(shown)}
    if getattr(widget, "input_type", "") == "checkbox" and not hasattr(widget, "optgroups"):
        return {field.html_name: "on"} if value else {}
    if hasattr(widget, "optgroups"):
        if getattr(widget, "allow_multiple_selected", False):
            return {field.html_name: [str(getattr(one, "pk", one)) for one in value or []]}
        return {field.html_name: "" if value is None else value}
    return {field.html_name: widget.format_value(value) or ""}


def events_address(event: Event, name: str = "change") -> str:
    return f"/admin/events/event/{event.pk}/{name}/"


def call_address(call: Call, name: str = "change") -> str:
    return f"/admin/events/call/{call.pk}/{name}/"


# Events


def test_saving_an_event_as_it_is_tells_nobody(client: Client) -> None:
    event = EventFactory()

    client.post(events_address(event), form_of(client, events_address(event)))

    event.refresh_from_db()
    assert event.revision == 1


def test_a_new_text_is_saved_and_told_to_nobody(client: Client) -> None:
    event = EventFactory()

    client.post(events_address(event), form_of(client, events_address(event)) | {"summary": "Another text."})

    event.refresh_from_db()
    assert (event.summary, event.revision) == ("Another text.", 1)
    assert event.history.first().history_user == client.user


def test_a_new_hour_is_told_to_those_who_registered(client: Client) -> None:
    call = CallFactory()
    RegistrationFactory(call=call)
    data = form_of(client, events_address(call.event)) | {"sessions-0-starts": "09:00"}

    page = client.post(events_address(call.event), data, follow=True).content.decode()

    call.event.refresh_from_db()
    assert call.event.revision == 2
    assert call.event.sessions.get().starts_at == datetime(2026, 9, 29, 7, 0, tzinfo=UTC)
    assert "told of the change by mail" in page


def test_session_hours_are_those_of_the_events_zone(client: Client) -> None:
    event = EventFactory(timezone="Europe/Riga")
    assert form_of(client, events_address(event))["sessions-0-starts"] == "11:00"

    client.post(events_address(event), form_of(client, events_address(event)) | {"sessions-0-starts": "10:00"})

    assert event.sessions.get().starts_at == datetime(2026, 9, 29, 7, 0, tzinfo=UTC)


def test_a_session_without_hours_is_a_whole_day(client: Client) -> None:
    event = EventFactory()
    data = form_of(client, events_address(event)) | {"sessions-0-starts": "", "sessions-0-ends": ""}

    client.post(events_address(event), data)

    session = event.sessions.get()
    assert session.is_whole_day
    assert session.ends_at - session.starts_at == timedelta(days=1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sessions-0-ends": "09:00"}, "The session ends before it starts."),
        ({"sessions-0-ends": ""}, "a start and an end, or neither"),
        ({"sessions-0-DELETE": "on"}, "Please submit at least 1 form"),
        ({"sessions-0-day": "2027-03-28", "sessions-0-starts": "02:30"}, "02:30 does not exist"),
        ({"timezone": "Europe/Brusels"}, "is not a time zone"),
        ({"published_at_0": "", "published_at_1": ""}, "needs the moment at which it appears"),
    ],
)
def test_a_mistake_in_an_event_is_told_and_nothing_saved(client: Client, changes: dict[str, str], words: str) -> None:
    event = EventFactory()
    before = list(Session.objects.values())

    page = client.post(events_address(event), form_of(client, events_address(event)) | changes).content.decode()

    assert words in page
    assert list(Session.objects.values()) == before


def test_an_event_is_made_with_two_sessions(client: Client) -> None:
    data = form_of(client, "/admin/events/event/add/") | {
        "title": "Study visit",
        "slug": "study-visit",
        "kind": "study_visit",
        "sessions-TOTAL_FORMS": "2",
        "sessions-0-day": "2026-10-01",
        "sessions-1-day": "2026-10-02",
    }

    client.post("/admin/events/event/add/", data)

    assert Event.objects.get(slug="study-visit").sessions.count() == 2


@pytest.mark.parametrize(("name", "field"), [("cancel", "cancelled_at"), ("hide", "is_hidden")])
def test_cancelling_and_hiding_ask_first(client: Client, name: str, field: str) -> None:
    event = EventFactory()

    assert client.get(events_address(event, name)).status_code == 200
    event.refresh_from_db()
    assert not getattr(event, field)

    client.post(events_address(event, name))
    event.refresh_from_db()
    assert getattr(event, field)


def test_cancelling_twice_is_refused_in_words(client: Client) -> None:
    event = EventFactory(cancelled=True)

    page = client.post(events_address(event, "cancel"), follow=True).content.decode()

    assert "This event is cancelled already." in page


def test_a_hidden_event_stays_hidden_when_it_is_saved(client: Client) -> None:
    event = EventFactory(hidden=True)

    client.post(events_address(event), form_of(client, events_address(event)) | {"title": "Another title"})

    event.refresh_from_db()
    assert (event.title, event.is_hidden) == ("Another title", True)


def test_an_older_version_is_read_and_never_put_back(client: Client) -> None:
    event = EventFactory(title="The first title")
    event.title = "The second title"
    event.save()
    address = f"/admin/events/event/{event.pk}/history/{event.history.last().pk}/"

    assert client.get(address).status_code == 200
    assert client.post(address, form_of(client, events_address(event))).status_code == 403
    event.refresh_from_db()
    assert event.title == "The second title"


def test_a_draft_can_be_looked_at_as_its_readers_will_see_it(client: Client) -> None:
    event = EventFactory(draft=True, title="Not yet public")

    assert "Not yet public" in client.get(events_address(event, "preview")).content.decode()


# Calls


def test_saving_a_call_writes_nothing_that_others_count(client: Client) -> None:
    call = CallFactory()
    data = form_of(client, call_address(call)) | {"reply_to": "other@example.org"}
    RegistrationFactory(call=call)

    client.post(call_address(call), data | {"places_taken": "0", "capacity": "1", "closes_on": "2026-12-24"})

    call.refresh_from_db()
    assert (call.reply_to, call.places_taken, call.capacity) == ("other@example.org", 1, 10)
    assert call.closes_at == NOW + timedelta(days=7)


def test_a_call_is_made_with_a_day_as_its_deadline(client: Client) -> None:
    event = EventFactory(timezone="Europe/Riga")
    data = form_of(client, "/admin/events/call/add/") | {
        "event": event.pk,
        "admission": "open",
        "reply_to": "office@example.org",
        "opens_at_0": "2026-09-01",
        "opens_at_1": "09:00",
        "closes_on": "2026-09-20",
        "capacity": "30",
    }

    client.post("/admin/events/call/add/", data)

    call = Call.objects.get(event=event)
    assert call.opens_at == datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
    assert (call.closes_on, call.closes_at) == (date(2026, 9, 20), datetime(2026, 9, 20, 21, 0, tzinfo=UTC))
    assert (call.capacity, call.places_limit) == (30, 30)


def test_a_selective_call_without_a_date_to_hear_by_is_refused(client: Client) -> None:
    data = form_of(client, "/admin/events/call/add/") | {
        "event": EventFactory().pk,
        "admission": "selective",
        "reply_to": "office@example.org",
        "opens_at_0": "2026-09-01",
        "opens_at_1": "09:00",
        "closes_on": "2026-09-20",
    }

    page = client.post("/admin/events/call/add/", data).content.decode()

    assert "by which day everyone hears" in page
    assert not Call.objects.exists()


def test_more_places_go_to_the_list(client: Client) -> None:
    call = CallFactory(organisers=[client.user], capacity=1)
    RegistrationFactory(call=call)
    waiting = RegistrationFactory(call=call, on_list=True)
    call.event.sessions.update(starts_at=datetime(2099, 1, 1, tzinfo=UTC), ends_at=datetime(2099, 1, 2, tzinfo=UTC))

    page = client.post(call_address(call, "capacity"), {"capacity": "2"}, follow=True).content.decode()

    waiting.refresh_from_db()
    assert waiting.state == State.CONFIRMED
    assert "There are 2 places now. 1 moved up from the list" in page


def test_a_capacity_below_the_places_taken_is_refused_with_the_numbers(client: Client) -> None:
    call = CallFactory(organisers=[client.user])
    RegistrationFactory.create_batch(3, call=call)

    answer = client.post(call_address(call, "capacity"), {"capacity": "2"})

    assert answer.status_code == 422
    assert "3 places are taken, so the capacity cannot be 2" in answer.content.decode()


def test_a_deadline_moves_to_a_later_day(client: Client) -> None:
    call = CallFactory(organisers=[client.user], closes_at=datetime(2099, 3, 1, tzinfo=UTC), event__sessions=[LATE])

    client.post(call_address(call, "deadline"), {"closes_on": "2099-03-10"})

    call.refresh_from_db()
    assert (call.closes_on, call.closes_at) == (date(2099, 3, 10), datetime(2099, 3, 10, 23, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"closes_on": "2099-02-01"}, "must be later than the old one"),
        ({}, "one of the two"),
        ({"closes_on": "2099-03-10", "closes_at_0": "2099-03-10", "closes_at_1": "12:00"}, "one of the two"),
    ],
)
def test_an_impossible_deadline_is_refused_in_words(client: Client, given: dict[str, str], words: str) -> None:
    call = CallFactory(organisers=[client.user], closes_at=datetime(2099, 3, 1, tzinfo=UTC), event__sessions=[LATE])

    answer = client.post(call_address(call, "deadline"), given)

    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_more_people_may_be_invited_than_there_are_places(client: Client) -> None:
    call = CallFactory(organisers=[client.user], selective=True)

    assert client.post(call_address(call, "over-invite"), {"more": "-1"}).status_code == 422
    client.post(call_address(call, "over-invite"), {"more": "4"})

    call.refresh_from_db()
    assert (call.capacity, call.places_limit) == (10, 14)


def test_selection_and_release_are_settled_by_one_act_that_the_log_keeps(client: Client) -> None:
    call = CallFactory(organisers=[client.user], selective=True)
    deputy = UserFactory(role=Role.ORGANISER, name="Dana Deputy")
    given = {"needs_second_person": "on", "deputy": deputy.pk, "telephone_hours": "48"}

    assert client.post(call_address(call, "selection"), {**given, "telephone_hours": "721"}).status_code == 422
    reviewer = UserFactory(role=Role.REVIEWER)
    assert client.post(call_address(call, "selection"), {**given, "deputy": reviewer.pk}).status_code == 422
    client.post(call_address(call, "selection"), given)

    settings = SelectionSettings.objects.get(call=call)
    assert (settings.needs_second_person, settings.deputy, settings.promotes_by_itself) == (True, deputy, False)
    assert settings.telephone_hours == 48
    said = LogEntry.objects.get().change_message
    assert "A second person releases; deputy: Dana Deputy." in said
    assert "in the last 48 hours by telephone only" in said
    page = client.get(call_address(call, "selection"))
    assert page.context["form"].initial["telephone_hours"] == 48


def test_reviewers_are_chosen_among_reviewers(client: Client) -> None:
    call = CallFactory(organisers=[client.user], selective=True)
    reviewer, other = UserFactory(role=Role.REVIEWER), UserFactory()

    assert client.post(call_address(call, "reviewers"), {"reviewers": [other.pk]}).status_code == 422
    client.post(call_address(call, "reviewers"), {"reviewers": [reviewer.pk]})

    assert [assignment.reviewer for assignment in call.review_assignments.all()] == [reviewer]


def test_choices_are_lines_of_value_and_label() -> None:
    field = ChoicesField()

    assert field.clean("police: Police\n\nother: Something: else") == [
        ["police", "Police"],
        ["other", "Something: else"],
    ]
    assert field.prepare_value([["a", "A"], ["b", "B"]]) == "a: A\nb: B"


@pytest.mark.parametrize("address", ["/admin/events/event/", "/admin/events/call/"])
@pytest.mark.parametrize("rows", [1, 30])
def test_lists_take_a_number_of_queries_that_does_not_grow(
    client: Client, django_assert_max_num_queries: Any, address: str, rows: int
) -> None:
    CallFactory.create_batch(rows)

    with django_assert_max_num_queries(20):
        assert client.get(address).status_code == 200
