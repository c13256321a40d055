"""What a proposal is asked: plain values, sorted so that the order of the document means nothing."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from ranportal.shared.refusals import Refused

IN, OUT = "in", "out"
EACH = "*"


class BadProblem(Refused):
    """The document cannot be read as a question; the message names the place."""


class Value(NamedTuple):
    """One value of an attribute, told apart by its JSON type: true is neither 1 nor "1".

    `kind` is text, number or boolean; `text` its one spelling, so that 1 and 1.0 are the same number.
    """

    kind: str
    text: str

    @property
    def plain(self) -> str | bool | int | float:
        """The value as JSON has it."""
        if self.kind == "boolean":
            return self.text == "true"
        if self.kind == "number":
            return plain_number(Fraction(self.text))
        return self.text


@dataclass(frozen=True)
class Applicant:
    """Who applied; `values` has each attribute that a rule names and this person has a value of."""

    id: str
    score: Fraction
    pin: str | None
    values: dict[str, tuple[Value, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """At least and at most so many with this value of the attribute; None as `value` means each value by itself."""

    attribute: str
    value: Value | None
    minimum: int | None
    maximum: int | None
    weight: Fraction = Fraction(1)

    @property
    def canonical(self) -> dict[str, object]:
        """The rule with its defaults, always spelled the same."""
        return {
            "attribute": self.attribute,
            "value": EACH if self.value is None else list(self.value),
            "min": self.minimum,
            "max": self.maximum,
            "weight": str(self.weight),
        }

    @property
    def plain(self) -> dict[str, object]:
        """The rule as JSON documents have it, with its defaults."""
        value = EACH if self.value is None else self.value.plain
        bounds = {"min": self.minimum, "max": self.maximum, "weight": plain_number(self.weight)}
        return {"attribute": self.attribute, "value": value, **bounds}


@dataclass(frozen=True)
class Problem:
    """The whole question. Applicants are sorted by id, rules by what they say; `input_sha256` is of the exact bytes."""

    capacity: int
    seed: int
    reserves: int
    applicants: tuple[Applicant, ...]
    rules: tuple[Rule, ...]
    input_sha256: str


def plain_number(number: Fraction) -> int | float:
    """A number as JSON writes it: whole where it is whole."""
    return int(number) if number.denominator == 1 else float(number)
