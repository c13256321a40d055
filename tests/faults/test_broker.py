"""Law 3: the broker is a doorbell. Whatever it forgets and however long it is away, nobody notices but the clock."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import quantiles

import pytest

from events.models import Call
from ranportal.shared import clock
from registrations import jobs
from registrations.enums import MailState
from registrations.models import OutgoingMail
from tests.faults import invariants, report
from tests.faults.mails import Count, count, open_call, put_mails, states, wait_until_nothing_is_open
from tests.faults.patient import PATIENCE
from tests.faults.scaling import SCALING
from tests.races.web import WebServer
from tests.registrations.pages import FORM
from tests.workers import KeptWorker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
AT_A_TIME = 8


def test_a_broker_that_forgets_and_falls_again_and_again_loses_no_mail(broker, worker, smtp_sink):
    a_time = 250 if report.is_full() else 20
    kept = KeptWorker(
        partial(worker, concurrency=2, has_beat=True, app="tests.faults.impatient", CELERY_BROKER_URL=broker.url)
    )
    call = open_call()
    start = time.monotonic()
    for number in range(4):
        put_mails(a_time, call=call, name=f"flushed{number}-")
        broker.flush()
        broker.kill()
        put_mails(a_time, call=call, name=f"restarted{number}-")
        broker.start()
        kept.until(lambda many=a_time * (2 * number + 1): len(smtp_sink.messages) >= many)
    back = time.monotonic()
    kept.until(lambda: set(states()) == {MailState.SENT})
    ended = time.monotonic()

    found = count(smtp_sink)
    report.add(
        fault=f"broker flushed 4 times and restarted 4 times during {8 * a_time} mails",
        goal="lost 0",
        reached=f"lost {found.lost}, repeats {found.repeats}, all gone {ended - back:.0f} s after the last restart,"
        f" {ended - start:.0f} s in all, worker ended and started again {kept.restarts} times ({SCALING})",
    )
    assert states() == {MailState.SENT: 8 * a_time}
    assert found == Count(lost=0, repeats=0, differing=0, unmarked=0, strange=0)
    invariants.check(now=clock.now(), made=8 * a_time)


def test_without_the_sweep_a_forgotten_doorbell_is_never_answered(broker, smtp_sink):
    """The control: the broker forgot, no worker has anything to do, and all wait for whoever looks."""
    put_mails(5)
    rung = broker.waiting()
    broker.flush()
    assert (rung, broker.waiting(), states()) == (1, 0, {MailState.QUEUED: 5})
    jobs.sweep_outbox()
    assert states() == {MailState.SENT: 5}


@pytest.mark.both_databases
def test_people_register_as_always_while_the_broker_is_away(broker, web, worker, smtp_sink):
    """Half of them while it is killed, half while it takes connections and never answers."""
    people = 500 if report.is_full() else 40
    app = "ranportal" if report.is_full() else "tests.faults.impatient"
    server = web(config="python:tests.faults.hasty", CELERY_BROKER_URL=broker.url)
    kept = KeptWorker(partial(worker, concurrency=2, has_beat=True, app=app, CELERY_BROKER_URL=broker.url))
    call = open_call()
    post_all(server, call, people // 10, name="warm")
    usual = post_all(server, call, people, name="usual")
    wait_until_nothing_is_open(seconds=120)

    broker.freeze()
    away = post_all(server, call, people // 2, name="frozen")
    broker.kill()
    away += post_all(server, call, people - people // 2, name="killed")
    broker.start()
    back = time.monotonic()
    kept.until(lambda: mails_to("frozen", "killed") == {MailState.SENT: people})
    gone = time.monotonic() - back

    found = count(smtp_sink)
    normal, worst = p95(usual), p95(away)
    succeeded = sum(status == 303 for status, _ in away)
    report.add(
        fault=f"broker frozen, then killed, while {people} people register ({AT_A_TIME} at a time)",
        goal=f"{people} of {people} success pages, p95 ≤ twice the normal, mails within 60 s after it is back, lost 0",
        reached=f"{succeeded} success pages, p95 {worst * 1000:.0f} ms, normally {normal * 1000:.0f} ms,"
        f" mails {gone:.0f} s after it is back, lost {found.lost}" + ("" if report.is_full() else f" ({SCALING})"),
    )
    assert [status for status, _ in usual + away] == [303] * (2 * people)
    assert found == Count(lost=0, repeats=0, differing=0, unmarked=0, strange=0)
    invariants.check(now=clock.now(), made=2 * people + people // 10)
    if report.is_full():
        assert worst <= 2 * normal
        assert gone <= 60


def test_without_the_short_time_out_each_form_waits_for_the_broker(broker, web):
    """The control: the doorbell waits a second for a broker that does not answer, and so does the person."""
    server = web(config="python:tests.faults.patient", CELERY_BROKER_URL=broker.url)
    broker.freeze()
    slow = post_all(server, open_call(), AT_A_TIME, name="slow")
    assert [status for status, _ in slow] == [303] * AT_A_TIME
    assert min(seconds for _, seconds in slow) >= PATIENCE


def post_all(server: WebServer, call: Call, people: int, *, name: str) -> list[tuple[int, float]]:
    """The answer to each person's form and its seconds."""
    browser, address = server.browser(), f"/events/{call.event.slug}/register/"

    def post(number: int) -> tuple[int, float]:
        start = time.monotonic()
        status = browser.post(address, FORM | {"email": f"{name}{number}@example.org"})
        return status, time.monotonic() - start

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return list(pool.map(post, range(people)))


def mails_to(*names: str) -> dict[str, int]:
    """How many mails to addresses that start so are in each state."""
    found: dict[str, int] = {}
    for mail in OutgoingMail.objects.order_by().select_related("registration__identity"):
        if mail.registration.identity.email.startswith(names):
            found[mail.state] = found.get(mail.state, 0) + 1
    return found


def p95(answers: list[tuple[int, float]]) -> float:
    """The seconds in which 95 of 100 are answered."""
    return quantiles([seconds for _, seconds in answers], n=20, method="inclusive")[-1]
