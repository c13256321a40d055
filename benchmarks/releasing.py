"""A release of ten thousand decisions: given, and carried out by the scan, against writing the same rows bare."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.db import connection
from django.test import Client

from accounts.models import User
from benchmarks.measures import Measured, bare_writing
from events.models import Call
from ranportal.shared import clock
from registrations.enums import Outcome, State
from registrations.models import Registration
from registrations.services import applicants, releasing, selection
from tests.factories import CallFactory, UserFactory

PEOPLE = 10_000
_HERE = "/admin/registrations/registration/calls"


def released(*, people: int = PEOPLE) -> list[Measured]:
    """The page with its summary against its rows, and states and mails of all against the bare writing of them."""
    call, staff = _call(people)
    client = Client(SERVER_NAME="localhost")
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    rows = _seconds(lambda: list(Registration.objects.filter(call=call, state=State.SUBMITTED)))
    page = _seconds(lambda: _visit(client, f"{_HERE}/{call.pk}/release/"))
    release = releasing.give(call=call, by=staff, now=clock.now())
    statements: list[None] = []
    with connection.execute_wrapper(partial(_count, statements)):
        spent = _seconds(lambda: releasing.carry_out(now=release.due_at))
    release.refresh_from_db()
    if release.refusal or call.mails.count() != people:
        raise RuntimeError(f"The release was not carried out. {release.refusal}")
    return [
        Measured(f"GET the release page, {people:,} staged", page, rows),
        Measured(f"carry out {people:,} decisions", spent, bare_writing(call), f"{len(statements)} statements"),
    ]


def _count(statements: list[None], execute: Callable[..., object], *statement: object) -> object:
    """Django's own way of capturing statements keeps their text, which takes seconds with rows by the thousand."""
    statements.append(None)
    return execute(*statement)


def _visit(client: Client, address: str) -> None:
    if client.get(address).status_code != 200:
        raise RuntimeError("The page is not there.")


def _call(people: int) -> tuple[Call, User]:
    """A call with so many invented applicants and a staged decision for each."""
    now = clock.now()
    call: Call = CallFactory.create(
        selective=True,
        capacity=-(-people // len(Outcome)),
        asks_to_confirm=True,
        opens_at=now - timedelta(days=20),
        closes_at=now - timedelta(days=1),
        decision_by=(now + timedelta(days=7)).date(),
        event__published_at=now - timedelta(days=20),
        event__sessions=[(now + timedelta(days=30), now + timedelta(days=30, hours=2))],
    )
    applicants.make(call=call, count=people, seed=people, now=now)
    Registration.objects.filter(call=call).update(state=State.SUBMITTED, proven_at=now)
    staff = UserFactory.create(administrator=True)
    call.organisers.add(staff)
    everybody = list(Registration.objects.filter(call=call))
    for number, outcome in enumerate(Outcome):
        share = everybody[number :: len(Outcome)]
        selection.stage(registrations=share, outcome=outcome, reason="Fits.", by=staff, now=now)
    return call, staff


def _seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start
