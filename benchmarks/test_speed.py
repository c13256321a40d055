"""Pages, a release and the sending of mails, on the real database, worker and a mail server of our own."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from ranportal.shared import clock
from registrations.enums import MailKind, Outcome
from registrations.mail import facts, outbox
from registrations.mail.outbox import Letter
from registrations.models import Registration
from registrations.services import selection
from tests.factories import NOW, AnnouncementFactory, CallFactory, PublicationFactory, RegistrationFactory, UserFactory

MANY = 1000
PAGES = ("/", "/events/", "/announcements/", "/publications/", "/events/calendar.ics", "/registrations/link/")


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints past pytest's capture."""

    def say(line: str) -> None:
        with capsys.disabled():
            print(f"  {line}", flush=True)

    return say


@contextmanager
def measured(say: Callable[[str], None], what: str) -> Iterator[None]:
    with CaptureQueriesContext(connection) as queries:
        start = time.perf_counter()
        yield
        spent = time.perf_counter() - start
    say(f"{what}: {spent:.2f} s, {len(queries)} statements")


@pytest.mark.django_db
def test_public_pages(client, say):
    for _ in range(30):
        CallFactory()
        AnnouncementFactory()
        PublicationFactory()
    for page in PAGES:
        client.get(page)
        spent = []
        for _ in range(20):
            start = time.perf_counter()
            assert client.get(page).status_code == 200
            spent.append(time.perf_counter() - start)
        say(f"{page}: {statistics.median(spent) * 1000:.0f} ms")


@pytest.mark.django_db
def test_release_of_many_decisions(say):
    call = CallFactory(selective=True, closed=True, unlimited=True)
    by = UserFactory()
    people = [RegistrationFactory(call=call, submitted=True) for _ in range(MANY)]
    outcomes = (Outcome.SELECT, Outcome.RESERVE, Outcome.DECLINE)
    for outcome, group in zip(outcomes, (people[0::3], people[1::3], people[2::3]), strict=True):
        selection.stage(registrations=group, outcome=outcome, reason="…", by=by, now=NOW)
    with measured(say, f"release of {MANY} decisions"):
        selection.release(call=call, by=by, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_sending_of_many_mails(say, worker, smtp_sink):
    call = CallFactory(unlimited=True)
    for _ in range(MANY):
        RegistrationFactory(call=call)
    letters = [Letter(MailKind.CONFIRMED, "v1", person) for person in Registration.objects.select_related("identity")]
    worker(concurrency=2)
    with measured(say, f"{MANY} mails into the outbox"), transaction.atomic():
        outbox.put_many(letters, about=facts.of_call(call), now=clock.now())
    start = time.perf_counter()
    smtp_sink.wait_for_count(MANY, seconds=600)
    say(f"{MANY} mails sent by two processes: {time.perf_counter() - start:.1f} s")
