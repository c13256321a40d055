"""500 forms that programs send make next to nothing; 50 people without JavaScript, in the same network, all pass."""

import os
import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from events.models import Call
from ranportal.shared import clock
from ranportal.shared.form_guard import STAMP, TRAP, new_stamp
from registrations.models import OutgoingMail, Registration
from tests.faults import report
from tests.faults.crowd import form_of, open_call
from tests.races.web import WebServer
from tests.registrations.pages import FORM

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

BOTS, PEOPLE = 500, 50
#: Each with the page's cookie and without, each with another made-up X-Forwarded-For.
KINDS = ("no stamp", "forged", "of another form", "reused", "too young", "too old", "trap")
PACED = timedelta(seconds=40)


@pytest.fixture
def guarded(web: Callable[..., WebServer]) -> Callable[..., WebServer]:
    """A server as people meet it: the pace of typing, 120 forms an hour, one cache for its processes.

    The pace is slower than in life: on a machine that is busy for seconds, a quick program looks like a patient one.
    """
    cache = os.environ["CELERY_BROKER_URL"].replace("redis+socket://", "unix://") + "?db=7"

    def start(**options: Any) -> WebServer:
        return web(FORM_LEAST_SECONDS="20", FORMS_PER_HOUR="120", CACHE_URL=cache, **options)

    return start


def stamp(call: Call, *, age: timedelta = PACED) -> str:
    return new_stamp(f"register/{call.event.slug}", now=clock.now() - age)


def extras(call: Call, kind: str, *, read_once: str) -> dict[str, str]:
    """What a program of this kind puts into the hidden fields."""
    return {
        "no stamp": lambda: {STAMP: ""},
        "forged": lambda: {STAMP: stamp(call)[:-6] + "AAAAAA"},
        "of another form": lambda: {STAMP: new_stamp("link", now=clock.now() - PACED)},
        "reused": lambda: {STAMP: read_once},
        "too young": lambda: {STAMP: stamp(call, age=timedelta())},
        "too old": lambda: {STAMP: stamp(call, age=timedelta(hours=12, seconds=1))},
        "trap": lambda: {STAMP: stamp(call), TRAP: "https://example.org/buy"},
    }[kind]()


def send_all(server: WebServer, call: Call, *, kinds: Sequence[str], count: int) -> Counter[int]:
    dice, read_once = random.Random(5), stamp(call)

    def send(number: int) -> int:
        has_cookie = number // len(kinds) % 4 != 0
        browser = server.browser() if has_cookie else server.browser(csrf="")
        fields = FORM | {"email": f"bot{number}@example.org"}
        fields |= extras(call, kinds[number % len(kinds)], read_once=read_once)
        return browser.post(form_of(call), fields, X_Forwarded_For=f"203.0.113.{dice.randrange(250)}")

    with ThreadPoolExecutor(12) as pool:
        return Counter(pool.map(send, range(count)))


def test_500_scripted_posts_make_next_to_nothing_and_50_people_beside_them_all_pass(guarded):
    server, call = guarded(), open_call()
    said = send_all(server, call, kinds=KINDS, count=BOTS)
    rows, mails = Registration.objects.count(), OutgoingMail.objects.count()
    passed = [
        server.browser().post(form_of(call), FORM | {"email": f"person{number}@example.org", STAMP: stamp(call)})
        for number in range(PEOPLE)
    ]
    report.add(
        fault=f"{BOTS} scripted posts, then {PEOPLE} people of the same network",
        goal="at most 1 % make a row or a mail, all people pass",
        reached=f"{rows} rows, {mails} mails of programs, {passed.count(303)} people; answers {dict(said)}",
    )
    assert set(said) <= {303, 403, 422, 429}, server.log.read_text()[-3000:]
    assert max(rows, mails) <= BOTS // 100
    assert passed == [303] * PEOPLE
    assert Registration.objects.count() == rows + PEOPLE


@pytest.mark.parametrize("kind", ["reused", "too young"])
def test_the_kinds_that_people_may_fall_into_make_at_most_one_in_a_hundred(guarded, kind):
    server, call = guarded(), open_call()
    send_all(server, call, kinds=[kind], count=BOTS if report.is_full() else 60)
    assert max(Registration.objects.count(), OutgoingMail.objects.count()) <= BOTS // 100


def test_without_the_guard_programs_get_through(guarded):
    """The control."""
    server, call = guarded(config="python:tests.journeys.wide_open"), open_call()
    said = send_all(server, call, kinds=KINDS, count=40)
    # A quarter comes without a cookie.
    assert said[303] == Registration.objects.count() >= 28
