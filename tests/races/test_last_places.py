"""Law 2: 200 people press their button at once for the last five places. Nobody too many, nobody too few."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import connection
from django.http import HttpResponse

from events.models import Call
from ranportal.shared import clock
from registrations import links
from registrations.enums import MailKind, State
from registrations.models import Identity, OutgoingMail, PrivateLink, Registration
from registrations.people import address_index
from registrations.views import visit
from tests.factories import CallFactory, EventFactory, RegistrationFactory
from tests.faults import report
from tests.races.web import WebServer, at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PEOPLE, PLACES = 200, 5
FEWER = 60
UNLOCKED = "python:tests.races.unlocked"


@dataclass(frozen=True)
class Round:
    call: Call
    oversold: int
    unsold: int
    failed: int
    failures: Counter[str]
    seconds: float


@pytest.mark.both_databases
def test_200_people_press_at_once_and_the_last_five_places_go_to_five(web, rounds):
    server = web()
    ran = [a_round(server, PEOPLE) for _ in range(rounds)]
    tell("with the lock", "oversold 0, unsold 0, each answered", PEOPLE, ran)
    assert [(r.oversold, r.unsold, r.failures) for r in ran] == [(0, 0, {})] * rounds
    for r in ran:
        check_the_list_and_the_mails(r.call)


@pytest.mark.both_databases
def test_without_the_lock_the_race_is_lost(web):
    """The control. PostgreSQL oversells; on SQLite the transactions collide and people get no answer."""
    server = web(config=UNLOCKED)
    with no_last_word():
        ran = until_lost(server, "oversold" if connection.vendor == "postgresql" else "failed")
    tell("control, without the lock", "the race is lost", FEWER, ran)
    assert ran[-1].oversold > 0 if connection.vendor == "postgresql" else ran[-1].failed > 0


def test_without_the_lock_the_check_constraint_still_has_the_last_word(web):
    ran = until_lost(web(config=UNLOCKED), "failed")
    tell("control, without the lock, with the constraint", "oversold 0, others refused", FEWER, ran)
    assert (max(r.oversold for r in ran), ran[-1].failed > 0) == (0, True)


def until_lost(server: WebServer, sign: str) -> list[Round]:
    """Rounds until one is lost, three at most: chance may spare one."""
    ran: list[Round] = []
    while len(ran) < 3 and not any(getattr(one, sign) for one in ran):
        ran.append(a_round(server, FEWER))
    return ran


def a_round(server: WebServer, people: int) -> Round:
    call, waiting = a_call_with(people)
    presses = [button_of(server, link) for link in waiting]
    start = time.monotonic()
    answers = at_once(presses)
    seconds = time.monotonic() - start
    confirmed = Registration.objects.filter(call=call, state=State.CONFIRMED).count()
    failed = Counter(repr(answer) for answer in answers if answer != 303)
    return Round(call, max(0, confirmed - PLACES), max(0, PLACES - confirmed), failed.total(), failed, seconds)


def button_of(server: WebServer, link: PrivateLink) -> Callable[[], int]:
    """What pressing the button does in the browser of someone who followed this link."""
    response = HttpResponse()
    visit.keep(response, visit.Visit(link_ids=[link.pk]), now=clock.now())
    browser = server.browser(**{name: morsel.value for name, morsel in response.cookies.items()})
    return lambda: browser.post(f"/registrations/mine/{link.registration.reference}/", {"action": "prove"})


def check_the_list_and_the_mails(call: Call) -> None:
    call.refresh_from_db()
    assert call.places_taken == PLACES
    positions = Registration.objects.filter(call=call, state=State.RESERVE).values_list("list_position", flat=True)
    assert sorted(positions) == list(range(1, PEOPLE - PLACES + 1))
    mails = Counter(OutgoingMail.objects.filter(call=call).values_list("kind", flat=True))
    assert mails == {MailKind.CONFIRMED: PLACES, MailKind.WAITING_LIST: PEOPLE - PLACES}


def a_call_with(people: int) -> tuple[Call, list[PrivateLink]]:
    """An open call of five places, and the links of so many people whose forms are in."""
    now = clock.now()
    starts_at = now + timedelta(days=30)
    event = EventFactory(published_at=now - timedelta(days=1), sessions=[(starts_at, starts_at + timedelta(hours=2))])
    call = CallFactory(
        event=event, capacity=PLACES, opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=9)
    )
    persons = RegistrationFactory.build_batch(people, unproven=True, call=call, sent_at=now, state_changed_at=now)
    for person in persons:
        person.address_index = address_index(f"{person.reference.lower()}@example.org")
    Registration.objects.bulk_create(persons)
    Identity.objects.bulk_create(
        Identity(
            registration=person, given_name="A", family_name="B", display_name="C", email=f"{person.pk}@example.org"
        )
        for person in persons
    )
    rows = [
        PrivateLink(registration=person, version=1, key_id=links.new_key_id(), created_at=now) for person in persons
    ]
    return call, PrivateLink.objects.bulk_create(rows)


@contextmanager
def no_last_word() -> Iterator[None]:
    """Take the check constraint away, and what it would have refused as well afterwards."""
    if connection.vendor == "sqlite":
        yield
        return
    constraint = next(c for c in Call._meta.constraints if c.name == "call_places_taken_within_limit")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Call, constraint)
    try:
        yield
    finally:
        Call.objects.update(places_taken=0)
        with connection.schema_editor() as editor:
            editor.add_constraint(Call, constraint)


def tell(name: str, goal: str, people: int, ran: list[Round]) -> None:
    """Put the rounds into the table."""
    report.add(
        fault=f"{name}: {len(ran)} x {people} people press at once for the last {PLACES} places",
        goal=goal,
        reached=f"oversold {sum(r.oversold for r in ran)}, unsold {sum(r.unsold for r in ran)}, 5xx or no answer"
        f" {sum(r.failed for r in ran)}, slowest round {max(r.seconds for r in ran):.1f} s",
    )
