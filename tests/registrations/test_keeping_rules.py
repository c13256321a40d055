"""How long a call keeps its people: what its organisers may change, and what stands behind it."""

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError

from accounts.enums import Role
from accounts.models import User
from events.models import Call
from registrations import retention
from registrations.mail import facts
from registrations.models import KeepingRules
from registrations.services import keeping_rules
from tests.factories import NOW, CallFactory, RegistrationFactory, UserFactory
from tests.registrations.people_story import call_page, signed_in

pytestmark = pytest.mark.django_db

DAYS = {"unproven_days": 7, "clearance_days": 1, "sensitive_days": 14, "declined_days": 90, "selected_days": 365}


@pytest.fixture
def organiser() -> User:
    return UserFactory(role=Role.ORGANISER)


@pytest.fixture
def call(organiser: User) -> Call:
    return CallFactory(organisers=[organiser])


def test_without_rules_of_its_own_a_call_has_the_usual_ones(call: Call) -> None:
    rules = retention.rules_of(call)
    assert {name: getattr(rules, name) for name in retention.RULES} == DAYS


def test_before_anybody_registers_days_become_more_or_fewer(call: Call, organiser: User) -> None:
    keeping_rules.change(call=call, days={"declined_days": 120, "selected_days": 30}, by=organiser, now=NOW)
    rules = KeepingRules.objects.get(call=call)
    assert (rules.declined_days, rules.selected_days) == (120, 30)
    assert "declined_days 90 to 120" in LogEntry.objects.get().change_message


def test_who_was_told_how_long_is_kept_no_longer_but_may_be_kept_shorter(call: Call, organiser: User) -> None:
    RegistrationFactory(call=call)
    with pytest.raises(keeping_rules.LongerThanTold):
        keeping_rules.change(call=call, days={"declined_days": 91, "selected_days": 30}, by=organiser, now=NOW)
    assert not KeepingRules.objects.exists()
    keeping_rules.change(call=call, days={"declined_days": 60}, by=organiser, now=NOW)
    with pytest.raises(keeping_rules.LongerThanTold):
        keeping_rules.change(call=call, days={"declined_days": 90}, by=organiser, now=NOW)


@pytest.mark.parametrize(("rule", "days"), [("declined_days", 27), ("selected_days", 731), ("clearance_days", 0)])
def test_there_are_limits(rule: str, days: int, call: Call, organiser: User) -> None:
    with pytest.raises(ValidationError):
        keeping_rules.change(call=call, days={rule: days}, by=organiser, now=NOW)


def test_nobodys_data_go_before_the_last_day_to_ask_why() -> None:
    least = next(
        validator.limit_value
        for validator in KeepingRules._meta.get_field("declined_days").validators
        if validator.code == "min_value"
    )
    assert facts.WHY_FOR.days <= least


def test_the_page_shows_the_days_and_saves_others(call: Call, organiser: User) -> None:
    client, place = signed_in(organiser), call_page(call, "keeping/")
    assert 'value="365"' in client.get(place).content.decode()
    assert client.post(place, {**DAYS, "selected_days": 100}).status_code == 302
    assert KeepingRules.objects.get(call=call).selected_days == 100


def test_the_page_says_why_days_do_not_become_more(call: Call, organiser: User) -> None:
    RegistrationFactory(call=call)
    answer = signed_in(organiser).post(call_page(call, "keeping/"), {**DAYS, "selected_days": 400})
    assert answer.status_code == 422
    assert "It can become shorter." in answer.content.decode()
