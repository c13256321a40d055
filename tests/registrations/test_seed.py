"""The demo's content: made once, through the services of everybody, and never made again."""

from collections import Counter
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
from registrations.attributes import attributes_of, with_values
from registrations.enums import MailState, State
from registrations.models import Decision, Identity, LibraryQuestion, OutgoingMail, Registration, Review, Transition
from registrations.services import editions, seeding
from registrations.states import HOLDS_PLACE

pytestmark = pytest.mark.django_db

DEMO = Path("demo")
TO_DECIDE = "basics-of-mental-health-second-group"
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
    assert len(seeded.accounts) == 7
    assert seeded.registrations == Registration.objects.count() > 60
    assert Publication.objects.get().document.name.endswith(".pdf")
    assert {"motivation", "working_group", "diet"} <= set(LibraryQuestion.objects.values_list("key", flat=True))


def test_every_account_signs_in_with_the_password_that_is_printed(seeded: seeding.Seeded) -> None:
    for email in seeded.accounts:
        user = User.objects.get(email=email)
        assert user.check_password(seeding.PASSWORD)
        assert not user.is_superuser
        assert user.groups.exists()


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


def test_a_selective_call_with_two_hundred_applications_is_ready_to_be_decided(seeded: seeding.Seeded) -> None:
    call = Call.objects.get(event__slug=TO_DECIDE)
    applications = Registration.objects.filter(call=call, state=State.SUBMITTED)

    assert applications.count() == 200
    assert Review.objects.filter(registration__in=applications).count() == 400
    assert not Decision.objects.filter(registration__call=call).exists()
    assert {criterion.anchors != "" for criterion in call.criteria.all()} == {True}
    assert call.questions.filter(key="working_group").exists()


def test_its_rules_can_be_met_and_the_best_alone_do_not_meet_them(seeded: seeding.Seeded) -> None:
    call = Call.objects.get(event__slug=TO_DECIDE)
    rules = {(rule.attribute, rule.value): rule for rule in call.selection_rules.all()}
    people = Registration.objects.filter(call=call, state=State.SUBMITTED, score__isnull=False).order_by("-score", "pk")
    by_key = {attribute.key: attribute for attribute in attributes_of(call)}
    values = {key: dict(with_values(people, by_key[key]).values_list("pk", "attribute_value")) for key, _ in rules}
    best = [registration.pk for registration in people[: call.capacity]]

    police = [pk for pk, value in values["profession"].items() if value == "police"]
    firsts = [pk for pk, value in values["first_time"].items() if value]
    assert len({values["country"][pk] for pk in police}) >= 4
    assert len({values["organisation"][pk] for pk in police}) >= 4
    assert 8 <= len(firsts) < people.count()
    countries = Counter(values["country"][pk] for pk in best)
    assert max(countries.values()) > rules["country", "*"].maximum


def test_the_first_group_took_place_and_some_of_it_apply_again(seeded: seeding.Seeded) -> None:
    there = Registration.objects.filter(call__event__slug="basics-of-mental-health-first-group")
    again = Registration.objects.filter(
        call__event__slug=TO_DECIDE, address_index__in=there.filter(state=State.ATTENDED).values("address_index")
    )

    assert set(there.values_list("state", flat=True)) == {State.ATTENDED, State.ABSENT, State.DECLINED}
    assert there.filter(state__in=HOLDS_PLACE).count() == Call.objects.get(event=there[0].call.event).places_taken == 25
    assert again.count() >= 8


def test_people_went_the_way_that_everybody_goes(seeded: seeding.Seeded) -> None:
    invented = [who.pk for who in Identity.objects.all() if who.organisation.startswith("Example ")]
    people = Registration.objects.exclude(pk__in=invented).annotate(
        steps=Count("transitions"), letters=Count("mails", distinct=True)
    )
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
