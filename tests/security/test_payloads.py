"""Hostile words in every column that holds words, on every page that the portal has, in a real browser.

In full (`make security`) forty rounds, so that each payload stands in each column; here a pairwise choice of them.
"""

from urllib.parse import quote

import pytest
import time_machine

from registrations.services import seeding
from tests.factories import NOW
from tests.journeys import places
from tests.journeys.look import Stop
from tests.journeys.people import sign_in
from tests.security import scope
from tests.security.payloads import TEXTS
from tests.security.planting import Sower
from tests.security.watching import Watch

#: What people type into addresses: searches, filters, orders.
QUERIES = ["/events/?q={}", "/events/?kind={}&working_group={}", "/admin/login/?next={}", "/registrations/p/{}/"]
STAFF_QUERIES = [
    "/admin/registrations/registration/?q={}",
    "/admin/registrations/registration/?call={}&o={}&state__exact={}",
    "/admin/events/event/?q={}",
    "/admin/registrations/outgoingmail/?q={}",
    "/admin/accounts/user/?q={}",
]
#: Rounds of one payload for each place in `make test`; forty in full.
ROUNDS = 40 if scope.is_full() else 1


def asked(queries: list[str], number: int) -> list[Stop]:
    """These searches with the next payloads in them."""
    texts = [TEXTS[(number + step) % len(TEXTS)] for step in range(len(queries))]
    return [Stop(address.replace("{}", quote(text[:1500]))) for address, text in zip(queries, texts, strict=True)]


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", places.ROUNDS)
def test_no_page_does_what_a_text_tells_it(the_clock: time_machine.Traveller, site: str, browser, name: str) -> None:
    world = places.World.made(now=NOW)
    watches = []
    for stops_of, email in places.ROUNDS[name].items():
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        watch = Watch(page, site)
        if email:
            sign_in(page, site, email, seeding.PASSWORD)
        stops = stops_of(world)
        for number in range(ROUNDS):
            Sower(number).sow()
            for stop in [*stops, *asked(STAFF_QUERIES if email else QUERIES, number)]:
                watch.look_at(stop)
        page.context.close()
        watches.append(watch)

    seen = {address: told for watch in watches for address, told in watch.seen.items()}
    failed = [line for watch in watches for line in watch.failed]
    scope.add(
        part=f"40 payloads in every column of words: pages of {name}",
        goal="0 executed, 0 injected nodes, 0 reports",
        reached=f"{sum(one.pages for one in watches)} pages looked at in {ROUNDS} round(s), {len(seen)} with a finding",
        is_reached=not seen and not failed,
    )
    assert (seen, failed) == ({}, [])
