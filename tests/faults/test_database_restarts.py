"""The database goes away in the middle of everything and comes back: nothing lost, nothing half, nobody reads 500."""

import time

import pytest

from ranportal.shared import clock
from registrations.models import OutgoingMail, Registration
from registrations.people import address_index
from tests.faults import invariants, mails, report, scaling
from tests.faults.crowd import Crowd, Watcher, form_of, open_call
from tests.races.web import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
CONCURRENCY = 2
GUARDED = "python:tests.faults.guarded"
UNGUARDED = "python:tests.faults.unguarded"
#: Seconds for which the database is away at least, each time.
DOWN = 1.0


@pytest.fixture
def size() -> tuple[int, int, int]:
    """Restarts, people who send a form, mails that are waiting."""
    return (5, 600, 2000) if report.is_full() else (2, 60, 60)


def test_a_database_that_is_restarted_loses_nothing(own_database, web, worker, smtp_sink, size):
    restarts, people, waiting = size
    smtp_sink.behaviour.delay_seconds = 0.01
    call = open_call()
    server = web(config=GUARDED)
    worker(concurrency=CONCURRENCY, has_beat=True, app="tests.faults.impatient")
    mails.put_mails(waiting, call=call)

    crowd = Crowd(server, call, people=people).start()
    with Watcher(server, [f"/events/{call.event.slug}/", "/events/"]) as watcher:
        seen = [restart(own_database, watcher, crowd, people * n // (restarts + 1)) for n in range(1, restarts + 1)]
        crowd.finish()
    mails.wait_until_nothing_is_open(seconds=180)

    found = mails.count(smtp_sink)
    longest, late = max(seconds for seconds, _ in seen), [answer for _, failures in seen for answer in failures]
    said = dict(sorted((crowd.said + watcher.said).items()))
    with_rows = Registration.objects.filter(address_index__in=[address_index(email) for email in crowd.told])
    unsaid = [answer for answer in crowd.answers + watcher.answers if answer.said == 503 and not answer.retry_after]
    report.add(
        fault=f"PostgreSQL restarted (immediate) {restarts} times during {waiting} mails and {people} registrations",
        goal="lost 0, no half rows, 503 with Retry-After (never 500) for ≤ 10 s each",
        reached=(
            f"lost {found.lost}, repeats {found.repeats} (≤ {restarts * CONCURRENCY}); answers {said},"
            f" 503 without Retry-After {len(unsaid)}; away {DOWN:.0f} s on purpose, pages again after at most"
            f" {longest:.1f} s, failures after that {len(late)}; {scaling.SCALING}"
        ),
    )
    assert set(said) <= {200, 303, 503}
    assert said[503] > 0
    assert unsaid == []
    assert late == []
    assert (found.lost, found.differing, found.strange) == (0, 0, 0)
    assert found.repeats <= restarts * CONCURRENCY
    assert with_rows.count() == len(crowd.told)
    assert OutgoingMail.objects.count() == people + waiting
    invariants.check(now=clock.now(), made=people + waiting)
    if report.is_full():
        assert longest <= 10


def restart(database, watcher, crowd, told):
    """Once so many people were told: seconds until a page came again, and what failed after the database was back."""
    crowd.wait_for(told)
    start = time.monotonic()
    database.stop()
    watcher.wait_for(503, since=start)
    time.sleep(max(0.0, start + DOWN - time.monotonic()))
    database.start()
    back = time.monotonic()
    page = watcher.wait_for(200, since=back)
    crowd.wait_for(min(len(crowd.told) + 5, crowd.people))
    return page - start, watcher.failures_since(back) + crowd.failures_since(back)


def test_without_our_page_people_read_500_and_without_health_checks_it_goes_on(own_database, web):
    """The control: each guard taken away, and what it guards against is seen."""
    call = open_call()
    server = web(config=UNGUARDED)
    address = f"/events/{call.event.slug}/"

    def looks() -> list[int]:
        return at_once([lambda: server.browser().get(address)] * 60)

    assert set(looks()) == {200}
    own_database.stop()
    away = server.browser().get(form_of(call))
    own_database.start()
    back = looks()
    report.add(
        fault="control: no page of ours, connections kept unasked",
        goal="500 is seen, and errors go on after the restart",
        reached=f"answered {away} while away, and {back.count(500)} of {len(back)} times 500 after it was back",
    )
    assert away == 500
    assert 500 in back
