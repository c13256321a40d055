"""Invented applicants: who they are, when they applied and what they answer, the same for the same seed. Pure.

Nobody of them exists: names are put together by chance, organisations are called Example, addresses are in example.org.
"""

import math
import random
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeVar

import yaml

from registrations.countries import country_name
from registrations.enums import QuestionKind
from registrations.people import PersonDetails
from registrations.questions import KINDS, Asked, GivenAnswer, shown_keys

_Value = TypeVar("_Value")

#: So many organisations all countries have together; the first of each country has many applicants, the last few.
ORGANISATIONS = 500
#: Who works with the people whom a training is about answers yes more often the more merit there is.
_SAYS_MORE = 0.3


@dataclass(frozen=True)
class Person:
    """Somebody invented: details, merit (hidden; 0 is usual, ±2 rare), and how far into the call they applied (0…1).

    `chance` decides all that follows about this person; draw from it in a fixed order.
    """

    details: PersonDetails
    merit: float
    share: float
    chance: random.Random


@dataclass(frozen=True)
class Stock:
    """What people are made of, as demo/applicants.yaml has it; weights are summed up for drawing."""

    countries: Sequence[str]
    country_weights: Sequence[float]
    names: Mapping[str, tuple[Sequence[str], Sequence[str]]]
    organisations: Mapping[str, Sequence[tuple[str, str]]]
    organisation_weights: Mapping[str, Sequence[float]]
    professions: Mapping[str, Mapping[str, Any]]
    texts: Mapping[str, Sequence[str]]


@lru_cache(maxsize=2)
def stock(path: Path) -> Stock:
    """Read the file once. Organisations are the same for every seed: a name has one country and one profession."""
    raw = yaml.safe_load(path.read_text("utf-8"))
    countries: dict[str, Any] = raw["countries"]
    total = sum(country["weight"] for country in countries.values())
    named = {code: _organisations(code, raw, countries[code]["weight"] / total) for code in countries}
    return Stock(
        countries=list(countries),
        country_weights=list(accumulate(country["weight"] for country in countries.values())),
        names={code: (country["given"], country["family"]) for code, country in countries.items()},
        organisations=named,
        organisation_weights={
            code: list(accumulate(1 / (1 + place) ** 0.9 for place in range(len(some)))) for code, some in named.items()
        },
        professions=raw["professions"],
        texts={name: raw[name] for name in ("sentences", "remarks", "comments", "places")},
    )


def person(number: int, *, seed: int, stock: Stock) -> Person:
    """The person with this number; the number and the seed alone decide who that is."""
    chance = random.Random(f"{seed}:{number}")  # noqa: S311  # made-up people
    country = _drawn(chance, stock.countries, stock.country_weights)
    organisation, profession = _drawn(chance, stock.organisations[country], stock.organisation_weights[country])
    if chance.random() < 0.12:
        profession = chance.choice(list(stock.professions))
    given, family = (chance.choice(names) for names in stock.names[country])
    address = f"{_plain(given)}.{_plain(family)}.{seed}-{number}@example.org"
    role = str(profession).replace("_", " ").capitalize()
    shown = chance.choice([given, f"{given} {family[0]}.", f"{role}, {country_name(country)}"])
    details = PersonDetails(given, family, shown, address, country, organisation, profession)
    return Person(details, merit=chance.gauss(0, 1), share=_share(chance), chance=chance)


def sent_at(person: Person, *, opens_at: datetime, closes_at: datetime, now: datetime) -> datetime:
    """When this person sent the form: many soon after the opening, most in a rush before the deadline.

    While the call is open, between its opening and `now`.
    """
    return opens_at + (min(closes_at, now) - opens_at) * person.share


def answers(
    asked: Iterable[Asked], person: Person, *, stock: Stock, today: date
) -> dict[str, tuple[Asked, GivenAnswer]]:
    """By key: what this person answers to the questions whose conditions are met. Files are not invented."""
    given: dict[str, tuple[Asked, GivenAnswer]] = {}
    for question in asked:
        if question.is_required or person.chance.random() < _wish(question):
            said = _said(question, person, stock, today)
            answer = None if said is None else KINDS[question.kind].given(question, said)
            if answer is not None:
                given[question.key] = (question, answer)
    values = {key: answer.value for key, (_, answer) in given.items()}
    shown = shown_keys([question for question, _ in given.values()], values)
    return {key: found for key, found in given.items() if key in shown}


def points(most: int, person: Person, *, leaning: float) -> int:
    """What a reviewer gives on a criterion of so many points: merit, the reviewer's `leaning`, and some chance."""
    share = 0.64 + 0.22 * person.merit + leaning + person.chance.gauss(0, 0.1)
    return max(0, min(most, round(share * most)))


def _organisations(code: str, raw: Mapping[str, Any], share: float) -> list[tuple[str, str]]:
    """(name, profession), the one with most applicants first."""
    fixed = random.Random(code)  # noqa: S311  # names of organisations
    weights = list(accumulate(profession["weight"] for profession in raw["professions"].values()))
    found: dict[str, str] = {}
    wanted = max(3, round(ORGANISATIONS * share))
    while len(found) < wanted:
        profession = _drawn(fixed, list(raw["professions"]), weights)
        kind = fixed.choice(raw["professions"][profession]["organisations"])
        found[f"Example {fixed.choice(raw['areas'])} {kind}, {country_name(code)}"] = profession
    return list(found.items())


def _drawn(chance: random.Random, values: Sequence[_Value], summed: Sequence[float]) -> _Value:
    return chance.choices(values, cum_weights=summed)[0]


def _share(chance: random.Random) -> float:
    when = chance.random()
    if when < 0.2:
        return 0.15 * chance.random()
    if when < 0.55:
        return chance.random()
    return 1 - 0.12 * chance.random() ** 2 - 0.0005


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.translate(str.maketrans("øØłŁđĐħĦ", "oOlLdDhH"))).lower()
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha())


def _wish(question: Asked) -> float:
    return 0.12 if question.kind in (QuestionKind.SHORT_TEXT, QuestionKind.LONG_TEXT, QuestionKind.FILE) else 0.6


def _said(question: Asked, person: Person, stock: Stock, today: date) -> Any:
    """A cleaned value as the question's form field would give it, or None."""
    say = _SAYINGS.get(QuestionKind(question.kind))
    if say is not None:
        return say(question, person, stock)
    if question.kind == QuestionKind.DATE:
        return today + timedelta(days=person.chance.randrange(1, 200))
    if question.kind == QuestionKind.FILE:
        return None
    return True


def _short(question: Asked, person: Person, stock: Stock) -> str:
    texts = stock.texts["places"] if question.is_required else stock.texts["remarks"]
    return _within(question, str(person.chance.choice(texts)))


def _long(question: Asked, person: Person, stock: Stock) -> str:
    chance, details = person.chance, person.details
    number = max(1, min(5, round(3 + person.merit + chance.gauss(0, 0.5))))
    sentences = chance.sample(stock.texts["sentences"], number)
    if chance.random() < 0.025:
        # As people do, whatever the help says; reviewers must not see it.
        sentences.append(f"You reach me at {details.email}, {details.given_name} {details.family_name}.")
    return _within(question, " ".join([f"{stock.professions[details.profession]['role']}.", *sentences]))


def _within(question: Asked, text: str) -> str:
    words = text.split()[: question.max_words or None]
    return " ".join(words)[: question.max_length or None].strip()


def _one(question: Asked, person: Person, stock: Stock) -> str:
    values = [value for value, _ in question.choices]
    own = [value for value in stock.professions[person.details.profession]["chooses"] if value in values]
    if own and person.chance.random() < 0.8:
        return str(own[0])
    fewer_and_fewer = list(accumulate(1 / (1 + place) ** 0.7 for place in range(len(values))))
    return _drawn(person.chance, values, fewer_and_fewer)


def _several(question: Asked, person: Person, stock: Stock) -> list[str]:
    values = [value for value, _ in question.choices]
    most = min(question.max_choices or 3, len(values))
    return person.chance.sample(values, person.chance.randint(1, most))


def _yes_or_no(question: Asked, person: Person, stock: Stock) -> str:
    likely = 1 / (1 + math.exp(-person.merit - _SAYS_MORE))
    return "yes" if person.chance.random() < likely else "no"


def _number(question: Asked, person: Person, stock: Stock) -> Decimal:
    least = 0 if question.min_value is None else question.min_value
    most = least + 100 if question.max_value is None else question.max_value
    return Decimal(min(most, least + int(person.chance.lognormvariate(2, 1))))


def _country(question: Asked, person: Person, stock: Stock) -> str:
    return person.details.country


def _address(question: Asked, person: Person, stock: Stock) -> str:
    return person.details.email


def _web_address(question: Asked, person: Person, stock: Stock) -> str:
    return "https://www.example.org/"


_SAYINGS = {
    QuestionKind.SHORT_TEXT: _short,
    QuestionKind.LONG_TEXT: _long,
    QuestionKind.SINGLE_CHOICE: _one,
    QuestionKind.MULTIPLE_CHOICE: _several,
    QuestionKind.YES_NO: _yes_or_no,
    QuestionKind.NUMBER: _number,
    QuestionKind.COUNTRY: _country,
    QuestionKind.EMAIL: _address,
    QuestionKind.URL: _web_address,
}
