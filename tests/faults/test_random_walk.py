"""Law 2 and more: people, organisers and clocks do whatever comes to mind, eight at once, and all stays in step.

`WALK_SEED=7 WALK_STEPS=3000` throws the dice of an earlier walk again.
"""

import os
import random
import time

import pytest
from django.db import connection

from events.models import Call
from registrations.enums import Act
from registrations.mail import tasks
from registrations.models import Transition
from registrations.services import workflow
from tests.factories import NOW
from tests.faults import invariants, report, walk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.both_databases]


@pytest.fixture(autouse=True)
def no_doorbell(monkeypatch):
    """Nobody answers it here, and ten thousand rings take longer than the steps."""
    monkeypatch.setattr(tasks, "ring", lambda: None)


def test_whatever_many_do_at_once_no_place_is_sold_twice_or_kept_from_those_who_wait():
    # Another walk each time; the seed stands in the table and in what a failure says.
    seed = int(os.environ.get("WALK_SEED") or random.SystemRandom().randrange(1_000_000))
    steps = int(os.environ.get("WALK_STEPS") or (10_000 if report.is_full() else 300))
    started = time.monotonic()
    walked = walk.start(seed=seed, steps=steps)
    walked.run()
    offers = Transition.objects.filter(act=Act.PROMOTE, by=None).count()
    report.add(
        fault=f"random walk of {steps} steps by {walk.THREADS} threads over {len(walked.calls)} calls (seed {seed})",
        goal="never over the limit, no free place while someone waits, each freed place offered to one person",
        reached=f"{len(walked.problems)} promises broken in {walked.looks} looks, {Transition.objects.count()} moves;"
        f" {walked.done.total()} steps done, {walked.refused.total()} refused by the rules;"
        f" {offers} freed places offered, each to the first of its list; {time.monotonic() - started:.0f} s",
    )
    assert walked.problems == [], walked.story()
    assert walked.done.total() > steps / 2
    # No worker runs: what is due stays due.
    invariants.check(now=NOW)


def test_without_the_lock_the_walk_falls_out_of_step(monkeypatch):
    """The control. PostgreSQL does things twice or not at all; on SQLite the transactions collide."""
    take_the_lock_away(monkeypatch)
    walked = walk.start(seed=1, steps=2000)
    walked.run()
    report.add(
        fault="control: the random walk without the lock",
        goal="must break a promise",
        reached=f"after {walked.done.total()} steps: {walked.problems[:1]}"[:200],
    )
    assert walked.problems


def take_the_lock_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are read as by `locked`, without it; on SQLite transactions start as they do by default."""

    def read_and_dawdle(call: Call) -> Call:
        found = Call.objects.select_related("event").get(pk=call.pk)
        time.sleep(0.005)
        return found

    monkeypatch.setattr(workflow, "locked", read_and_dawdle)
    monkeypatch.delitem(connection.settings_dict["OPTIONS"], "transaction_mode", raising=False)
