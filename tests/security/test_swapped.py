"""Two people, two calls, two organisers: swapped, guessed, cut and signed anew, no identifier shows another's data."""

import base64
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.test import Client

from accounts.enums import Role
from events.models import Call
from ranportal.shared import crypto
from ranportal.shared.crypto import derived_key, link_mac
from registrations import links, reports, signed_links
from registrations.models import Registration
from registrations.views.sealed_numbers import sealed
from tests.factories import (
    NOW,
    AnswerFactory,
    CallFactory,
    QuestionFactory,
    RegistrationFactory,
    UserFactory,
)
from tests.registrations.pages import follow, mine_url
from tests.registrations.people_story import signed_in
from tests.registrations.test_admin_people_access import LIST, PEOPLE
from tests.security import scope

pytestmark = pytest.mark.django_db

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
PAGES = ("", "answers/", "practical/", "contact/", "call-me/", "extras/", "data/", "correct/", "erase/")
ACTS = ("prove", "confirm", "decline", "withdraw", "erase")


@dataclass
class Person:
    """Somebody in a call of an own organiser; the words stand nowhere else."""

    registration: Registration
    organiser: Any
    words: tuple[str, ...]

    @property
    def token(self) -> str:
        return links.token_of(self.registration.links.get())


def person(name: str) -> Person:
    organiser = UserFactory(role=Role.ORGANISER)
    call = CallFactory(selective=True, organisers=[organiser])
    words = {field: f"{name}{field.replace('_', '')}" for field in ("given_name", "family_name", "organisation")}
    words |= {"display_name": f"{name}shown", "email": f"{name}@example.org"}
    identity = {f"identity__{field}": word for field, word in words.items()}
    registration = RegistrationFactory(call=call, submitted=True, **identity)
    question = QuestionFactory(call=call, key="why", kind="long_text")
    AnswerFactory(registration=registration, question=question, value=f"{name}answer")
    return Person(registration, organiser, (*words.values(), f"{name}answer"))


@pytest.fixture(autouse=True)
def at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def two() -> tuple[Person, Person]:
    return person("Quorlith"), person("Zembrath")


def altered(token: str, dice: random.Random, *, count: int) -> set[str]:
    """Cut anywhere, up to three letters changed, letters added, halves swapped: none of them is the token."""
    cut = {token[:length] for length in range(1, len(token))} | {token[start:] for start in range(1, len(token))}
    found = {one for one in cut if one} | {token + letter for letter in LETTERS} | {token.swapcase(), token[::-1]}
    while len(found) < count:
        letters = list(token)
        for place in dice.choices(range(len(token)), k=dice.randint(1, 3)):
            letters[place] = dice.choice(LETTERS)
        found.add("".join(letters))
    return found - {token}


def signed_anew(mine: Person, other: Person) -> set[str]:
    """Tokens of the other's link, signed with every key that somebody may hold, or for every other purpose."""
    link, own = other.registration.links.get(), mine.token.partition("-")[2]
    number = str(link.pk)
    keys = [derived_key(links.PURPOSE, "guessed " * 8), b"\0" * 32, derived_key("visit"), derived_key("form-stamp")]
    purposes = (links.CODE_PURPOSE, "vouch-link", "visit", "form-stamp", "")
    forged = {link_mac(links.PURPOSE, number, link.version, key) for key in keys}
    forged |= {link_mac(one, number, link.version, derived_key(one)) for one in purposes}
    forged |= {link_mac(links.PURPOSE, number, version, derived_key(links.PURPOSE)) for version in (0, 2, 3)}
    forged |= {link_mac(links.PURPOSE, f"0{number}", link.version, derived_key(links.PURPOSE)), own, ""}
    return {f"{number}-{mac}" for mac in forged} | {f"{guess}-{own}" for guess in range(link.pk - 20, link.pk + 20)}


def forged_cookies(mine: Person, other: Person, cookie: str, dice: random.Random) -> Iterator[str]:
    """The visit's cookie, altered, or made for the other's link with a key or a purpose that is not the visit's."""
    yield from altered(cookie, dice, count=2 * len(cookie) + 200)
    numbers = [int(NOW.timestamp()), 0, other.registration.links.get().pk]
    yield from (sealed(numbers, purpose=purpose) for purpose in ("vouch-visit", "vouch", "", "private-link"))
    box = Fernet(base64.urlsafe_b64encode(derived_key("visit", "guessed " * 8)))
    yield box.encrypt(b"".join(number.to_bytes(8, "big") for number in numbers)).decode()


class Looker:
    """Asks, and notes each answer in which somebody else's words or page stand."""

    def __init__(self, other: Person) -> None:
        self.asked = 0
        self.leaks: list[str] = []
        self._other = other

    def ask(self, client: Client, path: str, data: dict[str, Any] | None = None) -> None:
        self.asked += 1
        answer = client.get(path) if data is None else client.post(path, data)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        seen = body.decode("utf-8", "replace") + str(dict(answer.headers))
        leads = answer.headers.get("Location", "").endswith(mine_url(self._other.registration))
        if answer.status_code >= 500 or leads or any(word in seen for word in self._other.words):
            self.leaks.append(f"{answer.status_code} {path}")


def by_tokens(looker: Looker, mine: Person, other: Person) -> None:
    dice = random.Random(7)
    tokens = altered(other.token, dice, count=4000 if scope.is_full() else 700) | signed_anew(mine, other)
    visitor = Client()
    follow(visitor, mine.registration)
    for number, token in enumerate(sorted(token for token in tokens if "/" not in token)):
        looker.ask(visitor if number % 2 else Client(), f"/registrations/p/{token}/")
    for token in chain([other.token], sorted(signed_anew(mine, other))[:20]):
        looker.ask(visitor, f"/registrations/contact/{token}/")


def by_references(looker: Looker, mine: Person, other: Person) -> None:
    dice, reference = random.Random(8), other.registration.reference
    guesses = {reference, reference.lower(), f" {reference}", f"{reference}%00", str(other.registration.pk)}
    guesses |= {f"P-{''.join(dice.choices(LETTERS[:26], k=5))}" for _ in range(10)}
    visitor = Client()
    follow(visitor, mine.registration)
    slug = other.registration.call.event.slug
    for guess in sorted(guesses):
        for page in PAGES:
            looker.ask(visitor, f"/registrations/mine/{guess}/{page}")
            looker.ask(visitor, f"/registrations/mine/{guess}/{page}", {"format": "json", "extra": "diet"})
        for act in ACTS:
            looker.ask(visitor, f"/registrations/mine/{guess}/", {"action": act})
        looker.ask(visitor, f"/events/{slug}/register/?beside={guess}")
        looker.ask(visitor, f"/events/{slug}/register/?beside={guess}", {"given_name": "X"})
    for code in range(20):
        looker.ask(visitor, f"/events/{slug}/register/sent/", {"code": f"{code:08}"})


def by_cookies(looker: Looker, mine: Person, other: Person) -> None:
    visitor = Client()
    follow(visitor, mine.registration)
    own = visitor.cookies["visit"].value
    for cookie in forged_cookies(mine, other, own, random.Random(9)):
        visitor.cookies["visit"] = cookie
        looker.ask(visitor, mine_url(other.registration))
        looker.ask(visitor, "/registrations/mine/")


def by_staff(looker: Looker, mine: Person, other: Person) -> None:
    client, theirs = signed_in(mine.organiser), other.registration
    own = {"call": mine.registration.call_id, "registration": mine.registration.pk}
    for parts in (
        {"call": theirs.call_id, "registration": theirs.pk},
        {**own, "registration": theirs.pk},
        {**own, "call": theirs.call_id},
    ):
        for path, _ in PEOPLE.values():
            looker.ask(client, LIST + path.format(**parts))
            looker.ask(client, LIST + path.format(**parts), {"pks": theirs.pk, "reference": theirs.reference})
    for query in (f"?call={theirs.call_id}", f"?q={theirs.reference}", f"?call__id__exact={theirs.call_id}"):
        looker.ask(client, LIST + query)


@pytest.mark.slow
def test_2000_requests_with_other_people_s_identifiers_show_nothing_of_them(two: tuple[Person, Person]) -> None:
    mine, other = two
    looker, before = Looker(other), list(Registration.objects.order_by("pk").values())
    for way in (by_tokens, by_references, by_cookies, by_staff):
        way(looker, mine, other)
    scope.add(
        part=f"{looker.asked} requests with swapped, guessed, cut and re-signed identifiers",
        goal="0 with another person's data",
        reached=f"{len(looker.leaks)} leaks",
        is_reached=not looker.leaks,
    )
    assert looker.leaks == []
    assert looker.asked >= 2000
    assert list(Registration.objects.order_by("pk").values()) == before


def test_the_looker_sees_what_the_owner_and_the_own_organiser_see(two: tuple[Person, Person]) -> None:
    """The control of the measure itself."""
    _, other = two
    visitor, looker = Client(), Looker(other)
    looker.ask(visitor, f"/registrations/p/{other.token}/")
    follow(visitor, other.registration)
    own = [f"{mine_url(other.registration)}{page}" for page in ("", "answers/", "data/", "correct/")]
    for path in own:
        looker.ask(visitor, path)
    looker.ask(visitor, own[2], {"format": "json"})
    looker.ask(signed_in(other.organiser), f"{LIST}{other.registration.pk}/change/")
    assert len(looker.leaks) == 7


def test_without_signatures_a_guessed_token_opens_another_s_page(
    two: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: whatever is signed is believed."""
    mine, other = two
    looker = Looker(other)
    monkeypatch.setattr(signed_links, "is_link_mac", lambda *args, **options: True)
    for token in sorted(signed_anew(mine, other)):
        looker.ask(Client(), f"/registrations/p/{token}/")
    assert looker.leaks
    assert crypto.is_link_mac("x", purpose="x", link_id="1", version=1) is False


def test_without_the_limit_to_own_calls_an_organiser_sees_the_other_s_people(
    two: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: every call counts as one's own."""
    mine, other = two
    looker = Looker(other)
    monkeypatch.setattr(reports, "calls_of", lambda user: Call.objects.all())
    looker.ask(signed_in(mine.organiser), f"{LIST}{other.registration.pk}/change/")
    assert looker.leaks
