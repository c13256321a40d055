"""Random questions, and the answer by looking at every list: written apart from the solver, on the document alone."""

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Document = dict[str, Any]
SCALE = 10**20


def document(seed: int, most: int = 14) -> Document:
    """A question with up to so many applicants: negative and decimal scores, ties, pins, lists, weights, all rules."""
    drawn = random.Random(seed)
    applicants = [_applicant(drawn, number, drawn.randrange(4)) for number in range(drawn.randint(0, most))]
    rules = [_rule(drawn) for _ in range(drawn.randint(0, 5))]
    asked = {"capacity": drawn.randint(0, 8), "seed": drawn.randrange(1000), "applicants": applicants, "rules": rules}
    return asked if drawn.random() < 0.3 else asked | {"reserves": drawn.randint(0, 6)}


def _applicant(drawn: random.Random, number: int, scores: int) -> Document:
    score = (
        drawn.randint(-3, 3),
        round(drawn.uniform(-5, 10), 2),
        drawn.choice([1 / 3, 2 / 3, 7 + 1 / 3]),
        drawn.choice([4, 5]),
    )[scores]
    return {
        "id": f"a{number}",
        "score": score,
        "country": drawn.choice(["FR", "DE", "LV", None]),
        "languages": drawn.sample(["en", "fr", "de"], drawn.randint(0, 2)),
        "first_time": drawn.random() < 0.5,
        "group": drawn.choice([1, "1", True, 1.5]),
        "pin": drawn.choice([None] * 10 + ["in", "out"]),
    }


def _rule(drawn: random.Random) -> Document:
    attribute, value = drawn.choice(
        [
            *(("country", value) for value in ("*", "*", "FR", "DE", "ZZ")),
            *(("languages", value) for value in ("*", "en", "fr")),
            *(("first_time", value) for value in ("*", True, False)),
            *(("group", value) for value in ("*", 1, "1", True)),
        ]
    )
    rule: Document = {"attribute": attribute, "value": value}
    bounds = drawn.choice(["min", "max", "both"])
    if bounds != "max":
        rule["min"] = drawn.randint(0, 3)
    if bounds != "min":
        rule["max"] = drawn.randint(rule.get("min", 0), 5)
    return rule if drawn.random() < 0.5 else rule | {"weight": drawn.choice([2, 0.5, 1.25])}


@dataclass(frozen=True)
class Bound:
    """One rule for one value, and as a bit mask whom it counts."""

    attribute: str
    value: Any
    minimum: int
    maximum: int | None
    weight: Fraction
    mask: int


class Lists:
    """Every list of a question, as bit masks over the applicants in the order of the document."""

    def __init__(self, asked: Document) -> None:
        self.asked, self.applicants = asked, asked["applicants"]
        self.capacity = asked["capacity"]
        self.scores = [int(Fraction(repr(a["score"])) * SCALE) for a in self.applicants]
        self.lots = [lot(asked["seed"], a["id"]) for a in self.applicants]
        self.bounds = [bound for rule in asked["rules"] for bound in self._bounds(rule)]
        self.pinned_in, self.pinned_out = (self.mask(lambda a, p=p: a["pin"] == p) for p in ("in", "out"))

    def mask(self, has: Any) -> int:
        return sum(1 << number for number, applicant in enumerate(self.applicants) if has(applicant))

    def mask_of(self, ids: list[str]) -> int:
        return self.mask(lambda applicant: applicant["id"] in ids)

    def ids(self, mask: int) -> set[str]:
        return {a["id"] for number, a in enumerate(self.applicants) if mask >> number & 1}

    def is_possible(self, mask: int) -> bool:
        pins = mask & self.pinned_in == self.pinned_in and not mask & self.pinned_out
        return pins and mask.bit_count() <= self.capacity and self.keeps_maxima(mask)

    def keeps_maxima(self, mask: int) -> bool:
        return all(b.maximum is None or (mask & b.mask).bit_count() <= b.maximum for b in self.bounds)

    def shortfall(self, mask: int) -> Fraction:
        return sum((b.weight * max(0, b.minimum - (mask & b.mask).bit_count()) for b in self.bounds), Fraction(0))

    def worth(self, mask: int) -> tuple[Fraction, int, int, int]:
        """What is compared, the greater the better: shortfall, places, score (times SCALE), lots."""
        inside = [number for number in range(len(self.applicants)) if mask >> number & 1]
        score, lots = sum(self.scores[n] for n in inside), sum(self.lots[n] for n in inside)
        return -self.shortfall(mask), len(inside), score, lots

    def best(self) -> int | None:
        """The best list; None if there is none at all."""
        return max(filter(self.is_possible, range(1 << len(self.applicants))), key=self.worth, default=None)

    def reserves(self, best: int) -> Iterator[str]:
        """Who joins the list, one by one."""
        wanted = self.asked.get("reserves", self.capacity)
        for _ in range(wanted):
            more = [best | 1 << n for n in range(len(self.applicants)) if not (best | self.pinned_out) >> n & 1]
            joined = max(filter(self.keeps_maxima, more), key=self.worth, default=None)
            if joined is None:
                return
            yield next(iter(self.ids(joined & ~best)))
            best = joined

    def _bounds(self, rule: Document) -> Iterator[Bound]:
        key = rule["attribute"]
        values = {typed(value) for applicant in self.applicants for value in values_of(applicant, key)}
        for kind, value in sorted(values, key=repr) if rule["value"] == "*" else [typed(rule["value"])]:
            mask = self.mask(lambda a, t=(kind, value): t in {typed(one) for one in values_of(a, key)})
            weight = Fraction(repr(rule.get("weight", 1)))
            yield Bound(key, value, rule.get("min", 0), rule.get("max"), weight, mask)


def values_of(applicant: Document, key: str) -> list[Any]:
    found = applicant.get(key)
    return [value for value in (found if isinstance(found, list) else [found]) if value is not None]


def typed(value: Any) -> tuple[str, Any]:
    return "number" if type(value) in (int, float) else type(value).__name__, value


def lot(seed: int, name: str) -> int:
    return int(hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()[:10], 16)


def encoded(asked: Document) -> bytes:
    return json.dumps(asked).encode()
