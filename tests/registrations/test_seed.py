"""The demo's content: made once, through the services of everybody, and never made again."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Count
from django.test import Client, override_settings

from accounts.models import User
from events.models import Announcement, Call, Event, Publication
from events.policies import is_visible
from registrations.enums import MailState, State
from registrations.models import Decision, OutgoingMail, Registration, Review, Transition
from registrations.services import editions, seeding, selection

pytestmark = pytest.mark.django_db

DEMO = Path("demo")
NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def seeded(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[seeding.Seeded]:
    """The demo, made once for this file, in a transaction around those of its tests."""
    folder = tmp_path_factory.mktemp("media")
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=folder), transaction.atomic():
        yield seeding.seed(folder=DEMO, now=NOW)
        transaction.set_rollback(True)


def test_the_demo_holds_archive_editions_accounts_and_people(seeded: seeding.Seeded) -> None:
    assert {"mental-health-and-pcve-2023", "basics-of-mental-health-2023", "ran-health-training-2021"} <= set(
        seeded.events
    )
    assert len(seeded.accounts) == 5
    assert seeded.registrations == Registration.objects.count() > 60
    assert Publication.objects.get().document.name.endswith(".pdf")


def test_every_account_signs_in_with_the_password_that_is_printed(seeded: seeding.Seeded) -> None:
    for email in seeded.accounts:
        user = User.objects.get(email=email)
        assert user.check_password(seeding.PASSWORD)
        assert not user.is_superuser
        assert user.groups.count() == 1


def test_every_state_of_a_call_can_be_seen(seeded: seeding.Seeded) -> None:
    calls = {call.event.slug: call for call in Call.objects.select_related("event")}
    assert calls["mental-health-and-pcve"].opens_at < NOW < calls["mental-health-and-pcve"].closes_at
    assert calls["basics-of-mental-health"].opens_at < NOW < calls["basics-of-mental-health"].closes_at
    assert calls["basics-of-mental-health-second-group"].closes_at < NOW
    assert calls["ran-health-meeting"].opens_at > NOW
    assert is_visible(calls["ran-health-meeting"].event, NOW)
    assert calls["exit-work-round-table"].places_taken == calls["exit-work-round-table"].capacity
    assert calls["exit-work-round-table"].registrations.filter(state=State.RESERVE).count() >= 3
    assert Announcement.objects.filter(published_at__gt=NOW).exists()


def test_a_selective_call_is_ready_to_be_decided_and_released(seeded: seeding.Seeded) -> None:
    call = Call.objects.get(event__slug="basics-of-mental-health-second-group")
    applications = Registration.objects.filter(call=call, state=State.SUBMITTED)
    assert applications.count() >= 55
    assert Review.objects.filter(registration__in=applications).count() == 2 * applications.count()
    staged = Decision.objects.filter(registration__call=call, released_at=None)
    assert 0 < staged.count() < applications.count()

    organiser = User.objects.get(email="organiser@example.org")
    released = selection.release(call=call, by=organiser, now=NOW)

    assert released.selected == 6


def test_people_went_the_way_that_everybody_goes(seeded: seeding.Seeded) -> None:
    people = Registration.objects.annotate(steps=Count("transitions"), letters=Count("mails", distinct=True))
    assert not people.filter(steps=0).exists()
    assert not people.filter(letters=0).exists()
    assert not OutgoingMail.objects.filter(state=MailState.SENT).exists()
    assert not Transition.objects.filter(at__gt=NOW).exists()
    assert Registration.objects.filter(state=State.UNPROVEN).exists()


def test_a_second_time_makes_nothing_and_changes_nothing(seeded: seeding.Seeded) -> None:
    Event.objects.filter(slug="mental-health-and-pcve-2023").update(title="Corrected by a publisher")
    User.objects.get(email="publisher@example.org").set_password("another")

    again = seeding.seed(folder=DEMO, now=NOW + timedelta(days=3))

    assert again == seeding.Seeded(accounts=(), events=(), registrations=0)
    assert Event.objects.get(slug="mental-health-and-pcve-2023").title == "Corrected by a publisher"


@pytest.mark.parametrize("weekday", range(7))
def test_editions_can_be_made_on_any_day_of_any_week(weekday: int) -> None:
    for first in (date(2026, 12, 21), date(2027, 3, 22), date(2028, 2, 28)):
        today = first + timedelta(days=weekday)
        for path in sorted((DEMO / "editions").glob("*.yaml")):
            assert editions.read(path, archive=DEMO / "calls", today=today).call is not None


def test_the_pages_of_the_demo_can_be_read(seeded: seeding.Seeded) -> None:
    pages = [event.get_absolute_url() for event in Event.objects.all() if is_visible(event, NOW)]
    assert {Client().get(page).status_code for page in pages} == {200}
