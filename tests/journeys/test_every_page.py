"""Every page, in every state: nothing for axe to find, nothing wider than a phone, nothing that the policy blocks."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
import time_machine
from django.urls import Resolver404, URLResolver, get_resolver, resolve
from playwright.sync_api import Browser, Page

from registrations.services import seeding
from tests.factories import NOW
from tests.journeys import places
from tests.journeys.look import Eye, Stop
from tests.journeys.people import sign_in

BARRIERS = """() => {
    const main = document.querySelector("main");
    main.insertAdjacentHTML("beforeend", "<img src=/nowhere.png><i style='color: red'></i><pre class=ecl-file></pre>");
    main.lastElementChild.textContent = "x".repeat(900);
}"""


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", places.ROUNDS)
def test_nothing_stands_in_anybodys_way(
    the_clock: time_machine.Traveller, site: str, visitor: Callable[..., Page], name: str
) -> None:
    world = places.World.made(now=NOW)
    found: dict[str, list[str]] = {}

    for stops, email in places.ROUNDS[name].items():
        page = visitor()
        if email:
            sign_in(page, site, email, seeding.PASSWORD)
        found |= Eye(page, site).look_at(stops(world))

    assert found == {}


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_page_with_barriers_is_told(site: str, browser: Browser) -> None:
    page = browser.new_page()

    found = Eye(page, site).look_at([Stop("/privacy/", status=404, press=lambda shown: shown.evaluate(BARRIERS))])

    page.close()
    (told,) = found.values()
    for words in ("answered 200, not 404", "wider than 320", "image-alt", "Content Security Policy"):
        assert any(words in one for one in told), words


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("address", ["/", "/admin/login/"])
def test_nothing_moves_for_who_asked_for_rest(site: str, page: Page, address: str) -> None:
    page.goto(site + address)

    moving = page.evaluate("[...document.all].filter(it => getComputedStyle(it).transitionDuration !== '0s').length")

    assert moving == 0


@pytest.mark.django_db
def test_every_page_of_the_portal_is_looked_at() -> None:
    world = places.World.made(now=NOW)

    seen = {_name(stop.address) for group in places.ROUNDS.values() for stops in group for stop in stops(world)}

    assert set(_names(get_resolver())) - seen == places.NOT_LOOKED_AT


def _name(address: str) -> str | None:
    """The name of the page at this address."""
    try:
        return resolve(urlsplit(address).path).view_name
    except Resolver404:
        return None


def _names(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    """The names of all addresses."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _names(pattern, f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix)
        else:
            yield prefix + (pattern.name or str(pattern.pattern))
