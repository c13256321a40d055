"""Law 1: a thousand forms around a deadline. Each is decided by the stamp of its arrival, whenever its turn comes."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from events.models import Call
from ranportal.shared import clock
from registrations.models import OutgoingMail, Registration
from registrations.people import address_index
from registrations.services import workflow
from tests.factories import CallFactory, EventFactory
from tests.faults import invariants, report
from tests.races.web import WebServer
from tests.registrations.pages import FORM

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

AROUND = timedelta(seconds=2)
#: By the true clock: sent from so long before, and as long as the call is locked after its deadline.
BEFORE, LOCKED = timedelta(seconds=3), timedelta(seconds=0.5)
MOMENT = timedelta(microseconds=1)
TAKEN, TOO_LATE = 303, 409
#: So many people press at a time, more than the server has threads.
AT_A_TIME = 40


@dataclass(frozen=True)
class Post:
    """A form that was sent: its number, the stamp by which it is to be decided, the answer and when that came."""

    number: int
    stamp: datetime
    status: int
    answered_at: datetime

    @property
    def email(self) -> str:
        return f"post{self.number}@example.org"


def posts() -> int:
    return 1000 if report.is_full() else 150


def test_each_form_is_decided_by_the_proxys_stamp_and_not_by_when_it_was_written(web):
    """All are decided after the deadline, and no two in the order of their stamps: only the stamp can tell."""
    server = web(config="python:tests.faults.guarded", TRUST_REQUEST_START="1")
    call = a_call(closes_at=clock.now() - AROUND - timedelta(seconds=1))
    started = time.monotonic()
    sent = send_stamped(server, call, stamps_around(call.closes_at, posts()))
    right, late, refused = verdict(call, sent)
    report.add(
        fault=f"{len(sent)} posts around a deadline, stamped by the proxy from -2 s to +2 s",
        goal="each decided by its stamp of law 1",
        reached=f"{right} of {len(sent)} by their stamp, late ones let in {late}, refused though on time {refused};"
        f" a registration and a mail for each taken; {time.monotonic() - started:.0f} s",
    )
    assert Counter(post.status for post in sent).keys() == {TAKEN, TOO_LATE}
    assert (right, late, refused) == (len(sent), 0, 0)
    check_rows(call, sent)


def test_by_the_true_clock_a_form_that_waits_for_its_turn_over_the_deadline_is_on_time(web, tmp_path):
    """Somebody holds the call's lock while it closes: whoever came before is let in after."""
    stamps = tmp_path / "stamps"
    server = web(config="python:tests.faults.stamp_book", STAMP_BOOK=str(stamps))
    call = a_call(closes_at=clock.now() + BEFORE)
    holding = threading.Thread(target=hold_over_the_deadline, args=(call,))
    holding.start()
    answers = send_over_time(server, call, posts())
    holding.join()
    sent = [Post(number, stamp, *answers[number]) for number, stamp in read_book(stamps).items()]
    right, late, refused = verdict(call, sent)
    waited = [post for post in sent if post.stamp < call.closes_at <= post.answered_at - LOCKED]
    report.add(
        fault=f"{len(sent)} posts around a deadline by the true clock, the call locked while it closes",
        goal="each decided by its stamp of law 1",
        reached=f"{right} of {len(sent)} by their stamp, late ones let in {late}, refused though on time {refused};"
        f" {len(waited)} waited for the lock over the deadline and were let in",
    )
    assert len(sent) == posts()
    assert Counter(post.status for post in sent).keys() == {TAKEN, TOO_LATE}
    assert waited
    assert (right, late, refused) == (len(sent), 0, 0)
    check_rows(call, sent)


@pytest.mark.parametrize(
    ("rule", "harm"),
    [("moment of writing", "refused though on time"), ("flag of a job", "late ones let in")],
    ids=["by_the_moment_of_writing", "by_a_flag"],
)
def test_decided_otherwise_the_deadline_is_missed(web, rule, harm):
    """The controls: the same posts, decided when their rows are written, or by what a job has written down."""
    server = web(config="python:tests.faults.other_deadline", OTHER_DEADLINE=rule, TRUST_REQUEST_START="1")
    call = a_call(closes_at=clock.now() - AROUND - timedelta(seconds=1))
    sent = send_stamped(server, call, stamps_around(call.closes_at, 30))
    right, late, refused = verdict(call, sent)
    report.add(
        fault=f"control: the deadline decided by the {rule}",
        goal="must decide wrongly",
        reached=f"{right} of {len(sent)} by their stamp, late ones let in {late}, refused though on time {refused}",
    )
    assert {"refused though on time": refused, "late ones let in": late}[harm] >= 10


def a_call(*, closes_at: datetime) -> Call:
    now = clock.now()
    starts_at = now + timedelta(days=30)
    event = EventFactory(published_at=now - timedelta(days=1), sessions=[(starts_at, starts_at + timedelta(hours=2))])
    return CallFactory(event=event, unlimited=True, opens_at=now - timedelta(days=1), closes_at=closes_at)


def stamps_around(deadline: datetime, count: int) -> list[datetime]:
    """So many moments from 2 s before to 2 s after, among them the deadline itself and the moments beside it."""
    even = [deadline - AROUND + 2 * AROUND * number / count for number in range(count - 3)]
    return [*even, deadline - MOMENT, deadline, deadline + MOMENT]


def send_stamped(server: WebServer, call: Call, stamps: Sequence[datetime]) -> list[Post]:
    browser, address = server.browser(), f"/events/{call.event.slug}/register/"

    def send(number: int) -> Post:
        stamp = stamps[number]
        seconds = f"t={(stamp - datetime(1970, 1, 1, tzinfo=UTC)) // MOMENT}"
        fields = FORM | {"email": f"post{number}@example.org"}
        return Post(number, stamp, browser.post(address, fields, X_Request_Start=seconds), clock.now())

    # Mixed, so that early stamps come late: 7 has no part in any count of ours.
    return many([lambda number=number: send(number * 7 % len(stamps)) for number in range(len(stamps))])


def send_over_time(server: WebServer, call: Call, count: int) -> dict[int, tuple[int, datetime]]:
    """Send forms evenly from before the deadline to 2 s after; by number the answers and when they came."""
    browser, address = server.browser(), f"/events/{call.event.slug}/register/"
    begin, span = clock.now(), BEFORE + AROUND

    def send(number: int) -> tuple[int, tuple[int, datetime]]:
        time.sleep(max(0.0, (begin + span * number / count - clock.now()).total_seconds()))
        status = browser.post(address, FORM | {"email": f"post{number}@example.org"}, X_Number=str(number))
        return number, (status, clock.now())

    return dict(many([lambda number=number: send(number) for number in range(count)], at_a_time=count))


def many(acts: Sequence[Callable[[], Any]], *, at_a_time: int = AT_A_TIME) -> list[Any]:
    with ThreadPoolExecutor(at_a_time) as pool:
        return [future.result() for future in [pool.submit(act) for act in acts]]


def hold_over_the_deadline(call: Call) -> None:
    """Hold the call's lock from a second before it closes until a little after."""
    try:
        time.sleep(max(0.0, (call.closes_at - clock.now()).total_seconds() - 1))
        with transaction.atomic():
            workflow.locked(call)
            time.sleep(max(0.0, (call.closes_at - clock.now()).total_seconds()) + LOCKED.total_seconds())
    finally:
        connection.close()


def read_book(path: Path) -> dict[int, datetime]:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {number: datetime.fromisoformat(stamp) for number, stamp in lines}


def verdict(call: Call, sent: Sequence[Post]) -> tuple[int, int, int]:
    """How many were decided by their stamp, were let in late, were refused though they were on time."""
    late = sum(post.status == TAKEN and post.stamp >= call.closes_at for post in sent)
    refused = sum(post.status != TAKEN and post.stamp < call.closes_at for post in sent)
    return len(sent) - late - refused, late, refused


def check_rows(call: Call, sent: Sequence[Post]) -> None:
    """Who was let in has a row with the stamp and one mail, who was not has neither."""
    rows = dict(Registration.objects.filter(call=call).values_list("address_index", "sent_at"))
    assert rows == {address_index(post.email): post.stamp for post in sent if post.status == TAKEN}
    assert OutgoingMail.objects.filter(call=call).count() == len(rows)
    invariants.check(now=clock.now(), made=len(rows))
