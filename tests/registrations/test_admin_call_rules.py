"""Calls and events in the admin: whose they are, and what does not fit together."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.enums import Role
from accounts.models import User
from events.models import Call, Event
from registrations.models import Release
from tests.factories import NOW, CallFactory, EventFactory, UserFactory
from tests.registrations.test_admin_calls import call_address, client, events_address, form_of
from tests.signing_in import signed_in as proven_before

__all__ = ["client"]

pytestmark = pytest.mark.django_db


def signed_in(role: Role) -> tuple[Client, User]:
    client, user = Client(), UserFactory(role=role)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client, user


@pytest.mark.parametrize("name", ["capacity", "over-invite", "selection", "extras", "deadline", "reviewers"])
def test_what_touches_people_is_not_for_publishers(name: str) -> None:
    publisher, _ = signed_in(Role.PUBLISHER)
    call = CallFactory(selective=True)

    assert publisher.get(call_address(call, name)).status_code == 403
    answer = publisher.post(call_address(call, name), {"capacity": "99", "more": "99", "telephone_hours": "0"})

    assert answer.status_code == 403
    call.refresh_from_db()
    assert (call.capacity, call.places_limit) == (10, 10)
    assert publisher.get(call_address(call)).context["offered"] == []


def test_the_organisers_of_a_call_do_what_touches_people() -> None:
    organiser, user = signed_in(Role.ORGANISER)
    call = CallFactory(organisers=[user])

    organiser.post(call_address(call, "capacity"), {"capacity": "99"})

    call.refresh_from_db()
    assert call.capacity == 99
    assert organiser.get(call_address(call)).context["offered"]


@pytest.mark.parametrize(("role", "is_taken"), [(Role.PUBLISHER, False), (Role.ADMINISTRATOR, True)])
def test_who_organises_an_existing_call_is_said_by_administrators(role: Role, is_taken: bool) -> None:
    browser, _ = signed_in(role)
    call, other = CallFactory(organisers=[UserFactory(role=Role.ORGANISER)]), UserFactory(role=Role.ORGANISER)
    data = form_of(browser, call_address(call)) | {"organisers": [str(other.pk)], "has_waiting_list": ""}

    browser.post(call_address(call), data)

    call.refresh_from_db()
    assert not call.has_waiting_list
    assert (list(call.organisers.all()) == [other]) is is_taken


def organised_by(browser: Client, call: Call, *users: User) -> Any:
    data = form_of(browser, call_address(call)) | {"organisers": [str(user.pk) for user in users]}
    return browser.post(call_address(call), data)


def test_naming_others_asks_an_administrator_again_who_they_are() -> None:
    browser, _ = signed_in(Role.ADMINISTRATOR)
    first, other = UserFactory(role=Role.ORGANISER), UserFactory(role=Role.ORGANISER)
    call = CallFactory(organisers=[first])
    proven_before(browser, seconds_ago=360)

    assert organised_by(browser, call, other).headers["Location"].startswith("/accounts/again/")

    assert list(call.organisers.all()) == [first]
    assert organised_by(browser, call, first).headers["Location"] == "/admin/events/call/"


def test_naming_others_stands_by_name_in_the_history_and_leaves_no_call_without_anybody() -> None:
    browser, _ = signed_in(Role.ADMINISTRATOR)
    first, other = UserFactory(role=Role.ORGANISER), UserFactory(role=Role.ORGANISER)
    call = CallFactory(organisers=[first])

    organised_by(browser, call, other)
    refused = organised_by(browser, call)

    assert "Somebody has to organise this call" in refused.content.decode()
    assert list(call.organisers.all()) == [other]
    kept = "".join(LogEntry.objects.filter(object_id=str(call.pk)).values_list("change_message", flat=True))
    assert f"{first.email} organises it no longer." in kept
    assert f"{other.email} organises it from now on." in kept


def new_call(client: Client, event: Event, **changes: str) -> dict[str, Any]:
    return form_of(client, "/admin/events/call/add/") | {
        "event": event.pk,
        "admission": "selective",
        "reply_to": "office@example.org",
        "opens_at_0": "2026-09-01",
        "opens_at_1": "09:00",
        "closes_on": "2026-09-20",
        "decision_by": "2026-09-25",
        **changes,
    }


def test_a_publisher_makes_a_call_and_says_who_organises_it() -> None:
    publisher, _ = signed_in(Role.PUBLISHER)
    organiser, event = UserFactory(role=Role.ORGANISER), EventFactory()

    publisher.post("/admin/events/call/add/", new_call(publisher, event) | {"organisers": [str(organiser.pk)]})

    assert list(Call.objects.get(event=event).organisers.all()) == [organiser]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"opens_at_0": "2026-09-21"}, "A call opens before it closes."),
        ({"closes_on": "2026-09-30", "decision_by": "2026-10-01"}, "after the event is over"),
        ({"decision_by": "2026-09-19"}, "before the call has closed"),
        ({"decision_by": "2026-09-30"}, "after the event has begun"),
    ],
)
def test_a_new_call_whose_dates_do_not_fit_is_refused_in_words(
    client: Client, changes: dict[str, str], words: str
) -> None:
    page = client.post("/admin/events/call/add/", new_call(client, EventFactory(), **changes))

    assert page.status_code == 200
    assert words in page.content.decode()
    assert not Call.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"opens_at_0": "2026-09-20"}, "A call opens before it closes."),
        ({"decision_by": "2026-09-07"}, "before the call has closed"),
        ({"decision_by": "2026-10-07"}, "after the event has begun"),
    ],
)
def test_a_call_whose_new_dates_do_not_fit_is_refused_in_words(
    client: Client, changes: dict[str, str], words: str
) -> None:
    call = CallFactory(selective=True)

    page = client.post(call_address(call), form_of(client, call_address(call)) | changes)

    assert page.status_code == 200
    assert words in page.content.decode()


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("confirm_within_days", {"confirm_within_days": "9"}),
        ("list_closes_at", {"list_closes_at_0": "2026-09-20", "list_closes_at_1": "12:00"}),
        ("gives_on_unanswered", {"gives_on_unanswered": "on"}),
    ],
)
def test_what_the_mails_of_a_release_promise_stays_while_it_waits(
    client: Client, field: str, changes: dict[str, str]
) -> None:
    call = CallFactory(selective=True, asks_to_confirm=True)
    release = Release.objects.create(call=call, given_at=NOW, due_at=NOW + timedelta(minutes=15))
    before = Call.objects.values(field).get()
    data = form_of(client, call_address(call)) | {"reply_to": "new@example.org"}

    page = client.post(call_address(call), data | changes)

    assert "its mails leave on 1 September, 14:15" in page.context["adminform"].form.errors[field][0]
    assert Call.objects.values(field, "reply_to").get() == {**before, "reply_to": call.reply_to}
    client.post(call_address(call), data)
    assert Call.objects.get().reply_to == "new@example.org"
    release.delete()
    client.post(call_address(call), data | changes)
    assert Call.objects.values(field).get() != before


def test_a_deadline_after_the_event_is_refused(client: Client) -> None:
    call = CallFactory(organisers=[client.user], closes_at=datetime(2099, 3, 1, tzinfo=UTC))
    call.event.sessions.update(
        starts_at=datetime(2099, 4, 1, 9, tzinfo=UTC), ends_at=datetime(2099, 4, 1, 17, tzinfo=UTC)
    )

    answer = client.post(call_address(call, "deadline"), {"closes_on": "2099-04-01"})

    assert answer.status_code == 422
    assert "after the event is over" in answer.content.decode()


@pytest.mark.parametrize("opens_at", [NOW, datetime(2099, 1, 1, tzinfo=UTC)])
def test_the_zone_of_an_event_changes_only_before_its_call_opens(client: Client, opens_at: datetime) -> None:
    call = CallFactory(opens_at=opens_at, closes_at=datetime(2099, 3, 1, 23, tzinfo=UTC), closes_on=date(2099, 3, 1))
    data = form_of(client, events_address(call.event)) | {"timezone": "Europe/Riga"}
    is_open = opens_at == NOW

    page = client.post(events_address(call.event), data, follow=True).content.decode()

    call.refresh_from_db()
    assert ("can no longer change" in page) is is_open
    assert call.event.timezone == ("Europe/Brussels" if is_open else "Europe/Riga")
    assert call.closes_at == datetime(2099, 3, 1, 23 if is_open else 22, tzinfo=UTC)


def test_the_address_of_an_event_that_people_may_know_stays(client: Client) -> None:
    known, draft = EventFactory(slug="known"), EventFactory(slug="not-yet", draft=True)

    for event in (known, draft):
        client.post(events_address(event), form_of(client, events_address(event)) | {"slug": f"new-{event.slug}"})

    assert sorted(Event.objects.values_list("slug", flat=True)) == ["known", "new-not-yet"]


def test_an_organiser_is_not_told_of_others_drafts_and_hidden_events() -> None:
    organiser, user = signed_in(Role.ORGANISER)
    own = CallFactory(event__draft=True, organisers=[user]).event
    already = EventFactory(hidden=True)
    own.related_events.add(already)
    public = EventFactory()
    EventFactory(draft=True)
    EventFactory(hidden=True)

    field = organiser.get(events_address(own)).context["adminform"].form.fields["related_events"]

    assert set(field.queryset) == {own, already, public}


def test_a_whole_day_is_shown_as_a_deadline_by_its_name(client: Client) -> None:
    CallFactory(
        organisers=[client.user], closes_at=datetime(2026, 11, 21, 23, tzinfo=UTC), closes_on=date(2026, 11, 21)
    )
    CallFactory(organisers=[client.user], closes_at=datetime(2026, 11, 20, 11, tzinfo=UTC))

    for address in ("/admin/events/call/", "/admin/registrations/registration/calls/"):
        page = client.get(address).content.decode()
        assert "end of 21 November 2026" in page
        assert "20 November 2026, 12:00" in page
