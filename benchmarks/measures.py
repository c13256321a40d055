"""What is measured: pages, one registration, a release of many decisions."""

import itertools
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeVar

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from events.models import Call
from ranportal.shared import clock
from registrations import links
from registrations.enums import Outcome, State
from registrations.models import Identity, OutgoingMail, PrivateLink, Registration, Transition
from registrations.people import PersonDetails, address_index
from registrations.services import selection
from tests.factories import CallFactory, RegistrationFactory, UserFactory, person
from tests.stamps import hidden_fields

PAGES = ("/", "/events/", "/events/mental-health-and-pcve/", "/events/mental-health-and-pcve/register/")
FORM = "/events/mental-health-and-pcve/register/"
LINK_FORM = "/registrations/link/"
ROUNDS = 5
Name = TypeVar("Name")


@dataclass(frozen=True)
class Measured:
    """One line: what, how long it took (seconds), how long the baseline took, and what else there is to say."""

    what: str
    seconds: float
    baseline: float
    note: str = ""

    def __str__(self) -> str:
        times = self.seconds / self.baseline
        return (
            f"{self.what:<44} {_spent(self.seconds):>9}  {times:6.1f} × {_spent(self.baseline)}  {self.note}".rstrip()
        )


def _spent(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def medians(acts: Mapping[Name, Callable[[], object]], *, seconds: float) -> dict[Name, float]:
    """Return the seconds that each act takes, as a median of rounds in turns; all of it takes about `seconds`."""
    slice_of_time = seconds / len(acts) / ROUNDS
    spent: dict[Name, list[float]] = {name: [] for name in acts}
    for act in acts.values():
        act()
    for _ in range(ROUNDS):
        for name, act in acts.items():
            start = time.perf_counter()
            for number in itertools.count(1):
                act()
                if (passed := time.perf_counter() - start) >= slice_of_time:
                    spent[name].append(passed / number)
                    break
    return {name: statistics.median(found) for name, found in spent.items()}


def pages(*, seconds: float) -> list[Measured]:
    """Public pages against a view of the same process that answers two letters."""
    client = Client(SERVER_NAME="localhost")

    def visit(address: str) -> None:
        if client.get(address).status_code != 200:
            raise RuntimeError(f"{address} is not there.")

    found = medians({address: partial(visit, address) for address in ("/plain/", *PAGES)}, seconds=seconds)
    baseline = found.pop("/plain/")
    return [Measured(f"GET {a}", spent, baseline, f"{1 / spent:.0f}/s") for a, spent in found.items()]


def registration(*, seconds: float) -> list[Measured]:
    """The form of an open call, each time from another person, against a form that writes one row."""
    client = Client(SERVER_NAME="localhost")
    numbers = itertools.count(1)

    def send(address: str) -> None:
        fields = person(next(numbers))
        answer = client.post(address, _form(address, fields))
        if answer.status_code != 303:
            raise RuntimeError(f"{address} answered {answer.status_code}.")

    found = medians({a: partial(send, a) for a in ("/one-row/", FORM)}, seconds=seconds)
    with CaptureQueriesContext(connection) as statements:
        send(FORM)
    note = f"{1 / found[FORM]:.0f}/s, {len(statements)} statements"
    return [Measured("POST a registration", found[FORM], found["/one-row/"], note)]


def _form(address: str, fields: PersonDetails) -> dict[str, str]:
    return {**vars(fields), **hidden_fields(address), "q-closer_to": "security", "privacy": "on"}


def strangers(*, seconds: float) -> list[Measured]:
    """What a stopwatch tells somebody who types another person's address: a registered one against a new one."""
    client = Client(SERVER_NAME="localhost")
    call = Call.objects.get(event__slug=FORM.split("/")[2])
    known = itertools.cycle([made.identity.email for made in _people(call, 500, confirmed=True)])
    numbers = itertools.count(100_000)

    def send(address: str, is_known: bool) -> None:
        fields = person(next(numbers), **({"email": next(known)} if is_known else {}))
        client.post(address, _form(address, fields))

    acts = {(a, known): partial(send, a, known) for a in (FORM, LINK_FORM) for known in (True, False)}
    found = medians(acts, seconds=seconds)
    names = {FORM: "POST the form: a known address, a new one", LINK_FORM: "POST “send my link again”: the same"}
    return [Measured(names[address], found[address, True], found[address, False]) for address in names]


def big_call(*, people: int) -> Call:
    """Make a selective call whose deadline is over, with so many applications and a staged decision for each."""
    now = clock.now()
    meeting = (now + timedelta(days=30), now + timedelta(days=30, hours=2))
    call: Call = CallFactory.create(
        selective=True,
        capacity=-(-people // len(Outcome)),
        asks_to_confirm=True,
        opens_at=now - timedelta(days=20),
        closes_at=now - timedelta(days=1),
        decision_by=(now + timedelta(days=7)).date(),
        event__published_at=now - timedelta(days=20),
        event__sessions=[meeting],
    )
    staff = UserFactory.create()
    applications = _people(call, people, submitted=True)
    for number, outcome in enumerate(Outcome):
        share = applications[number :: len(Outcome)]
        selection.stage(registrations=share, outcome=outcome, reason="Fits.", by=staff, now=now)
    return call


def _people(call: Call, number: int, **traits: bool) -> list[Registration]:
    """So many registrations with identity and private link, inserted together."""
    made = RegistrationFactory.build_batch(number, call=call, **traits)
    people = [person(n, email=f"{call.event.slug}{n}@example.org") for n in range(number)]
    for registration, somebody in zip(made, people, strict=True):
        registration.address_index = address_index(somebody.email)
    made = Registration.objects.bulk_create(made)
    Identity.objects.bulk_create(
        Identity.of(registration, somebody) for registration, somebody in zip(made, people, strict=True)
    )
    key_id = links.new_key_id()
    PrivateLink.objects.bulk_create(
        PrivateLink(registration=registration, version=1, key_id=key_id, created_at=registration.sent_at)
        for registration in made
    )
    return made


def release(call: Call) -> list[Measured]:
    """The release of every decision of the call, against writing the same rows without thinking."""
    people = call.registrations.count()
    with CaptureQueriesContext(connection) as statements:
        spent = _timed(lambda: selection.release(call=call, by=None, now=clock.now()))
    note = f"{len(statements)} statements"
    return [Measured(f"release {people:,} decisions", spent, bare_writing(call), note)]


def bare_writing(call: Call) -> float:
    """Seconds for one update of the states and for inserting as many transitions and mails as the release did."""
    mails, transitions = list(call.mails.all()), list(Transition.objects.filter(registration__call=call))
    for mail in mails:
        mail.pk, mail.key, mail.message_id = None, f"{mail.key}:again", f"{mail.message_id}:again"
    for transition in transitions:
        transition.pk = None

    def write() -> None:
        with transaction.atomic():
            call.registrations.update(state=State.SUBMITTED)
            Transition.objects.bulk_create(transitions, batch_size=500)
            OutgoingMail.objects.bulk_create(mails, batch_size=500)
            transaction.set_rollback(True)

    return _timed(write)


def _timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start
