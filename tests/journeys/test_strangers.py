"""Who types another person's address learns nothing from a stopwatch: known and unknown addresses, in turns.

Nothing is asserted of how long an answer takes, only that nobody could tell two groups of them apart; a machine that is
busy with something else is asked again.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.cookies import SimpleCookie

import pytest

from events.models import Call
from registrations.enums import State
from registrations.models import Registration
from registrations.people import address_index
from tests.factories import RegistrationFactory
from tests.faults.crowd import form_of, open_call
from tests.races.web import WebServer
from tests.registrations.pages import FORM
from tests.security import scope

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PAIRS = 200 if scope.is_full() else 40
#: A round that a busy machine spoilt is repeated.
ROUNDS = 3
AT_A_TIME = 4
LINK = "/registrations/link/"
Times = Mapping[str, list[float]]


def auc(known: Sequence[float], unknown: Sequence[float]) -> tuple[float, float]:
    """How well time tells the first from the second (0.5: not at all), and the p-value of Mann and Whitney's test."""
    wins = sum((a > b) + (a == b) / 2 for a in known for b in unknown)
    pairs = len(known) * len(unknown)
    spread = (pairs * (len(known) + len(unknown) + 1) / 12) ** 0.5
    distance = abs(wins - pairs / 2) / spread
    return wins / pairs, 2 * (1 - statistics.NormalDist().cdf(distance))


def tells(known: Sequence[float], unknown: Sequence[float]) -> bool:
    """Whether somebody with a stopwatch could tell the two groups apart."""
    area, chance = auc(known, unknown)
    apart = abs(statistics.median(known) - statistics.median(unknown))
    return chance <= 0.01 and (abs(area - 0.5) > 0.05 or apart > 0.005)


def known_people(call: Call, count: int, *, name: str) -> list[str]:
    emails = [f"{name}{number}@example.org" for number in range(count)]
    for email in emails:
        RegistrationFactory(call=call, identity__email=email, address_index=address_index(email), confirmed=True)
    return emails


def one_person(server: WebServer, call: Call, email: str) -> dict[str, float]:
    """The seconds of each answer to somebody who sends the form, tries a code, and asks for the link."""
    spent, cookies = {}, {}
    asks = {"form": (form_of(call), FORM), "code": (f"{form_of(call)}sent/", {"code": "00000000"}), "link": (LINK, {})}
    for name, (address, fields) in asks.items():
        browser = server.browser(**cookies)
        start = time.perf_counter()
        status = browser.post(address, {**fields, **({} if name == "code" else {"email": email})})
        spent[name] = time.perf_counter() - start
        assert status == (422 if name == "code" else 303), server.log.read_text()[-3000:]
        for line in browser.headers.get_all("Set-Cookie") or []:
            cookies |= {key: morsel.value for key, morsel in SimpleCookie(line).items()}
    return spent


def measured(
    server: WebServer, call: Call, known: Sequence[str], unknown: Sequence[str], *, at_a_time: int
) -> tuple[Times, Times]:
    """The seconds by what was asked, of both groups, asked in turns."""
    turns = [email for pair in zip(known, unknown, strict=True) for email in pair]
    with ThreadPoolExecutor(at_a_time) as pool:
        found = list(pool.map(partial(one_person, server, call), turns))
    by_group = (found[0::2], found[1::2])
    first, second = [{name: [one[name] for one in group] for name in group[0]} for group in by_group]
    return first, second


def told_by(server: WebServer, call: Call, *, rounds: int, at_a_time: int = AT_A_TIME) -> set[str]:
    """What told known from unknown in each of the rounds."""
    told: set[str] = {"form", "code", "link"}
    for number in range(rounds):
        known = known_people(call, PAIRS, name=f"known{number}x")
        unknown = [f"unknown{number}x{one}@example.org" for one in range(PAIRS)]
        first, second = measured(server, call, known, unknown, at_a_time=at_a_time)
        for name in first:
            area, chance = auc(first[name], second[name])
            apart = 1000 * (statistics.median(first[name]) - statistics.median(second[name]))
            print(f"{name}: AUC {area:.3f}, p {chance:.3f}, medians {apart:+.2f} ms apart, {PAIRS} pairs")
        told &= {name for name in first if tells(first[name], second[name])}
        if not told:
            break
    return told


@pytest.mark.parametrize("broker", ["there", "away"])
def test_known_and_unknown_addresses_take_the_same_time(web: Callable[..., WebServer], broker: str) -> None:
    away = {"CELERY_BROKER_URL": "redis+socket:///nowhere/at-all.sock"} if broker == "away" else {}
    call = open_call()
    assert told_by(web(**away), call, rounds=ROUNDS) == set()
    assert Registration.objects.filter(state=State.UNPROVEN).count() >= PAIRS


def test_without_the_floor_a_stopwatch_tells_who_is_known(web: Callable[..., WebServer]) -> None:
    """The control: known addresses are answered a little later; one at a time, since others would wait, too."""
    server = web(config="python:tests.journeys.wide_open")
    assert "form" in told_by(server, open_call(), rounds=1, at_a_time=1)


def test_the_measure_finds_a_difference_and_none_where_there_is_none() -> None:
    slow, quick = (
        [0.4 + number % 7 / 1000 for number in range(200)],
        [0.39 + number % 7 / 1000 for number in range(200)],
    )
    assert tells(slow, quick)
    assert not tells(slow, list(reversed(slow)))
