"""Beat stands still over a deadline; then two of them run with three workers. Nobody gets in late, all is done once."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client

from dev import processes
from events.models import Call
from ranportal.shared import clock
from registrations.enums import MailKind, MailState
from registrations.mail.outbox import Letter
from registrations.models import OutgoingMail
from registrations.services import notices
from tests.factories import CallFactory, EventFactory, RegistrationFactory
from tests.faults import invariants, report
from tests.races.web import at_once
from tests.registrations.pages import form, register_url
from tests.workers import Worker, environment_of_this_test

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

APP = "tests.faults.restless"
SCALED = "scaled: scan 60 to 1 s, sweep 30 to 1 s"
BEATS, WORKERS, UNPROVEN, UNANSWERED = 2, 3, 3, 3
SECONDS = 120


@pytest.fixture
def beat(tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Starts real beat processes, each with a file of its own: two machines that do not know of each other."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        name = tmp_path / f"beat-{len(started)}"
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            APP,
            "beat",
            "-s",
            f"{name}.schedule",
            "--pidfile",
            f"{name}.pid",
        ]
        with Path(f"{name}.log").open("wb") as log:
            started.append(processes.start(command, env=environment_of_this_test(), log=log))

    yield start
    for process in started:
        processes.stop(process)


def test_no_deadline_is_missed_without_beat_and_none_is_handled_twice_by_two(worker, beat, smtp_sink, client):
    missed = [a_call(closes_at=clock.now() + timedelta(hours=1)) for _ in range(calls())]
    in_time, too_late = post_before_and_after(client, missed)
    untouched = handled(missed).count()

    workers = [worker(app=APP) for _ in range(WORKERS)]
    for _ in range(BEATS):
        beat()
    wait_until(lambda: handled(missed).count() == len(missed))
    passing = [a_call(closes_at=clock.now() + timedelta(seconds=1 + number / 2)) for number in range(calls())]
    wait_until(lambda: handled(passing).count() == len(passing))
    finished = some_more_scans(workers)

    said = Counter(OutgoingMail.objects.values_list("call", "kind"))
    asked = Counter({(call.pk, MailKind.PROVE_ADDRESS): 1 for call in missed})
    causes = sum((once(call) for call in [*missed, *passing]), asked)
    copies = Counter(message_from_bytes(message.data)["Message-ID"] for message in smtp_sink.messages)
    repeated = copies.total() - len(copies)
    report.add(
        fault=f"beat down over {len(missed)} deadlines",
        goal="no late registration in; the deadline's work done once, late only",
        reached=f"in time {in_time[303]} of {len(missed)} taken, late {too_late[303]}; {untouched} handled while beat"
        f" was down, all once and at most {lateness(missed):.0f} s late when it was back; {SCALED}",
    )
    report.add(
        fault=f"{BEATS} beats and {WORKERS} workers over {len(passing)} deadlines",
        goal="one mail per key",
        reached=f"{finished} scans; {said.total()} mails for {causes.total()} causes, {len(copies)} sent,"
        f" {repeated} twice; each deadline handled at most {lateness(passing):.0f} s after; {SCALED}",
    )
    assert (in_time, too_late, untouched) == ({303: len(missed)}, {409: len(missed)}, 0)
    assert said == causes
    assert (set(copies), repeated) == (set(OutgoingMail.objects.values_list("message_id", flat=True)), 0)
    invariants.check(now=clock.now())


def post_before_and_after(client: Client, some: list[Call]) -> tuple[Counter[int], Counter[int]]:
    """Send a form to each of these calls, let them close, and send another; the answers of both times."""
    # Somebody else for each call: one address is written to a few times an hour only.
    in_time = Counter(
        client.post(register_url(call), form(email=f"early{call.pk}@example.org")).status_code for call in some
    )
    closes_at = clock.now() + timedelta(seconds=1)
    Call.objects.filter(pk__in=[call.pk for call in some]).update(closes_at=closes_at, list_closes_at=closes_at)
    wait_until(lambda: clock.now() >= closes_at)
    too_late = Counter(client.post(register_url(call), form(email="late@example.org")).status_code for call in some)
    return in_time, too_late


def some_more_scans(workers: list[Worker]) -> int:
    """Let the clocks go on for a while, and all mails out, and end the workers; returns how many scans there were."""
    so_far = scans(workers)
    wait_until(lambda: scans(workers) >= so_far + 4 * BEATS)
    wait_until(lambda: not OutgoingMail.objects.exclude(state=MailState.SENT).exists())
    finished = scans(workers)
    for running in workers:
        # To stop them in turn takes longer than all they did.
        running.kill()
    return finished


def test_without_the_key_two_clocks_remind_twice(monkeypatch):
    """The control: both clocks scan once each, and nothing tells the second what the first has put."""
    key = Letter.key
    monkeypatch.setattr(Letter, "key", lambda letter, call: f"{key(letter, call)}:{uuid4()}")
    call = CallFactory(capacity=UNANSWERED, closed=True)
    since = {"answer_by": clock.now() + timedelta(days=1), "state_changed_at": clock.now() - timedelta(days=4)}
    RegistrationFactory.create_batch(UNANSWERED, call=call, selected=True, **since)
    both_scan()
    reminders = OutgoingMail.objects.filter(call=call, kind=MailKind.ANSWER_REMINDER).count()
    report.add(
        fault="control: two clocks without the unique key",
        goal="must mail twice",
        reached=f"{reminders} reminders for {UNANSWERED} people",
    )
    assert reminders == UNANSWERED * BEATS


def both_scan() -> None:
    def scan() -> None:
        try:
            notices.run_scans(now=clock.now())
        finally:
            connection.close()

    assert at_once([scan] * BEATS) == [None] * BEATS


def calls() -> int:
    return 20 if report.is_full() else 4


def a_call(*, closes_at: datetime) -> Call:
    """A full call whose list closes with it: somebody waits, and some have not proven their address since yesterday."""
    now = clock.now()
    starts_at = now + timedelta(days=30)
    event = EventFactory(sessions=[(starts_at, starts_at + timedelta(hours=2))])
    call = CallFactory(
        event=event, capacity=1, opens_at=now - timedelta(days=5), closes_at=closes_at, list_closes_at=closes_at
    )
    before = {"sent_at": now - timedelta(hours=30), "state_changed_at": now - timedelta(hours=30)}
    RegistrationFactory(call=call, **before)
    RegistrationFactory(call=call, on_list=True, **before)
    RegistrationFactory.create_batch(UNPROVEN, call=call, unproven=True, **before)
    return call


def once(call: Call) -> Counter[tuple[int, str]]:
    """What is said about the call at its deadline and before: each of these, so often."""
    kinds = {MailKind.CALL_CLOSED: 1, MailKind.LIST_CLOSED: 1, MailKind.PROVE_REMINDER: UNPROVEN}
    return Counter({(call.pk, kind): number for kind, number in kinds.items()})


def handled(some: list[Call]) -> QuerySet[Call]:
    return Call.objects.filter(pk__in=[call.pk for call in some], deadline_handled_at__isnull=False)


def lateness(some: list[Call]) -> float:
    """Seconds from a deadline to its work, of the latest."""
    moments = handled(some).values_list("closes_at", "deadline_handled_at")
    return max((done - due).total_seconds() for due, done in moments)


def scans(workers: list[Worker]) -> int:
    """How many scans these workers have finished, as their logs tell."""
    return sum(worker.log.read_text().count("run_scans") // 2 for worker in workers)


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until this holds; raises TimeoutError."""
    end = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError
        threading.Event().wait(0.1)
