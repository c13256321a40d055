"""Law 3: workers are killed and the broker forgets everything while mails go out. None is lost, few come twice."""

import time

import pytest

from ranportal.shared import clock
from registrations.enums import MailState
from tests.faults import invariants, report
from tests.faults.mails import (
    Count,
    count,
    forget_everything,
    put_mails,
    states,
    wait_until,
    wait_until_nothing_is_open,
)
from tests.faults.scaling import SCALING

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
CONCURRENCY = 2


@pytest.fixture
def size() -> tuple[int, int]:
    """How many mails and how many kills."""
    return (5000, 20) if report.is_full() else (150, 2)


def test_killed_workers_and_a_forgetful_broker_lose_no_mail(worker, smtp_sink, size):
    mails, kills = size
    put_mails(mails)
    forget_everything()
    smtp_sink.behaviour.delay_seconds = 0.01
    start = time.monotonic()

    for number in range(1, kills + 1):
        running = worker(concurrency=CONCURRENCY, has_beat=True, app="tests.faults.impatient")
        smtp_sink.wait_for_count(mails * number // (kills + 1), seconds=120)
        running.kill()
        forget_everything()
    last_kill = time.monotonic()
    last = worker(concurrency=CONCURRENCY, has_beat=True, app="tests.faults.impatient")
    wait_until_nothing_is_open(seconds=290)
    drained = time.monotonic()
    last.stop()

    found = count(smtp_sink)
    report.add(
        fault=f"{mails} mails, workers of {CONCURRENCY} processes killed -9 {kills} times, broker emptied each time",
        goal=f"lost 0, repeats ≤ {kills * CONCURRENCY} and byte-identical, drained ≤ 300 s after the last kill",
        reached=f"lost {found.lost}, repeats {found.repeats}, differing {found.differing},"
        f" drained {drained - last_kill:.0f} s after the last kill, {drained - start:.0f} s in all ({SCALING})",
    )
    assert states() == {MailState.SENT: mails}
    assert found == Count(lost=0, repeats=found.repeats, differing=0, unmarked=0, strange=0)
    assert found.repeats <= kills * CONCURRENCY
    invariants.check(now=clock.now(), made=mails)


def test_where_a_mail_is_noted_as_sent_too_early_a_kill_loses_it(worker, smtp_sink):
    """The control: the comparison with what arrived sees it."""
    put_mails(5)
    early = worker(concurrency=1, app="tests.faults.hopeful")
    wait_until(lambda: states().get(MailState.SENT, 0) > len(smtp_sink.messages), seconds=60)
    early.kill()
    assert count(smtp_sink).lost > 0
